"""The house stands as docs/architecture.md draws it: three floors, imports only go down."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("clinik", "encounters", "records")
# What a floor may import of the three.
MAY_IMPORT = {
    "clinik": {"clinik"},
    "encounters": {"encounters", "clinik"},
    "records": {"records", "encounters", "clinik"},
}


def _sources(floor: str) -> list[Path]:
    return sorted(path for path in (ROOT / floor).rglob("*.py") if "migrations" not in path.parts)


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every import wherever it stands: local and TYPE_CHECKING ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"relative import in line {node.lineno}"
            yield node.lineno, node.module or ""
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.lineno, str(node.args[0].value)


def upward_imports(floor: str, source: str) -> list[str]:
    return [
        f"line {line}: {module}"
        for line, module in _imports(ast.parse(source))
        if module.split(".")[0] in set(FLOORS) - MAY_IMPORT[floor]
    ]


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_only_go_down(floor: str) -> None:
    found = [
        f"{path.relative_to(ROOT)} {line}"
        for path in _sources(floor)
        for line in upward_imports(floor, path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "from records.models import Note",
        "def late():\n    import records.chart",
        "if TYPE_CHECKING:\n    from records import board",
        "import_module('records.chart')",
    ],
)
def test_an_upward_import_is_found_wherever_it_hides(source: str) -> None:
    assert upward_imports("encounters", source)


def _status_writes(path: Path) -> list[str]:
    """Assignments to `.status` and updates of it, outside the one writer."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        if any(isinstance(t, ast.Attribute) and t.attr == "status" for t in targets):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}")  # type: ignore[attr-defined]
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "update"
            and any(keyword.arg == "status" for keyword in node.keywords)
        ):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def test_only_move_writes_a_status() -> None:
    found = [
        line
        for floor in FLOORS
        for path in _sources(floor)
        if path != ROOT / "clinik" / "transitions.py"
        for line in _status_writes(path)
    ]
    assert found == []


def _deletes(path: Path) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)[:60]}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "delete"
    ]


def test_nothing_is_deleted_but_drafts_and_sessions() -> None:
    """A draft is typing in progress, a session a login, a pending reference ends when its target is
    there; whatever else is called `delete` would be a loss."""
    found = [
        line
        for floor in FLOORS
        for path in _sources(floor)
        for line in _deletes(path)
        if not re.search(r"draft|session| pending\.delete\(\)", line.lower())
    ]
    assert found == []


def test_files_classes_and_functions_stay_small() -> None:
    """A newcomer reads the whole in a day."""
    found = []
    for floor in FLOORS:
        for path in _sources(floor):
            text = path.read_text()
            if text.count("\n") > 400:
                found.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    length = (node.end_lineno or 0) - node.lineno + 1
                    if length > 45:
                        found.append(f"{path.relative_to(ROOT)} {node.name}: {length} lines")
    assert found == []


def test_templates_hold_no_inline_script_or_style() -> None:
    """The content security policy would refuse them in the browser; say so here first."""

    # Data for a script is none: the browser runs no application/json.
    script = r"<script(?![^>]*\s(?:src=|type=.application/json))"
    inline = re.compile(rf"<style|\sstyle=|{script}|\son[a-z]+=|\|\s*safe\b")
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)!r}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if (match := inline.search(path.read_text()))
    ]
    assert found == []
