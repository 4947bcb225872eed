"""One place says what is needed (pyproject.toml), one which versions (constraints.txt)."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
NEEDED = [
    Requirement(line)
    for line in (*PROJECT["dependencies"], *(x for extra in EXTRAS.values() for x in extra))
]
THEIRS = [needed for needed in NEEDED if canonicalize_name(needed.name) != PROJECT["name"]]
OURS = [needed for needed in NEEDED if canonicalize_name(needed.name) == PROJECT["name"]]


def pins() -> dict[str, list[Requirement]]:
    """Return the lines of constraints.txt by package; one package may have one per platform."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            pinned = Requirement(line.partition(" #")[0])
            found.setdefault(canonicalize_name(pinned.name), []).append(pinned)
    return found


@pytest.fixture(scope="module")
def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))


def test_environment_is_thin(environment):
    *conda, last = environment["dependencies"]
    assert [line.partition(">")[0] for line in conda] == ["python", "pip"]
    assert set(last) == {"pip"}
    assert len(last["pip"]) == 2
    assert environment["name"] == PROJECT["name"]


def test_environment_asks_for_the_same_python(environment):
    python = environment["dependencies"][0].removeprefix("python")
    assert SpecifierSet(python) == SpecifierSet(PROJECT["requires-python"])


def test_environment_installs_this_package_with_known_extras_and_the_pins(environment):
    constraint, package = environment["dependencies"][-1]["pip"]
    flag, name = constraint.split()
    assert flag in {"-c", "--constraint"}
    assert (ROOT / name).is_file()
    extras = re.fullmatch(r"(?:-e|--editable) \.\[([\w,]+)\]", package)
    assert extras, package
    assert set(extras[1].split(",")) <= set(EXTRAS)
    everything = {extra for asked in extras[1].split(",") for extra in with_inner(asked)}
    assert everything == set(EXTRAS), "conda users get every extra, directly or through another"


def with_inner(extra: str) -> set[str]:
    """Return an extra and those it takes in (`troisdorf-twin[notebooks]`)."""
    inner = {x for line in EXTRAS[extra] for x in own_extras(Requirement(line))}
    return {extra}.union(*(with_inner(x) for x in inner))


def own_extras(needed: Requirement) -> set[str]:
    return needed.extras if canonicalize_name(needed.name) == PROJECT["name"] else set()


def test_extras_that_name_this_package_name_extras_it_has():
    assert all(needed.extras <= set(EXTRAS) for needed in OURS)


@pytest.mark.parametrize("needed", THEIRS, ids=lambda needed: needed.name)
def test_every_dependency_is_pinned_to_a_version_that_fits(needed):
    pinned = pins().get(canonicalize_name(needed.name))
    assert pinned, f"{needed.name} is missing in constraints.txt: run `make lock`"
    for line in pinned:
        (exact,) = line.specifier
        assert exact.operator == "==", line
        assert needed.specifier.contains(Version(exact.version), prereleases=True), (line, needed)


def test_every_line_of_the_constraints_is_one_exact_version():
    for lines in pins().values():
        for line in lines:
            assert [spec.operator for spec in line.specifier] == ["=="], line
            assert not line.extras, "pip refuses extras in constraints"
        if len(lines) > 1:
            assert all(line.marker for line in lines), lines


def _imported(node: ast.AST) -> list[str]:
    """Give the top-level packages that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module.partition(".")[0]]
    return []


def test_every_import_of_ours_is_a_declared_dependency():
    """What is imported at run time stands in pyproject, not only below something that does."""
    called = {"argon2": "argon2-cffi", "mapbox_earcut": "mapbox-earcut", "paho": "paho-mqtt"}
    declared = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    ours = {"twin", "layers", "dash_app"}
    imported = {
        name
        for folder in ours
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
    }
    foreign = (
        imported
        - ours
        - sys.stdlib_module_names
        - {"urllib3", "starlette", "flask", "pydantic_core"}
    )
    assert {canonicalize_name(called.get(name, name)) for name in foreign} <= declared


def test_pins_fit_each_other():
    """Ask pip's own check in the environment that runs the tests."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
