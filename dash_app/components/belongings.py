"""What belongs to a picked thing: its roof planes and envelope, its lines, the areas it lies in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from dash import html

from dash_app.components.values import attrs, badge, is_missing, label_of, value_text
from twin.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dash_app.i18n import Translator
    from twin.city import City

COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
WALLS = {"N": "wall_north_m2", "E": "wall_east_m2", "S": "wall_south_m2", "W": "wall_west_m2"}
MOST_PLANES = 12
MOST_LINES = 30

FAMILIES = {
    "osm": "OpenStreetMap", "cadastre": "Cadastre", "nas": "Cadastre (NAS)",
    "lod2": "City model LoD2", "lod1": "City model LoD1",
}  # fmt: skip
"""Short names of the sources that `known_by` of a building may list."""

AREAS = {
    "district_id": "districts", "zone_id": "zones", "block_id": "blocks",
    "parcel_id": "parcels", "cell_id": "cells",
}  # fmt: skip
"""Columns that name an area a row lies in, and its table."""


def compass(t: Translator, degrees: float) -> str:
    """Return one of eight directions in words: "NO" or "NE" for 50 degrees."""
    return t.text(COMPASS[int((degrees % 360) / 45 + 0.5) % 8], context="compass")


def bodies_of(city: City, key: str) -> pd.Index[Any]:
    """Return the keys that carry the volume of a building: its own and those of its parts."""
    table = city.buildings
    return pd.Index([key]).append(table.index[(table["part_of"] == key).to_numpy(dtype=bool)])


def roof_planes(t: Translator, city: City, key: str) -> list[Any]:
    """Return the planes of a building's roof as a small table, the largest first."""
    roofs = city.tables["roofs"]
    own = roofs[roofs["building_id"].isin(bodies_of(city, key))]
    if not len(own):
        return []
    own = own.sort_values("area_m2", ascending=False, kind="stable")
    heads = [t.text("Area"), t.text("Faces"), t.text("Tilt")]
    body = [_plane(t, row) for _, row in own.head(MOST_PLANES).iterrows()]
    table = html.Table(
        [html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])), html.Tbody(body)],
        className="rows planes",
    )
    parts: list[Any] = [_heading(t.text("Roof planes"), _badge(t, own["plane_source"])), table]
    more = len(own) - MOST_PLANES
    if more > 0:
        parts.append(html.P(t.text("and {count} smaller ones", count=more), className="quiet"))
    return parts


def _plane(t: Translator, row: Any) -> html.Tr:
    area = f"{t.number(float(row['area_m2']))}\u202fm²"
    azimuth, tilt = row["azimuth_deg"], float(row["tilt_deg"])
    faces = t.text("flat", context="compass") if is_missing(azimuth) else compass(t, azimuth)
    return html.Tr([html.Td(area), html.Td(faces), html.Td(f"{t.number(round(tilt))}°")])


def envelope(t: Translator, city: City, key: str) -> list[Any]:
    """Return walls by direction, walls shared with neighbours, roof and slab of a building."""
    table = city.tables["envelopes"]
    own = table[table.index.isin(bodies_of(city, key))]
    if not len(own):
        return []
    walls = " · ".join(
        f"{t.text(sign, context='compass')} {t.number(float(own[name].sum()))}"
        for sign, name in WALLS.items()
    )
    lines = [_line(t.text("Outer walls"), _measured(walls, "m²"))]
    for column in TABLES["envelopes"].columns:
        if column.type == "number" and column.name not in WALLS.values():
            value, unit = value_text(t, "envelopes", column, float(own[column.name].sum()))
            lines.append(_line(t.text(column.label), _measured(value, unit)))
    head = _heading(t.text("Envelope"), _badge(t, own["envelope_source"]))
    return [head, html.Dl(lines, className="facts")]


def _measured(value: str, unit: str) -> list[Any]:
    return [html.Span(value, className="fact-value"), html.Span(unit, className="unit")]


def areas(t: Translator, city: City, row: pd.Series[Any]) -> list[Any]:
    """Return the areas a row lies in, each a way to get there."""
    lines = []
    for column, table in AREAS.items():
        key = row.get(column)
        if key is None or is_missing(key) or key not in city.tables[table].index:
            continue
        label = _name_of(t, city, table, str(key))
        kind = t.text(TABLES[table].label, context="one")
        lines.append(_line(kind, [_link(label, table, str(key))]))
    if not lines:
        return []
    return [_heading(t.text("Lies in")), html.Dl(lines, className="facts")]


def _name_of(t: Translator, city: City, table: str, key: str) -> str:
    row: Any = city.tables[table].loc[key]
    number = row.get("number")
    if number is not None and not is_missing(number):
        return str(number)
    name = row.get("name")
    return key if name is None or is_missing(name) else label_of(t, table, key, row)


def lines_of_stop(t: Translator, city: City, key: str) -> list[Any]:
    """Return the lines that call at a stop or at the platforms of a station."""
    stops, times, trips = (city.tables[name] for name in ("stops", "stop_times", "trips"))
    if not len(times):
        return []
    own = {key, *stops.index[(stops["parent_id"] == key).to_numpy(dtype=bool)]}
    called = times.loc[times["stop_id"].isin(own), "trip_id"].unique()
    keys = trips["line_id"].reindex(called).dropna().unique()
    lines = city.tables["lines"].drop(columns="geometry").reindex(sorted(keys)).dropna(how="all")
    named = [(label_of(t, "lines", str(k), row), str(k)) for k, row in lines.iterrows()]
    if not named:
        return []
    links = [_link(label, "lines", k) for label, k in sorted(named)[:MOST_LINES]]
    return [_heading(t.text("Lines that stop here")), html.Div(links, className="links")]


def known_by(t: Translator, city: City, row: pd.Series[Any]) -> list[Any]:
    """Return which sources know a row, by their names."""
    keys = row.get("known_by")
    if keys is None or is_missing(keys):
        return []
    titles = {source.key: t.text(source.title) for source in city.info.sources}
    words = [key.partition(":")[0] for key in str(keys).split()]
    names = [t.text(FAMILIES[w]) if w in FAMILIES else titles.get(w, w) for w in words]
    return [html.P([t.text("Known to"), ": ", ", ".join(dict.fromkeys(names))])]


def _heading(text: str, sign: Any = None) -> html.Div:
    parts = [html.H3(text), *([sign] if sign is not None else [])]
    return html.Div(parts, className="fact-head")


def _badge(t: Translator, sources: Iterable[Any]) -> html.Span | None:
    """Return the badge of a whole table; None where its rows come from several kinds."""
    kinds = {str(source) for source in sources}
    return badge(t, kinds.pop()) if len(kinds) == 1 else None


def _line(label: str, value: list[Any]) -> html.Div:
    return html.Div(
        [
            html.Dt(html.Span(label)),
            html.Dd(html.Span(value, className="fact-values"), className="fact-main"),
        ],
        className="fact fact-bare",
    )


def _link(label: str, table: str, key: str) -> html.Button:
    pick = attrs(data_pick=f"{table}:{key}")
    return html.Button(label, type="button", className="link", **pick)
