"""Which room may import which, what importing the package costs, and that every public name is there."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import jaxstable

PACKAGE = Path(jaxstable.__file__).parent
ALLOWED = {  # room -> rooms it may import besides its own; all may import how messages are worded
    "phrases": set(),
    "fields": set(),
    "config": {"fields", "objective"},  # the latter where a penalty is named
    "signals": set(),
    "objective": {"graph"},
    "graph": {"signals"},
    "simulate": {"graph"},
    "data": {"simulate", "signals", "graph"},
    "moments": {"signals"},
    "files": {"config"},
}
GROUND = set(ALLOWED) - {"phrases", "fields"}
ALLOWED |= {
    "models": GROUND - {"files"},
    "training": GROUND | {"models"},
    "discovery": GROUND | {"models", "training"},
    "results": GROUND | {"models", "training", "discovery"},
    "api": GROUND | {"models", "training", "discovery", "results"},
    "estimator": {"data", "api", "results"},
    "trackers": set(),
    "flags": {"config", "fields", "training", "actions"},
    "actions": set(),
    "cli": GROUND
    | {"models", "training", "discovery", "results", "api", "flags", "actions", "cli_discover", "jaxstable"},
    "cli_discover": {"config", "data", "files", "training", "results", "api"},
    "__main__": {"cli"},
    "jaxstable": GROUND | {"models", "training", "discovery", "results", "api", "estimator", "trackers"},
}
HEAVY = ("matplotlib", "networkx", "pandas", "polars", "pyarrow", "narwhals", "pooch", "sklearn", "torch")
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path):
    first = path.relative_to(PACKAGE).parts[0]
    return "jaxstable" if first == "__init__.py" else first.removesuffix(".py")


def imported(tree):
    """Yield every imported module, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            base = node.module or ""
            yield from ((f"{base}.{alias.name}" if base == "jaxstable" else base, node) for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_import_in_one_direction(path):
    room = room_of(path)
    for name, node in imported(ast.parse(path.read_text())):
        if name.split(".")[0] != "jaxstable" or name == "jaxstable.__version__":
            continue  # the version is there before any room is
        target = name.split(".")[1]
        assert target in {room, "phrases"} | ALLOWED[room], f"{path}:{node.lineno}: {room} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_packages_are_imported_inside_functions(path):
    if path.name == "drawn.py":  # a class of matplotlib's, itself imported inside functions
        return
    for node in ast.parse(path.read_text()).body:  # a TYPE_CHECKING block is an If and is not looked into
        for name, _ in imported(node) if isinstance(node, (ast.Import, ast.ImportFrom)) else ():
            assert name.split(".")[0] not in HEAVY, f"{path}:{node.lineno} imports {name}"


def test_rooms_say_what_they_are_and_hold_nothing():
    for path in PACKAGE.glob("*/__init__.py"):
        [docstring] = ast.parse(path.read_text()).body
        assert isinstance(docstring, ast.Expr), path


def loaded_by(statement):
    """The modules that a statement loads in a fresh interpreter."""
    code = f"import sys, json; old = {{*sys.modules}}; {statement}; print(json.dumps(sorted({{*sys.modules}} - old)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_importing_the_package_loads_next_to_nothing():
    modules = loaded_by("import jaxstable")
    ours = [name for name in modules if name.startswith("jaxstable")]
    assert ours == ["jaxstable"]
    assert not {"jax", "flax", "optax", "numpy", "yaml", "rich"} & {name.split(".")[0] for name in modules}
    assert len(modules) < 40


def test_config_and_help_load_no_jax():
    modules = loaded_by(
        "import contextlib, io, jaxstable.cli as cli\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): cli.main(['train', '-h'])\n"
        "from jaxstable import Config; Config.unstable()"
    )
    assert "jaxstable.config" in modules
    assert not {"jax", "flax", "optax", *HEAVY} & {name.split(".")[0] for name in modules}


def test_using_the_package_loads_no_plotting_and_no_tables():
    modules = loaded_by("import jaxstable as js; js.train, js.Dataset, js.datasets, js.TrainResult, js.RCGNN")
    assert "jax" in modules
    assert not {"flax", *HEAVY} & {name.split(".")[0] for name in modules}  # Flax is for the reference model alone


@pytest.mark.parametrize("name", jaxstable.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(jaxstable, name)
    assert name in dir(jaxstable)
    if name != "__version__":
        assert value.__doc__
        assert inspect.ismodule(value) or value.__name__ == name


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'jaxstable' has no attribute 'trian'"):
        jaxstable.trian  # noqa: B018


def test_type_checkers_see_the_same_names():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {alias.asname or alias.name for node in block.body for alias in node.names}
    assert seen == set(jaxstable.__all__) - {"__version__"}


def module_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def names_used_at_run_time(tree):
    """Yield every name that is read outside annotations."""
    hidden = set()
    for node in ast.walk(tree):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        hidden |= {id(inner) for part in parts if part is not None for inner in ast.walk(part)}
    yield from (node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in hidden)


def imported_files(path):
    """Yield the modules of the package that a file needs, function-level imports included.

    An import for the type checker counts too, unless its names stand in annotations alone.
    """
    tree = ast.parse(path.read_text())
    used = set(names_used_at_run_time(tree))
    checked = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    idle = {id(node) for block in checked for node in ast.walk(block)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("jaxstable"):
            continue
        names = {alias.asname or alias.name for alias in node.names}
        if id(node) in idle and (path.name == "__init__.py" or not names & used):
            continue
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in MODULES else node.module


MODULES = {module_of(path): path for path in FILES}


def test_no_circle_of_imports_between_files():
    import networkx

    graph = networkx.DiGraph()
    for name, path in MODULES.items():
        graph.add_edges_from((name, target) for target in imported_files(path) if target not in (name, "jaxstable"))
    assert len(graph) > 50
    circles = [sorted(part) for part in networkx.strongly_connected_components(graph) if len(part) > 1]
    assert circles == []


def test_no_two_files_of_one_name():
    names = [path.name for path in FILES if path.name not in ("__init__.py", "__main__.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_longer_than_300_lines(path):
    assert len(path.read_text().splitlines()) <= 300
