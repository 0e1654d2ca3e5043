"""Tests that read the code: what DESIGN and STYLE promise of every file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import ibis.expr.datatypes as dt
import pytest

from clew import registry
from clew.model.views import EVENTS_SCHEMA, events

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ROOT / "src" / "clew"
FILES = sorted(HOUSE.rglob("*.py"))

STEPS = (
    ("errors",),
    ("model", "registry", "config", "instrument"),
    ("sources",),
    ("formats",),
    ("redact", "prices", "correlation", "prompts"),
    ("engines",),
    ("analyses", "query"),
    ("detections", "detector"),
    ("sinks", "reports"),
    ("investigation", "reporting"),
    ("sigma",),
    ("delivery",),
    ("bundles", "loading"),
    ("ingestion",),
    ("relay",),
    ("pipeline", "retention"),
    ("alerts",),
    ("live",),
    ("playbooks",),
    ("cli", "web", "mcp"),
    ("__init__", "__main__"),
)
"""The way that data takes. A part imports from its own step and from those before it."""
STEP_OF = {part: number for number, parts in enumerate(STEPS) for part in parts}

PURE = ("analyses", "detections", "sinks")
PURE_IMPORTS = {"clew.correlation", "clew.errors", "clew.model", "clew.prompts", "ibis"}
"""What these may import, beside the language's own pure modules."""
IMPURE_MODULES = {
    "asyncio", "glob", "io", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket",
    "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
IMPURE_CALLS = {"input", "now", "open", "print", "random", "today", "utcnow", "uuid", "uuid4"}

DOCSTRING_FIELDS = {
    "analyses": ("Reads", "Returns", "Units", "Blind to"),
    "detections": ("Reads", "Returns", "Units", "Blind to"),
    "formats": ("Reads", "Returns", "Blind to"),
    "redact": ("Takes", "Leaves", "Blind to"),
    "sinks": ("Takes", "Over", "Token", "Limits", "Blind to"),
}
EXAMPLES = {"analyses": "CASES", "detections": "CASES", "formats": "SAMPLES", "sinks": "SAMPLES"}
NO_NAMES = {"base", "common", "core", "helper", "helpers", "manager", "misc", "util", "utils"}

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LONG_FILES = {
    # Two thirds of it is the table of names.
    "model/vocabulary.py",
}
LONG_FUNCTIONS: set[str] = set()
"""The exceptions, each with its reason above it; one that is no longer needed must go."""

REGISTRY_HOSTS = re.compile(
    r"\b(?:pypi\.org/simple|pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com"
    r"|deb\.debian\.org|archive\.ubuntu\.com|proxy\.golang\.org|index\.crates\.io)"
)


def members(family: str) -> list[ModuleType]:
    return [registry.load(family, name) for name in registry.names(family)]


def modules(*families: str) -> list[tuple[str, str]]:
    """Family and name of each member; a test loads it, so that a broken one fails alone."""
    return [(family, name) for family in families for name in registry.names(family)]


def place(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def part_of(path: Path) -> str:
    """The folder of the house that a file stands in, or its own name at the top."""
    return Path(place(path)).parts[0].removesuffix(".py")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> Iterator[str]:
    """Dotted names that run-time code of a file imports; `from a import b` gives a.b."""
    for node in _run_time(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place(path)}:{node.lineno} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _run_time(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _run_time(child)


@pytest.mark.parametrize("path", FILES, ids=place)
def test_an_import_follows_the_way_of_the_data(path: Path) -> None:
    own = STEP_OF[part_of(path)]
    for name in imports(path):
        part = name.removeprefix("clew.").split(".")[0]
        if name.startswith("clew.") and part in STEP_OF:
            assert STEP_OF[part] <= own, f"{place(path)} imports {name}, which comes after it"


@pytest.mark.parametrize("path", [p for p in FILES if part_of(p) in PURE], ids=place)
def test_analyses_detections_and_sinks_are_pure(path: Path) -> None:
    """They import the model and Ibis only: no clock, no randomness, no files."""
    for name in imports(path):
        top = name.split(".")[0]
        if top in ("clew", "ibis"):
            shared = f"clew.{part_of(path)}."
            allowed = name.startswith((shared, *PURE_IMPORTS))
            assert allowed, f"{place(path)} imports {name}"
        else:
            assert top in sys.stdlib_module_names, f"{place(path)} imports {name}"
            is_impure = top in IMPURE_MODULES and not name.startswith("urllib.parse")
            assert not is_impure, f"{place(path)} imports {name}"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            assert called not in IMPURE_CALLS, f"{place(path)}:{node.lineno} calls {called}"


@pytest.mark.parametrize("path", FILES, ids=place)
def test_a_member_imports_no_other_member(path: Path) -> None:
    """What two members share stands in a file of the family that begins with an underscore."""
    family = part_of(path)
    if family not in registry.FAMILIES or family == "engines":
        return
    others = set(registry.names(family)) - {path.stem}
    for name in imports(path):
        parts = name.split(".")
        if parts[:2] == ["clew", family] and len(parts) > 2:
            assert parts[2] not in others, f"{place(path)} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=place)
def test_a_file_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path)), f"{place(path)} has no docstring"
    assert path.stem.lstrip("_") not in NO_NAMES, f"'{path.stem}' names nothing"


@pytest.mark.parametrize(("family", "name"), modules(*DOCSTRING_FIELDS))
def test_a_member_has_its_docstring_fields(family: str, name: str) -> None:
    text = registry.load(family, name).__doc__ or ""
    first = text.splitlines()[0]
    assert first.endswith(".") and len(first) <= 100, "the first line is one sentence"
    for field in DOCSTRING_FIELDS[family]:
        assert re.search(rf"^{field} {{1,}}\S", text, re.MULTILINE), f"no field '{field}'"


@pytest.mark.parametrize(("family", "name"), modules(*EXAMPLES))
def test_a_member_has_examples_with_names_of_their_own(family: str, name: str) -> None:
    examples = getattr(registry.load(family, name), EXAMPLES[family])
    assert examples
    names = [example.name for example in examples if example.name]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("family", "name"), modules("detections"))
def test_a_detection_has_cases_that_fire_and_cases_that_must_not(family: str, name: str) -> None:
    cases = registry.load(family, name).CASES
    assert any(case.expect for case in cases)
    assert any(not case.expect for case in cases)


@pytest.mark.parametrize(("family", "name"), modules("detections"))
def test_a_detection_of_attacks_says_what_looks_the_same_and_what_a_playbook_does(
    family: str, name: str
) -> None:
    module = registry.load(family, name)
    refers = getattr(module, "REFERENCES", ())
    if not any(reference.startswith(("attack.", "atlas.")) for reference in refers):
        return
    assert re.search(r"False\s+positives:|^Mistakes ", module.__doc__ or "", re.MULTILINE)
    assert re.fullmatch(r"[a-z].*[^.]", module.PLAYBOOK), "words that follow 'Playbook: '"


def test_one_field_name_has_one_type_everywhere() -> None:
    """Over the canonical columns and what analyses and detections return."""
    found: dict[str, dict[str, str]] = {}
    for name, kind in EVENTS_SCHEMA.items():
        found.setdefault(name, {})[_kind(kind)] = "the event"
    for module in (*members("analyses"), *members("detections")):
        asked = getattr(module, module.__name__.rpartition(".")[2], None) or module.detect
        for name, kind in asked(events).schema().items():
            found.setdefault(name, {})[_kind(kind)] = module.__name__
    disputed = {name: kinds for name, kinds in found.items() if len(kinds) > 1}
    assert not disputed


def _kind(kind: dt.DataType) -> str:
    """Integers of any width are one kind, and so on: the reader sees no widths."""
    if kind.is_integer():
        return "int"
    return type(kind).__name__


def test_long_files_and_functions_have_a_reason() -> None:
    long_files, long_functions = set(), set()
    for path in FILES:
        if len(path.read_text().splitlines()) > LONGEST_FILE:
            long_files.add(place(path))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long_functions.add(f"{place(path)}:{node.name}")
    assert long_files == LONG_FILES
    assert long_functions == LONG_FUNCTIONS


def test_no_tracked_file_names_this_machine_or_a_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is not a git checkout")
    here = {str(ROOT)} if len(ROOT.parts) > 2 else set()
    here |= {sys.prefix} if sys.prefix != sys.base_prefix else set()
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        if not path.is_file():
            continue
        text = path.read_bytes().decode(errors="replace")
        for machine in here:
            assert machine not in text, f"{name} names {machine}"
        named = REGISTRY_HOSTS.search(text)
        assert not named, f"{name} names the registry {named and named[0]}"
