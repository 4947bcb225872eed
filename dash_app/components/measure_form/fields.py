"""The fields of a kind of measure as a form shows them: from its model, with words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from dash_app.components.measure_form.words import Words, words_of
from twin.measures import MEASURES
from twin.sentences import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

FieldKind = Literal[
    "number", "integer", "flag", "maybe", "choice", "many", "text", "list", "years", "shares",
    "place",
]  # fmt: skip

PLACES = frozenset({
    "select", "area", "around", "districts", "line", "points", "to", "streets", "nodes", "lines",
    "stops", "stop", "place", "classes",
})  # fmt: skip
"""Fields that say where or what on the map; the selection part of the form asks for them."""

HIDDEN = frozenset({"kind", "id", "enabled"})
"""Set by the page or by the list of measures, not by the form."""

TIME = ("start_year", "end_year", "pace_percent")


@dataclass(frozen=True)
class Field:
    """One input; numbers outside of `low` and `high` are allowed, outside of `limits` not."""

    path: str
    kind: FieldKind
    words: Words
    options: tuple[str, ...] = ()
    default: Any = None
    optional: bool = False
    limits: tuple[float | None, float | None] = (None, None)

    @property
    def slider(self) -> tuple[float, float, float] | None:
        """Ends and step of the slider beside the number, where one makes sense."""
        words = self.words
        if self.kind not in {"number", "integer"} or words.low is None or words.high is None:
            return None
        return words.low, words.high, words.step or 1


@cache
def fields_of(kind: str) -> tuple[Field, ...]:
    """Return the fields of a kind that are no places, in the order of the model."""
    skipped = {*HIDDEN, *TIME, "note", "auto"}
    found = [field_of(kind, name) for name in _properties(kind) if name not in skipped]
    return tuple(field for field in found if not is_place(field))


def is_place(field: Field) -> bool:
    """Tell whether a field says where or what on the map."""
    return field.path in PLACES and field.kind not in {"choice", "integer"}


@cache
def field_of(kind: str, path: str) -> Field:
    """Return one field of a kind by its JSON path, also of a nested part."""
    definitions = _schema(kind).get("$defs", {})
    spec, required = _spec(kind, path)
    spec, optional = _plain(spec, definitions)
    words = words_of(kind, path) or Words(say("Field {name}", name=path))
    default = None if path in required else spec.get("default")
    found, options = _kind(spec, definitions)
    if found == "flag" and optional:
        found = "maybe"
    return Field(path, found, words, options, default, optional, _limits(spec))


def has_pace(kind: str) -> bool:
    """Tell whether a kind can be done little by little."""
    from twin.measures.prices import AssumptionMeasure  # noqa: PLC0415
    from twin.measures.street_base import AtOnceMeasure  # noqa: PLC0415

    model = MEASURES[kind]
    return not issubclass(model, (AtOnceMeasure, AssumptionMeasure)) and kind != "network_sources"


@cache
def _schema(kind: str) -> dict[str, Any]:
    model: type[BaseModel] = MEASURES[kind]
    return model.model_json_schema()


def _properties(kind: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _schema(kind)["properties"]
    return found


def _spec(kind: str, path: str) -> tuple[dict[str, Any], set[str]]:
    """Return the part of the schema at a path; the names that its object requires."""
    definitions = _schema(kind).get("$defs", {})
    here: dict[str, Any] = _schema(kind)
    required: set[str] = set()
    steps = path.split(".")
    for depth, name in enumerate(steps):
        here, _ = _plain(here, definitions)
        if name in here.get("required", ()):
            required = {".".join(steps[: depth + 1])}
        here = here["properties"][name]
    return here, required


def _plain(spec: dict[str, Any], definitions: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Follow references and take "or nothing" away."""
    optional = False
    while True:
        kept = {name: spec[name] for name in ("default",) if name in spec}
        if "$ref" in spec:
            spec = {**definitions[spec["$ref"].rpartition("/")[2]], **kept}
            continue
        options = spec.get("anyOf")
        if options is None:
            return spec, optional
        real = [option for option in options if option.get("type") != "null"]
        optional = optional or len(real) < len(options)
        spec = {**real[0], **kept}


def _kind(
    spec: Mapping[str, Any], definitions: Mapping[str, Any]
) -> tuple[FieldKind, tuple[str, ...]]:
    if "enum" in spec:
        return "choice", tuple(spec["enum"])
    kind = spec.get("type")
    if kind == "array":
        items, _ = _plain(spec.get("items", {}), definitions)
        return ("many", tuple(items["enum"])) if "enum" in items else ("list", ())
    if kind == "object" and "additionalProperties" in spec and "properties" not in spec:
        names = spec.get("propertyNames", {}).get("enum")
        return ("shares", tuple(names)) if names else ("years", ())
    plain: dict[str, FieldKind] = {
        "number": "number", "integer": "integer", "boolean": "flag", "string": "text",
    }  # fmt: skip
    return plain.get(str(kind), "place"), ()


def _limits(spec: Mapping[str, Any]) -> tuple[float | None, float | None]:
    low = spec.get("minimum", spec.get("exclusiveMinimum"))
    high = spec.get("maximum", spec.get("exclusiveMaximum"))
    return low, high
