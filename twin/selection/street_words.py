"""A selector of streets as one line, to read and to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from twin.selection.drawn import CENTRE, Around
from twin.selection.streets import STREET_COLUMNS, StreetCondition, StreetSelector, StreetShare
from twin.selection.words import SHARE, SelectionError, fault_of, split_condition
from twin.sentences import Sentence, Word, WrongValueError, listed, say

if TYPE_CHECKING:
    from typing import Any

    from twin.selection.model import Condition

_PLACES = {
    "id": "ids", "link_id": "ids", "way": "ids", "name": "names", "district": "districts",
    "class": "classes",
}  # fmt: skip


def parse_street_selector(line: str) -> StreetSelector:
    """
    Read a selector of streets from one line; parts are separated by semicolons.

    >>> found = parse_street_selector("class in residential, tertiary; speed_kmh > 30")
    >>> found.classes, found.where[0].value
    (('residential', 'tertiary'), 30.0)
    >>> parse_street_selector("within 800 m of centre; one direction").around.radius_m
    800.0

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


def _parsed(line: str) -> StreetSelector:
    fields: dict[str, Any] = {}
    where = []
    for part in filter(None, (piece.strip() for piece in line.split(";"))):
        if share := SHARE.match(part):
            by = {"by": share[3]} if share[3] else {}
            fields["share"] = StreetShare(percent=float(share[2]), order=share[1], **by)  # type: ignore[arg-type]
        elif part.startswith("within ") and " m of " in part:
            radius, _, place = part.removeprefix("within ").partition(" m of ")
            fields["around"] = Around(place=place.strip(), radius_m=radius)  # type: ignore[arg-type]
        elif part == "one direction":
            fields["both_directions"] = False
        else:
            column, op, values = split_condition(part, STREET_COLUMNS)
            if column in _PLACES and op in ("in", "=="):
                fields[_PLACES[column]] = tuple(str(value) for value in values)
            else:
                value = values if op in ("in", "not_in") or len(values) > 1 else values[0]
                where.append(StreetCondition(column=column, op=op, value=value))  # type: ignore[arg-type]
    return StreetSelector(where=tuple(where), **fields)


def street_line(selector: StreetSelector) -> str:
    """
    Return a selector as the line that `parse_street_selector` reads; what is drawn has no words.

    >>> street_line(parse_street_selector("class=residential;within 500 m of centre"))
    'class in residential; within 500 m of centre'
    """
    names = {
        "id": selector.ids, "name": selector.names, "district": selector.districts,
        "class": selector.classes,
    }  # fmt: skip
    parts = [f"{name} in {', '.join(ids)}" for name, ids in names.items() if ids]
    for one in selector.where:
        values = ", ".join(f"{v:g}" if isinstance(v, float) else v for v in one.terms)
        parts.append(f"{one.column} {one.op.replace('_', ' ')} {values}")
    if selector.around is not None and selector.around.place:
        parts.append(f"within {selector.around.radius_m:g} m of {selector.around.place}")
    if share := selector.share:
        parts.append(f"{share.order} {share.percent:g} % by {share.by}")
    if not selector.both_directions:
        parts.append("one direction")
    return "; ".join(parts)


def describe_streets(selector: StreetSelector) -> Sentence:
    """Return in words what a selector means."""
    parts = [*_named(selector), *_placed(selector)]
    parts += [condition_words(condition) for condition in selector.where]
    if (share := selector.share) is not None:
        parts.append(_share_words(share))
    if not parts:
        return say("all streets")
    if not selector.both_directions:
        parts.append(say("one direction"))
    whole, *rest = parts
    for part in rest:
        whole = say("{one}; {other}", one=whole, other=part)
    return whole


def _named(selector: StreetSelector) -> list[Sentence]:
    parts = []
    if selector.ids:
        parts.append(say("{count} chosen streets", count=len(selector.ids)))
    if selector.names:
        parts.append(say("{names}", names=listed(selector.names)))
    if selector.classes:
        words = tuple(Word(word, "streets.class") for word in selector.classes)
        parts.append(say("{names}", names=listed(words)))
    return parts


def _placed(selector: StreetSelector) -> list[Sentence]:
    parts = []
    if selector.area is not None:
        parts.append(say("in the drawn area"))
    if selector.line is not None:
        parts.append(say("along the drawn line"))
    if selector.around is not None:
        parts.append(around_words(selector.around))
    if selector.districts:
        parts.append(say("in {names}", names=listed(selector.districts)))
    return parts


def around_words(around: Around) -> Sentence:
    """Return in words what lies around a point or place."""
    metres = around.radius_m
    if around.place is None:
        return say("within {metres} m of the chosen point", metres=metres)
    if around.place == CENTRE:
        return say("within {metres} m of the centre", metres=metres)
    return say("within {metres} m of {place}", metres=metres, place=around.place)


def condition_words(condition: Condition) -> Sentence:
    """Return a condition on streets in words."""
    column = STREET_COLUMNS[condition.column]
    label = Sentence(column.label)
    place = f"streets.{condition.column}"
    if column.type == "flag":
        yes = bool(condition.terms[0]) == (condition.op != "not_in")
        if yes:
            return say("{label}: yes", label=label)
        return say("{label}: no", label=label)
    values = tuple(v if isinstance(v, float) else Word(v, place) for v in condition.terms)
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


def _share_words(share: StreetShare) -> Sentence:
    label = Sentence(STREET_COLUMNS[share.by].label)
    if share.order == "random":
        return say("any {percent} % of them", percent=share.percent)
    if share.order == "highest":
        return say("the {percent} % with the highest: {label}", percent=share.percent, label=label)
    return say("the {percent} % with the lowest: {label}", percent=share.percent, label=label)
