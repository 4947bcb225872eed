"""Every sentence and word that people see has a German entry, with the same places in it."""

from __future__ import annotations

import ast
import re
import string
from functools import cache
from pathlib import Path

import pytest

from dash_app.components.frame import THEME_LABELS, VIEW_LABELS
from dash_app.components.layer_tree import LAYER_TREE
from dash_app.components.quality import SEVERITY
from dash_app.i18n import translator
from dash_app.i18n.catalogue import catalogue
from twin.indicators import INDICATORS
from twin.indicators.catalogue import GROUPS
from twin.provenance import KINDS
from twin.schema import TABLES

ROOT = Path(__file__).parents[2]
PACKAGES = ("twin", "layers", "dash_app")
ERRORS = {
    "TwinError", "SourceError", "SchemaError", "StoreError", "ModelError", "ScenarioError",
    "AssumptionError", "SelectionError", "ConflictError", "UnitError", "AccessError", "OidcError",
    "SettingsError",
}  # fmt: skip
SOURCE_LABEL = re.compile(r"^(?:measured|registered|tagged|estimated|unknown):[a-z0-9_]+$")


@cache
def trees() -> dict[str, ast.Module]:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in paths}


def called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


Names = dict[str, list[ast.AST]]


def literals(node: ast.AST | None, names: Names) -> list[str]:
    """Give the text of a literal, of both sides of an `a if b else c`, or of a local name."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return literals(node.body, names) + literals(node.orelse, names)
    if isinstance(node, ast.Name) and node.id in names:
        return [text for value in names[node.id] for text in literals(value, {})]
    return []


def argument(call: ast.Call, position: int, name: str) -> ast.AST | None:
    keyword = next((k.value for k in call.keywords if k.arg == name), None)
    return keyword or (call.args[position] if len(call.args) > position else None)


def spoken(call: ast.Call, names: Names) -> list[str]:
    """Give the sentences that one call hands to people."""
    name = called(call)
    if name in {"text", "say"}:
        return literals(argument(call, 0, "msgid"), names)
    if name == "plural":
        return literals(argument(call, 0, "one"), names)
    if name in ERRORS:
        template, hint = argument(call, 0, "template"), argument(call, 9, "hint")
        return literals(template, names) + literals(hint, names)
    if name == "progress":
        return literals(argument(call, 0, "step"), names)
    return []


def sentences_of_findings() -> dict[str, str]:
    """Every sentence in `layers` that is no docstring: messages also stand in tables there."""
    return {
        node.value: path
        for path, tree in trees().items()
        if path.startswith("layers")
        for parent in ast.walk(tree)
        if not isinstance(parent, ast.Expr)
        for node in ast.iter_child_nodes(parent)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[A-Z{].* .*[.:]", node.value)
    }


def assigned(scope: ast.AST) -> Names:
    names: Names = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    names.setdefault(target.id, []).append(node.value)
    return names


def sentences_in_code() -> dict[str, str]:
    """Map every sentence in the code to the file that says it."""
    found = sentences_of_findings()
    for path, tree in trees().items():
        if path.startswith("twin/schema"):  # its `text` makes columns; labels have their own test
            continue
        for scope in ast.walk(tree):
            if not isinstance(scope, (ast.Module, ast.FunctionDef)):
                continue
            names = assigned(scope)
            for node in ast.walk(scope):
                if isinstance(node, ast.Call):
                    found |= dict.fromkeys(spoken(node, names), path)
    found.pop("", None)
    return found


def words_of_schema() -> set[tuple[str, str]]:
    """Give (context, word) of every category value."""
    return {
        (f"{table.name}.{column.name}", value)
        for table in TABLES.values()
        for column in table.columns
        for value in column.values
    }


def hows_in_code() -> set[tuple[str, str]]:
    """Give (context, how) of every `kind:how` label that stands in the code."""
    texts = (
        node.value
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    found = {text.partition(":") for text in texts if SOURCE_LABEL.match(text)}
    return {(f"how.{kind}", how) for kind, _, how in found}


def labels_of_schema() -> set[str]:
    columns = {column.label for table in TABLES.values() for column in table.columns}
    return columns | {table.label for table in TABLES.values()}


def labels_of_page() -> set[str]:
    layers = {layer.label for layer in LAYER_TREE.values()}
    legends = {words for layer in LAYER_TREE.values() for _, words in layer.legend}
    return layers | legends | {*SEVERITY.values(), *THEME_LABELS.values()}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def missing(pairs: set[tuple[str, str]]) -> list[str]:
    german = catalogue("de")
    return sorted(f"{c}|{m}" for c, m in pairs if (c, m) not in german and ("", m) not in german)


def test_every_sentence_in_the_code_has_german() -> None:
    sentences = sentences_in_code()
    german = catalogue("de")
    known = {msgid for _, msgid in german}
    assert len(sentences) > 100, "the search for sentences finds nothing any more"
    assert {s: path for s, path in sentences.items() if s not in known} == {}


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param({("", label) for label in labels_of_schema()}, id="labels of the schema"),
        pytest.param({("one", table.label) for table in TABLES.values()}, id="one row of a table"),
        pytest.param({("", label) for label in labels_of_page()}, id="labels of the page"),
        pytest.param({("view", label) for label in VIEW_LABELS.values()}, id="views"),
        pytest.param(words_of_schema(), id="words of categories"),
        pytest.param({("source", kind) for kind in KINDS}, id="kinds of source"),
        pytest.param(hows_in_code(), id="how a value was found"),
    ],
)
def test_every_label_has_german(pairs: set[tuple[str, str]]) -> None:
    assert pairs
    assert missing(pairs) == []


@pytest.mark.parametrize("lang", ["de", "en"])
def test_translations_keep_their_places(lang: str) -> None:
    broken = {
        msgid: form
        for (_, msgid), forms in catalogue(lang).items()
        for form in forms
        if places(form) != places(msgid)
    }
    assert broken == {}


def test_no_sentence_shouts() -> None:
    shouts = re.compile(r"!(?!r\})")
    assert [t for forms in catalogue("de").values() for t in forms if shouts.search(t)] == []


@pytest.mark.parametrize(
    ("lang", "value", "unit", "text"),
    [
        ("de", 12345.678, "MWh/a", "12.346\u202fMWh/a"),
        ("en", 12345.678, "MWh/a", "12,346\u202fMWh/a"),
        ("de", 12.3456, "m", "12,3\u202fm"),
        ("en", 0.0, "", "0"),
        ("de", 1_000_000.0, "", "1.000.000"),
        ("de", -0.01234, "", "-0,0123"),
        ("de", float("nan"), "m", "–"),
        ("de", None, "m", "–"),
    ],
)
def test_numbers(lang: str, value: float | None, unit: str, text: str) -> None:
    assert translator(lang).number(value, unit) == text


def test_every_indicator_and_its_formula_has_german():
    spoken = {text for i in INDICATORS.values() for text in (i.label, i.formula)}
    german = {msgid for context, msgid in catalogue("de") if not context}
    assert (spoken | set(GROUPS.values())) - german == set()
