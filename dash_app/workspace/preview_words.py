"""A preview in words: four figures, what is chosen, what is wrong; for the form and the API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dash_app.components.measure_form.words import FIELDS, words_of
from dash_app.workspace.chosen import chosen_entries

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.workspace.preview import Preview, Remark
    from twin.city import City

MOST_ROWS = 5000
"""Rows that the map marks; of more it would be the whole town."""

Figure = dict[str, str]


def preview_words(t: Translator, found: Preview, city: City) -> dict[str, Any]:
    """
    Return what the form shows of a preview, ready to be read.

    `figures` four of `{name, label, value, unit, note}`; `chosen` what the measure names, as
    `{path, values, label, detail}` (`values` null: the field itself goes when it is removed);
    `problems` of `{level, field, text, hint, code}`; `ids` of `table` for the map to mark, none
    where they are too many.
    """
    few = len(found.rows) <= MOST_ROWS
    return {
        "title": t.sentence(found.measure.summary()) if found.measure else "",
        "valid": found.valid,
        "table": found.table,
        "count": found.count,
        "ids": [str(key) for key in found.rows] if few and not found.withheld else [],
        "figures": figures(t, found),
        "chosen": chosen_entries(t, found.raw, city),
        "problems": [problem(t, found, remark) for remark in found.problems],
    }


def problem(t: Translator, found: Preview, remark: Remark) -> dict[str, str]:
    """Return a remark in words; fields are called as the form calls them."""
    kind = str(found.raw.get("kind", ""))
    hint = t.sentence(remark.hint) if remark.hint else ""
    return {
        "level": remark.level,
        "field": remark.field,
        "text": called(t, kind, t.sentence(remark.what)),
        "hint": called(t, kind, hint),
        "code": remark.code,
    }


_NAME = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")


def called(t: Translator, kind: str, text: str) -> str:
    """
    Return a sentence with the names of fields as people read them.

    Only names with an underscore are sure to be no words of the language.
    """

    def name(match: re.Match[str]) -> str:
        words = words_of(kind, match[0])
        if words is None or match[0] not in FIELDS:
            return match[0]
        return t.text("“{field}”", field=t.sentence(words.label))

    return _NAME.sub(name, text)


def figures(t: Translator, found: Preview) -> list[Figure]:
    """Return the four figures: people, size, cost, and what else counts for the kind."""
    return [_reached(t, found), _extent(t, found), _cost(t, found), _fourth(t, found)]


def _figure(name: str, label: str, value: str, unit: str = "", note: str = "") -> Figure:
    return {"name": name, "label": label, "value": value, "unit": unit, "note": note}


def _round(value: float) -> float:
    """Return a count with three digits that mean something."""
    if value < 1000:
        return float(round(value))
    digits = len(str(int(value))) - 3
    return float(round(value, -digits))


def _reached(t: Translator, found: Preview) -> Figure:
    label, people = t.text("Reached"), found.extent.residents
    if found.withheld:
        note = t.text("withheld: fewer than five buildings")
        return _figure("reached", label, "–", "", note)
    if people is None:
        return _figure("reached", label, "–")
    notes = {
        "streets": t.text("live on these streets"),
        "buildings": t.text("live in these buildings"),
        "lines": t.text("within 400 m of a stop"),
        "stops": t.text("within 400 m of a stop"),
    }
    value = t.number(_round(people))
    return _figure("reached", label, value, t.text("people"), notes.get(found.table, ""))


def _extent(t: Translator, found: Preview) -> Figure:
    extent, label = found.extent, t.text("Extent")
    if found.measure is None:
        return _figure("extent", label, "–")
    if extent.length_m is not None:
        far = extent.length_m >= 1000
        value = t.number(extent.length_m / 1000 if far else round(extent.length_m))
        note = ""
        if extent.table == "streets":
            note = t.plural("{count} section", "{count} sections", extent.count)
        if extent.table == "stops":
            note = t.plural("{count} stop", "{count} stops", extent.count)
        return _figure("extent", t.text("Length"), value, "km" if far else "m", note)
    if extent.table in _COUNTED:
        note = _by_then(t, found)
        return _figure("extent", _counted(t, extent.table), t.number(extent.count), "", note)
    if extent.area_m2 is not None and extent.years is None:
        return _figure("extent", t.text("Area"), t.number(extent.area_m2 / 10_000), "ha")
    if extent.years is not None:
        return _figure("extent", t.text("New buildings"), t.number(extent.count))
    whole = extent.residents is not None
    return _figure("extent", label, t.text("whole town") if whole else t.number(extent.count))


_COUNTED = frozenset({"buildings", "streets", "lines", "stops", "nodes", "places"})


def _counted(t: Translator, table: str) -> str:
    return {
        "buildings": t.text("Buildings"),
        "streets": t.text("Filters"),
        "lines": t.text("Lines"),
        "stops": t.text("Stops"),
        "nodes": t.text("Junctions"),
        "places": t.text("Places"),
    }[table]


def _by_then(t: Translator, found: Preview) -> str:
    if found.done is None or found.done == found.count or found.year is None:
        return ""
    return t.text("{done} of them by {year}", done=found.done, year=str(found.year))


def _cost(t: Translator, found: Preview) -> Figure:
    label = t.text("Cost, once")
    if found.cost_eur is None:
        note = "" if found.measure is None or found.withheld else t.text("no assumption known")
        return _figure("cost", label, "–", "", note)
    value, unit = _round(found.cost_eur), "€"
    if value >= 1e6:
        value, unit = found.cost_eur / 1e6, t.text("million €")
    return _figure("cost", label, t.number(value), unit, t.kind("estimated"))


def _fourth(t: Translator, found: Preview) -> Figure:
    measure, extent = found.measure, found.extent
    supply = getattr(measure, "supply_factor", None)
    if supply is not None:
        change = (supply - 1) * 100
        sign = "+" if change > 0 else "−" if change < 0 else ""
        value = f"{sign}{t.number(abs(round(change, 1)))}"
        return _figure("fourth", t.text("Parking spaces"), value, "%", t.text("in this area"))
    if found.withheld:
        return _figure("fourth", t.text("Dwellings"), "–")
    if extent.dwellings is not None:
        return _figure("fourth", t.text("Dwellings"), t.number(_round(extent.dwellings)))
    if extent.area_m2 is not None:
        return _figure("fourth", t.text("Area"), t.number(extent.area_m2 / 10_000), "ha")
    return _figure("fourth", t.text("Dwellings"), "–")
