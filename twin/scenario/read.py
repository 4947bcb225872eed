"""Reads scenario files; what is wrong with one is said in sentences, all at once."""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from twin.measures import MEASURES
from twin.scenario.errors import Fault, ScenarioError
from twin.scenario.model import Scenario
from twin.scenario.upgrade import upgraded
from twin.selection.model import unknown_word
from twin.sentences import Problem, Sentence, WrongValueError, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LARGEST_FILE = 50_000_000
"""Bytes; drawn areas included a scenario is a thousand times smaller."""


def load_scenario(source: str | bytes | Mapping[str, Any]) -> Scenario:
    """
    Return the scenario that a JSON text, its bytes or its parsed content describes.

    Raises
    ------
    ScenarioError
        It is no scenario; every fault is in `faults`, with the place of the measure in the list.
    """
    content = upgraded(_parsed(source))
    try:
        scenario = Scenario.model_validate(content)
    except ValidationError as error:
        faults = _different(_fault(e, content) for e in error.errors())
        template = "The scenario {name} cannot be read:"
        name = str(content.get("name", ""))
        raise ScenarioError(template, faults=faults, name=name) from None
    if faults := _same_ids(scenario):
        template = "The scenario {name} cannot be read:"
        raise ScenarioError(template, faults=faults, name=scenario.name)
    return scenario


def _parsed(source: str | bytes | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(source, (str, bytes)):
        try:
            source = _json(source)
        except UnicodeDecodeError:
            template = "The scenario is no text in UTF-8."
            raise ScenarioError(template, hint="Save it as UTF-8.") from None
        except RecursionError:
            raise ScenarioError("The scenario is nested too deeply to be one.") from None
        except json.JSONDecodeError as error:
            template = "The scenario is no JSON: line {line}, column {column}."
            hint = "Look for a missing comma, quote or bracket there."
            line, column = error.lineno, error.colno
            raise ScenarioError(template, hint=hint, line=line, column=column) from None
    if not isinstance(source, dict):
        template = "The scenario is no JSON object."
        raise ScenarioError(template, hint="It starts and ends with a curly bracket.")
    return source


def _json(source: str | bytes) -> Any:
    if len(source) > LARGEST_FILE:
        template = "The scenario has {size} bytes, more than the {most} that are read."
        raise ScenarioError(template, size=len(source), most=LARGEST_FILE)
    text = source.decode("utf-8-sig") if isinstance(source, bytes) else source
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        template = "A field stands twice in one object: {names}."
        raise ScenarioError(template, hint="Keep one of them.", names=", ".join(twice))
    return dict(pairs)


def _no_number(word: str) -> Any:
    raise ScenarioError("{word} is no number.", hint="Give a finite number.", word=word)


def _different(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Leave out what is said twice: alternatives of one field fail one by one."""
    return tuple({(fault.place, fault.field, str(fault)): fault for fault in faults}.values())


def _same_ids(scenario: Scenario) -> tuple[Fault, ...]:
    first: dict[str, int] = {}
    faults = []
    for place, measure in enumerate(scenario.measures, start=1):
        if measure.id in first:
            what = say("Measure {other} has this id already.", other=str(first[measure.id]))
            problem = Problem("same_id", what, say("Choose another id."))
            faults.append(Fault(problem, place, measure.id, measure.is_a, "id"))
        first.setdefault(measure.id, place)
    return tuple(faults)


def _fault(error: Any, content: Mapping[str, Any]) -> Fault:
    path = list(error["loc"])
    place, name, kind = 0, "", ""
    if len(path) > 1 and path[0] == "measures" and isinstance(path[1], int):
        place = path[1] + 1
        raw = content["measures"][path[1]]
        raw = raw if isinstance(raw, dict) else {}
        name, kind = str(raw.get("id", "")), str(raw.get("kind", ""))
        path = path[2:]
        if path and path[0] == kind:
            path = path[1:]
    kind = kind if kind in MEASURES else ""
    model = MEASURES.get(kind, Scenario) if place else Scenario
    return Fault(problem_of(error, path, model), place, name, kind, _field(path))


def _field(path: Sequence[Any]) -> str:
    """Return the way to a field; positions in a list count from 1."""
    noise = ("[key]", "float", "str", "int", "constrained-int")
    parts = [p for p in path if p not in noise and not str(p).startswith(("tuple[", "function-"))]
    return ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in parts)


def problem_of(error: Any, path: list[Any], model: type[BaseModel] = Scenario) -> Problem:
    """Return in words what pydantic found wrong with the field at the end of a path."""
    kind, context, given = error["type"], error.get("ctx", {}), error["input"]
    cause = context.get("error")
    if isinstance(cause, WrongValueError):
        return cause.problem
    if kind.startswith("union_tag"):
        return _unknown_kind(context, kind)
    if kind == "extra_forbidden":
        return _unknown_field(path, model)
    if kind in _LIMITS:
        return Problem("range", *_limit(kind, context, given))
    return _wrong_value(kind, context, given)


def _wrong_value(kind: str, context: Mapping[str, Any], given: Any) -> Problem:
    if kind == "missing":
        return Problem("missing", say("This field is missing."), None)
    if kind == "literal_error":
        what = say("{given} is not known here.", given=_short(given))
        allowed = re.findall(r"'([^']*)'|(\d+)", context["expected"])
        words = tuple(word or number for word, number in allowed)
        return Problem("value", what, say("Allowed: {allowed}.", allowed=words))
    return Problem("type", say("{given} does not fit here.", given=_short(given)), _needed(kind))


def _unknown_kind(context: Mapping[str, Any], kind: str) -> Problem:
    known = say("Known kinds: {kinds}.", kinds=tuple(MEASURES))
    if kind == "union_tag_not_found":
        return Problem("unknown_kind", say("It does not say of which kind it is."), known)
    word = str(context.get("tag", ""))
    what = unknown_word("kind of measure", word, MEASURES)[0]
    return Problem("unknown_kind", what, known)


def _unknown_field(path: Sequence[Any], model: type[BaseModel]) -> Problem:
    """Name the field that may be meant: a wrong unit is a field with another ending."""
    allowed = list(_fields_at(path[:-1], model))
    word = str(path[-1])
    what = say("There is no such field here.")
    near = difflib.get_close_matches(word, allowed, n=3, cutoff=0.6)
    near += [
        f for f in allowed if f.split("_")[0] == word.split("_", maxsplit=1)[0] and f not in near
    ]
    if near:
        return Problem("unknown_field", what, say("Perhaps: {near}.", near=tuple(near)))
    return Problem("unknown_field", what, say("Fields: {fields}.", fields=tuple(allowed)))


def _fields_at(path: Sequence[Any], model: type[BaseModel]) -> list[str]:
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            inner = _model_in(model.model_fields[part].annotation)
            if inner is not None:
                model = inner
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((model for model in found if model is not None), None)


_LIMITS = {
    "greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le",
}  # fmt: skip


def _limit(kind: str, context: Mapping[str, Any], given: Any) -> tuple[Sentence, Sentence]:
    limit = context[_LIMITS[kind]]
    what = say("{given} is not allowed.", given=_short(given))
    if kind == "greater_than":
        return what, say("It must be above {limit}.", limit=limit)
    if kind == "greater_than_equal":
        return what, say("It must be {limit} or more.", limit=limit)
    if kind == "less_than":
        return what, say("It must be below {limit}.", limit=limit)
    return what, say("It must be {limit} or less.", limit=limit)


def _needed(kind: str) -> Sentence | None:
    """Return what a field of the type takes, by pydantic's word for the fault."""
    needed = {
        "finite": say("A number is needed."),
        "float": say("A number is needed."),
        "int": say("A whole number is needed."),
        "bool": say("true or false is needed."),
        "string_pattern": say("Use up to 60 letters, digits, dots, dashes and underscores."),
        "string": say("A text is needed."),
        "tuple": say("A list is needed."),
        "too_short": say("At least one is needed."),
        "too_long": say("These are too many."),
        "dict": say("An object with fields is needed."),
        "model": say("An object with fields is needed."),
    }
    return next((words for start, words in needed.items() if kind.startswith(start)), None)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
