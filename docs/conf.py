"""The site: `pip install '.[docs]' && sphinx-build -W docs docs/_build/html`."""

from __future__ import annotations

import ast
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GENERATED = Path(__file__).resolve().parent / "_generated"
sys.path.insert(0, str(ROOT))

import jaxstable  # noqa: E402
from jaxstable.results.rules_sensors import LEFT_OUT, SIGNALS  # noqa: E402

project = "jaxstable"
author = "the jaxstable authors"
copyright = author
release = version = jaxstable.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "myst-nb"}
# Pages that name a kernel are run at every build, in a directory of their own; what they print is what readers see.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_output_stderr = "remove"  # progress
nb_merge_streams = True
exclude_patterns = ["_build", "_generated"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"jaxstable {release}"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_use_rtype = False
napoleon_use_ivar = True

JOINTS = (" or ", "; or ", " ")  # of the severities, the evidence and the remedies of one code


def finding_codes() -> str:
    """Return a table of every finding that the code can make: its code, severity, evidence and remedy."""
    trees = [ast.parse(path.read_text()) for path in sorted((ROOT / "jaxstable").rglob("*.py"))]
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    known: dict[str, ast.AST] = {function.name: function for function in functions}
    for node in (node for tree in trees for node in tree.body if isinstance(node, ast.Assign)):
        known |= {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}
    rows: dict[str, list[set[str]]] = {}
    for part in functions:
        for call in (node for node in ast.walk(part) if isinstance(node, ast.Call)):
            words = [*call.args, *(word.value for word in call.keywords if word.arg != "epoch")]
            if getattr(call.func, "id", "") != "Finding" or len(words) < 2:
                continue
            for code in _texts(words[0], part, call.lineno, known):
                cells = rows.setdefault(code, [set(), set(), set()])
                for cell, word in zip(cells, words[1:4], strict=False):
                    cell |= _texts(word, part, call.lineno, known) or {"..."}
    for code, signal in SIGNALS.items():  # what was taken out of sensors, and sensors left out, stand in tables
        rows[code] = [{signal.severity}, {signal.evidence.replace("{}", "...")}, {_cell(signal.one)}]
    for code, one, _ in LEFT_OUT.values():
        for cell, text in zip(rows.setdefault(code, [set(), set(), set()]), ("warning", "...", one), strict=True):
            cell.add(text)
    for cells in rows.values():
        for cell in cells:
            if len(cell) > 1:  # what is filled in beside what is said
                cell -= {"..."}
    lines = [
        f"| `{code}` | " + " | ".join(join.join(sorted(cell)) for join, cell in zip(JOINTS, cells, strict=True)) + " |"
        for code, cells in sorted(rows.items())
    ]
    return "\n".join(["| code | severity | evidence | remedy |", "|---|---|---|---|", *lines]) + "\n"


def _texts(
    node: ast.AST, function: ast.FunctionDef, line: int, known: dict[str, ast.AST], place: int | None = None
) -> set[str]:
    """Return the texts that an expression can be, with dots where a number or a name is filled in.

    Of a tuple the entry at `place`. Names are followed to what was last given to them, calls to what they return.
    """

    def follow(*nodes: ast.AST) -> set[str]:
        return {text for one in nodes for text in _texts(one, function, line, known, place)}

    if isinstance(node, ast.Constant):
        return {_cell(str(node.value))} if isinstance(node.value, str) else set()
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values)
        return {_cell("".join(parts))}
    if isinstance(node, ast.IfExp):
        return follow(node.body, node.orelse)
    if isinstance(node, ast.BinOp):
        return follow(node.left)
    if isinstance(node, ast.GeneratorExp):
        return follow(node.elt)
    if isinstance(node, ast.Tuple):
        return set() if place is None else _texts(node.elts[place], function, line, known)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
        return _texts(node.value, function, line, known, node.slice.value)
    if isinstance(node, ast.Call):
        own = known.get(getattr(node.func, "id", ""))
        if isinstance(own, ast.FunctionDef):
            ends = [one for one in ast.walk(own) if isinstance(one, ast.Return) and one.value is not None]
            said = {text for end in ends for text in _texts(end.value, own, end.lineno, known, place)}
            return said or follow(*node.args)
        return follow(*node.args) if getattr(node.func, "attr", "") == "join" else set()
    if isinstance(node, ast.Name):  # what was last given that name before the finding is made
        given = [
            (one.lineno, one.value, None if target is whole else whole.elts.index(target))
            for one in ast.walk(function)
            if isinstance(one, ast.Assign) and one.lineno < line
            for whole in one.targets
            for target in (whole.elts if isinstance(whole, ast.Tuple) else [whole])
            if getattr(target, "id", "") == node.id
        ]
        if given:
            _, value, entry = max(given, key=lambda one: one[0])
            return _texts(value, function, line, known, entry)
        return follow(known[node.id]) if isinstance(known.get(node.id), ast.expr) else set()
    return set()


def _cell(text: str) -> str:
    text = re.sub(r"(\.\.\.)+", "...", text)
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def fault_matrix() -> str:
    """Return the fault matrix as its tests have it."""
    tree = ast.parse((ROOT / "tests" / "faults" / "test_matrix.py").read_text())
    [matrix] = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "MATRIX"
    ]
    lines = [
        f"| {row} | {fault} | {must} |" for row, text in matrix.items() for fault, _, must in [text.partition(": ")]
    ]
    return "\n".join(["| row | fault | what happens |", "|---|---|---|", *lines]) + "\n"


def public_names() -> str:
    """Return an autodoc directive for every public name, so that none can be forgotten."""
    blocks = []
    for name in sorted(set(jaxstable.__all__) - {"__version__"}, key=str.lower):
        value = getattr(jaxstable, name)
        kind = "module" if not hasattr(value, "__module__") else "class" if isinstance(value, type) else "function"
        kind = "exception" if kind == "class" and issubclass(value, BaseException) else kind
        home = value.__name__ if kind == "module" else f"{value.__module__}.{value.__qualname__}"
        options = [":members:"] if kind in ("class", "module") else []
        blocks.append("\n".join([f"## {name}", "", "```{eval-rst}", f".. auto{kind}:: {home}"]))
        blocks[-1] += "".join(f"\n   {option}" for option in options) + "\n```\n"
    return "\n".join(blocks)


# What a kernel says of its transport is no warning about a page.
KERNELS = GENERATED / "ipython" / "profile_default"
KERNELS.mkdir(parents=True, exist_ok=True)
(KERNELS / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 40\n")
os.environ["IPYTHONDIR"] = str(KERNELS.parent)
for _name, _make in {"codes": finding_codes, "faults": fault_matrix, "names": public_names}.items():
    (GENERATED / f"{_name}.md").write_text(_make())
