"""What import-linter and ruff do not watch: size, leftovers, other hosts, foreign data."""

import ast
import hashlib
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import SHARED

ROOT = Path(__file__).parents[1]
PACKAGES = ("twin", "layers", "dash_app")
LONGEST_MODULE, LONGEST_BODY = 400, 50


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


@cache
def committed() -> list[Path]:
    """Return the files git knows; a checkout without git has nothing to check."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a body; its docstring is not work."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    return (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1


def test_the_packages_are_found():
    assert {path.relative_to(ROOT).parts[0] for path in modules()} == set(PACKAGES)


def test_modules_are_short_enough_to_read():
    lengths = {name_of(p): len(p.read_text("utf-8").splitlines()) for p in modules()}
    assert {name: n for name, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_functions_are_short_enough_to_see():
    long = {
        f"{name_of(path)}:{node.lineno} {node.name}": body_lines(node)
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(long) > 100
    assert {name: lines for name, lines in long.items() if lines > LONGEST_BODY} == {}


def test_body_lines_leave_the_docstring_out():
    function = ast.parse(
        'def f():\n    """Say\n    more.\n    """\n    a = 1\n    return a\n'
    ).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert body_lines(function) == 2


LEFTOVER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|inplace\s*=\s*True|breakpoint\(\)|console\.log")
SPOKEN = (".py", ".js", ".css", ".toml", ".yml", ".md", ".sh", ".ipynb")


def test_nothing_is_left_for_later():
    found = [
        f"{name_of(path)}:{number}: {line.strip()[:80]}"
        for path in committed()
        if path.suffix in SPOKEN and path != Path(__file__)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if LEFTOVER.search(line)
    ]
    assert found == []


def test_no_module_keeps_state():
    """A name bound to an empty list, dict or set at module level is there to be filled later."""
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and is_empty_container(node.value)
    ]
    assert found == []
    for path in modules():
        tree = ast.walk(ast.parse(path.read_text("utf-8")))
        assert not [n.lineno for n in tree if isinstance(n, ast.Global)], name_of(path)


def is_empty_container(value: ast.expr | None) -> bool:
    if isinstance(value, ast.List | ast.Set):
        return not value.elts
    if isinstance(value, ast.Dict):
        return not value.keys
    called = value.func if isinstance(value, ast.Call) else None
    names = {"list", "dict", "set", "defaultdict", "deque", "Counter"}
    return isinstance(called, ast.Name) and called.id in names and not value.args


ADDRESS = re.compile(r"""(?:https?:|wss?:|(?<=["'(])|(?<=url\())//[\w.-]+\.\w[^\s"'<>)]*""")
HARMLESS = (
    "http://www.w3.org/",  # names of XML languages, nobody asks them
    "https://www.openstreetmap.org/copyright",
    "https://opendatacommons.org/licenses/",
    "https://www.govdata.de/dl-de/",
    "https://creativecommons.org/",
    "https://scripts.sil.org/OFL",
    "https://openfontlicense.org",
)


def test_the_page_names_no_other_host():
    """What a browser loads comes from the server that gave the page; licences may be linked."""
    assets = [p for p in sorted((ROOT / "dash_app" / "assets").rglob("*")) if p.is_file()]
    assert any(path.suffix == ".js" for path in assets)
    assert any(path.suffix == ".css" for path in assets)
    found = [
        f"{name_of(path)}: {address}"
        for path in assets
        if path.suffix in {".js", ".css", ".html", ".svg", ".json", ".webmanifest"}
        for address in ADDRESS.findall(path.read_text("utf-8"))
        if not address.startswith(HARMLESS)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('fetch("https://tiles.example.org/1")', True),
        ("@import url(//fonts.example.com/css)", True),
        ('const a = "//cdn.example.net/x.js"', True),
        ("// a comment about deck.gl", False),
        ("//comment", False),
        ("a = b //c.d", False),
        ('fetch("/api/city")', False),
    ],
)
def test_addresses_are_told_from_comments(text, found):
    assert bool(ADDRESS.search(text)) == found


def digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def test_no_file_of_shared_is_copied_in():
    data = SHARED / "data"
    if not data.exists():
        pytest.skip(f"needs the real data in {data}")
    theirs = {digest(path): path.name for path in data.rglob("*") if path.is_file()}
    assert len(theirs) > 10
    copied = {name_of(path): theirs[digest(path)] for path in committed() if digest(path) in theirs}
    assert copied == {}


def test_no_large_file_is_committed():
    sizes = {name_of(path): path.stat().st_size for path in committed()}
    assert {name: size for name, size in sizes.items() if size > 3_000_000} == {}


def test_no_test_reaches_beyond_this_computer():
    """Addresses in tests are local, made up (.invalid, example.org) or only compared."""
    asked = re.compile(
        r"(?:requests|httpx|urlopen|urlretrieve|goto)\S*\(\s*f?[\"'](https?://[^\"']+)"
    )
    local = ("http://127.0.0.1", "http://localhost", "http://nowhere.invalid")
    found = [
        f"{name_of(path)}: {address}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for address in asked.findall(path.read_text("utf-8"))
        if not address.startswith(local)
    ]
    assert found == []
