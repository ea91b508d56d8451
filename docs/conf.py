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
    rows: dict[str, list[set[str]]] = {}
    for path in sorted((ROOT / "jaxstable").rglob("*.py")):
        tree = ast.parse(path.read_text())
        for part in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            for call in (node for node in ast.walk(part) if isinstance(node, ast.Call)):
                words = [*call.args, *(word.value for word in call.keywords if word.arg != "epoch")]
                if getattr(call.func, "id", "") == "Finding" and len(words) >= 2 and isinstance(words[0], ast.Constant):
                    cells = rows.setdefault(str(words[0].value), [set(), set(), set()])
                    for cell, word in zip(cells, words[1:4], strict=False):
                        cell |= _texts(word, part, call.lineno)
    lines = [
        f"| `{code}` | " + " | ".join(join.join(sorted(cell)) for join, cell in zip(JOINTS, cells, strict=True)) + " |"
        for code, cells in sorted(rows.items())
    ]
    return "\n".join(["| code | severity | evidence | remedy |", "|---|---|---|---|", *lines]) + "\n"


def _texts(node: ast.expr, function: ast.FunctionDef, line: int) -> set[str]:
    """Return the texts that an expression can be, with dots where a number or a name is filled in."""
    if isinstance(node, ast.Constant):
        return {_cell(str(node.value))}
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values)
        return {_cell("".join(parts))}
    if isinstance(node, ast.IfExp):
        return _texts(node.body, function, line) | _texts(node.orelse, function, line)
    if isinstance(node, ast.Name):  # what was last given that name before the finding is made
        given = [
            one
            for one in ast.walk(function)
            if isinstance(one, ast.Assign) and one.lineno < line and getattr(one.targets[0], "id", "") == node.id
        ]
        latest = max(given, key=lambda one: one.lineno, default=None)
        return _texts(latest.value, function, latest.lineno) if latest else set()
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


GENERATED.mkdir(exist_ok=True)
for _name, _make in {"codes": finding_codes, "faults": fault_matrix, "names": public_names}.items():
    (GENERATED / f"{_name}.md").write_text(_make())
