"""A selector as one line, to read and to write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import ValidationError

from twin.errors import TwinError
from twin.selection.columns import COLUMNS, context
from twin.selection.model import Condition, Selector, Share, Value
from twin.sentences import Problem, Sentence, Word, WrongValueError, listed, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.schema import Column


class SelectionError(TwinError):
    """A line is no selector."""


_CONDITION = re.compile(r"^(\w+)\s*(not[ _]in\b|in\b|<=|>=|==|!=|=|<|>)\s*(.+)$", re.DOTALL)
SHARE = re.compile(r"^(highest|lowest|random)\s+([\d.]+)\s*%(?:\s+by\s+(\w+))?$")
_OPERATORS = {"=": "==", "!=": "not_in", "not in": "not_in"}
_PLACES = {"id": "ids", "building_id": "ids", "district": "districts", "block": "blocks"}


def parse_selector(line: str) -> Selector:
    """
    Read a selector from one line; parts are separated by semicolons and must all hold.

    >>> found = parse_selector("size_class in apartments, large_apartments; year_built < 1978")
    >>> found.where[0].value, found.where[1].value
    (('apartments', 'large_apartments'), 1978.0)
    >>> parse_selector("highest 30 % by heat_demand_kwh_m2").share.percent
    30.0

    Raises
    ------
    SelectionError
        A part is no condition, or names what there is not.
    """
    try:
        return _parsed(line)
    except (ValidationError, WrongValueError) as error:
        template = "The selection {line} is not understood. {fault}"
        raise SelectionError(template, line=line, fault=fault_of(error)) from None


def fault_of(error: ValidationError | WrongValueError) -> Sentence:
    """Return in words why a line is no selector."""
    if isinstance(error, WrongValueError):
        problem = error.problem
    else:
        causes = (e.get("ctx", {}).get("error") for e in error.errors())
        cause = next((c for c in causes if isinstance(c, WrongValueError)), None)
        problem = cause.problem if cause else Problem("value", say("A value does not fit."))
    return say("{what} {hint}", what=problem.what, hint=problem.hint or "")


def _parsed(line: str) -> Selector:
    fields: dict[str, object] = {}
    where = []
    for part in filter(None, (piece.strip() for piece in line.split(";"))):
        if share := SHARE.match(part):
            by = {"by": share[3]} if share[3] else {}
            fields["share"] = Share(percent=float(share[2]), order=share[1], **by)  # type: ignore[arg-type]
            continue
        column, op, values = split_condition(part, COLUMNS)
        if column in _PLACES and op in ("in", "=="):
            fields[_PLACES[column]] = tuple(str(value) for value in values)
        else:
            value = values if op in ("in", "not_in") or len(values) > 1 else values[0]
            where.append(Condition(column=column, op=op, value=value))  # type: ignore[arg-type]
    return Selector(where=tuple(where), **fields)  # type: ignore[arg-type]


def split_condition(part: str, columns: Mapping[str, Column]) -> tuple[str, str, tuple[Value, ...]]:
    """Return column, operator and values of a condition written in words."""
    found = _CONDITION.match(part)
    if not found:
        raise WrongValueError(
            say("{part} is no condition.", part=part),
            say("Write it like `year_built < 1978` or `system in gas_boiler, oil_boiler`."),
        )
    column, op, rest = found[1], found[2], found[3]
    known = columns.get(column)
    number = known is not None and known.type in ("number", "flag")
    words = [word.strip() for word in rest.split(",")]
    return column, _OPERATORS.get(op, op), tuple(_value(word, number=number) for word in words)


def _value(word: str, *, number: bool) -> Value:
    if number:
        try:
            return float({"yes": "1", "no": "0"}.get(word, word))
        except ValueError:
            return word
    return word


def selector_line(selector: Selector) -> str:
    """
    Return a selector as the line that `parse_selector` reads; a drawn area has no words.

    >>> selector_line(parse_selector("district in Mitte;system=gas_boiler"))
    'district in Mitte; system == gas_boiler'
    """
    names = {"id": selector.ids, "district": selector.districts, "block": selector.blocks}
    parts = [f"{name} in {', '.join(ids)}" for name, ids in names.items() if ids]
    for one in selector.where:
        values = ", ".join(f"{v:g}" if isinstance(v, float) else v for v in one.terms)
        parts.append(f"{one.column} {one.op.replace('_', ' ')} {values}")
    if share := selector.share:
        parts.append(f"{share.order} {share.percent:g} % by {share.by}")
    return "; ".join(parts)


def describe(selector: Selector) -> Sentence:
    """Return in words what a selector means."""
    parts: list[Sentence] = []
    if selector.ids:
        parts.append(say("{count} chosen buildings", count=len(selector.ids)))
    if selector.area is not None:
        parts.append(say("in the drawn area"))
    if selector.districts:
        parts.append(say("in {names}", names=listed(selector.districts)))
    if selector.blocks:
        parts.append(say("in {count} blocks", count=len(selector.blocks)))
    parts += [_condition_words(condition) for condition in selector.where]
    if selector.share is not None:
        parts.append(_share_words(selector.share))
    if not parts:
        return say("all buildings")
    whole, *rest = parts
    for part in rest:
        whole = say("{one}; {other}", one=whole, other=part)
    return whole


def _condition_words(condition: Condition) -> Sentence:
    column = COLUMNS[condition.column]
    label = Sentence(column.label)
    place = context(condition.column)
    values: tuple[object, ...] = tuple(
        (str(int(v)) if condition.column.endswith(("year", "year_built")) else v)
        if isinstance(v, float)
        else Word(v, place)
        for v in condition.terms
    )
    if condition.op == "not_in":
        return say("{label} not {values}", label=label, values=listed(values))
    if condition.op in ("in", "=="):
        return say("{label}: {values}", label=label, values=listed(values))
    if not column.unit:
        return say("{label} {op} {value}", label=label, op=condition.op, value=values[0])
    return say(
        "{label} {op} {value} {unit}",
        label=label, op=condition.op, value=values[0], unit=column.unit,
    )  # fmt: skip


def _share_words(share: Share) -> Sentence:
    label = Sentence(COLUMNS[share.by].label)
    if share.order == "random":
        return say("any {percent} % of them", percent=share.percent)
    if share.order == "highest":
        return say("the {percent} % with the highest: {label}", percent=share.percent, label=label)
    return say("the {percent} % with the lowest: {label}", percent=share.percent, label=label)
