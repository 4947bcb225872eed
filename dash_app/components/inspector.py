"""The panel on the right: everything the city knows of the picked thing, and how it knows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.belongings import (
    areas,
    envelope,
    known_by,
    lines_of_stop,
    roof_planes,
)
from dash_app.components.themes import by_theme
from dash_app.components.values import (
    attrs,
    badge,
    icon,
    is_missing,
    kind_line,
    label_of,
    value_text,
)
from twin.provenance import KINDS, kind_of
from twin.schema import TABLES, Column

if TYPE_CHECKING:
    import pandas as pd

    from dash_app.i18n import Translator
    from dash_app.state import Pick
    from twin.city import City

KEYS = frozenset({
    "from_node", "to_node", "way_id", "reverse_id", "part_of", "building_id", "link_id",
    "district_id", "block_id", "zone_id", "parcel_id", "cell_id", "parent_id", "other_ids",
    "known_by",
})  # fmt: skip
"""Columns that name other rows; they stand at the foot."""

SOURCE_LABEL = re.compile(rf"^(?:{'|'.join(KINDS)})(?::[a-z0-9_]+)?$")
"""A text that says where a whole row comes from, e.g. the border of a block."""

TITLE = {
    "buildings": frozenset({"name", "street", "housenumber"}),
    "addresses": frozenset({"street", "housenumber"}),
}
"""Columns the title of the panel already says; of all other tables, the name."""


def nothing_picked(t: Translator) -> list[Any]:
    """Return the panel before anything is picked: what to do next."""
    return [
        html.Div(
            [
                html.H2(t.text("Nothing selected"), className="panel-title"),
                html.P(
                    t.text(
                        "Click a building, a street or a place on the map, search for an address, "
                        "or choose a row in the table."
                    ),
                    className="quiet",
                ),
            ],
            className="inspector-empty",
        )
    ]


def inspector(t: Translator, city: City, pick: Pick) -> list[Any]:
    """Return the panel for one row of one table."""
    row = _row(city, pick.table, pick.id)
    opposite = _opposite(city, pick, row)
    return [
        _head(t, city, pick, row),
        *_groups(t, city, pick, row, opposite),
        *_belongings(t, city, pick, row),
        *_unknown(t, pick.table, row),
        _origin(t, city, pick, row),
    ]


def spoken(t: Translator, city: City, pick: Pick) -> str:
    """Return what the live region says about the picked thing."""
    row = _row(city, pick.table, pick.id)
    kind = t.text(TABLES[pick.table].label, context="one")
    return t.text("Selected: {kind} {name}", kind=kind, name=label_of(t, pick.table, pick.id, row))


def _row(city: City, table: str, key: str) -> pd.Series[Any]:
    frame = city.tables[table]
    return frame.iloc[int(frame.index.get_loc(key))]  # type: ignore[arg-type]


def _head(t: Translator, city: City, pick: Pick, row: pd.Series[Any]) -> html.Header:
    crumbs = [t.text(TABLES[pick.table].label, context="one"), *_district(city, row)]
    title = label_of(t, pick.table, pick.id, row)
    kind = kind_line(t, pick.table, row)
    name = row.get("name")
    below = [kind] if kind != title else []
    if pick.table == "buildings" and not is_missing(name) and name != title:
        below.insert(0, str(name))
    return html.Header(
        [
            html.Div(
                [
                    html.P(" · ".join(crumbs), className="crumbs"),
                    html.Button(
                        icon("close"),
                        className="button-bare",
                        title=t.text("Close"),
                        **attrs(data_do="unpick", aria_label=t.text("Close")),
                    ),
                ],
                className="inspector-top",
            ),
            html.H2(title, className="inspector-title"),
            html.P(" · ".join(filter(None, below)), className="inspector-kind"),
            html.Div(
                [
                    _action(t.text("To the map"), "target", "fly-to-pick"),
                    _action(t.text("Copy link"), "link", "copy-link"),
                ],
                className="actions",
            ),
        ]
    )


def _action(text: str, sign: str, do: str) -> html.Button:
    return html.Button(
        [icon(sign), html.Span(text)], className="button-small", **attrs(data_do=do), type="button"
    )


def _district(city: City, row: pd.Series[Any]) -> list[str]:
    key = row.get("district_id")
    if key is None or is_missing(key) or key not in city.tables["districts"].index:
        return []
    return [str(city.tables["districts"].loc[key, "name"])]


def _opposite(city: City, pick: Pick, row: pd.Series[Any]) -> pd.Series[Any] | None:
    key = row.get("reverse_id") if pick.table == "streets" else None
    if key is None or is_missing(key):
        return None
    return _row(city, "streets", str(key))


def _groups(
    t: Translator,
    city: City,
    pick: Pick,
    row: pd.Series[Any],
    opposite: pd.Series[Any] | None,
) -> list[Any]:
    """Return the facts, those of a building below headings."""
    columns = _shown(pick.table, row)
    if pick.table != "buildings":
        facts = [_fact(t, pick.table, column, row, opposite) for column in columns]
        if pick.table == "streets":
            flags = _flags(t, pick.table, row, opposite)
            facts = [*_directions(t, opposite), *facts, *flags]
        return [html.Dl(facts, className="facts")]
    parts: list[Any] = []
    if own := _addresses(t, city, pick):
        parts.append(html.Dl(own, className="facts"))
    for theme, group in by_theme(columns):
        parts.append(html.Div(html.H3(t.text(theme)), className="fact-head"))
        facts = [_fact(t, pick.table, column, row, None) for column in group]
        parts.append(html.Dl(facts, className="facts"))
    return parts


def _shown(table: str, row: pd.Series[Any]) -> list[Column]:
    """Return the columns that have a value and a line of their own."""
    said = TITLE.get(table, frozenset({"name"})) | KEYS
    return [
        column
        for column in TABLES[table].columns
        if column.name not in said
        and not is_missing(row[column.name])
        and not (column.type == "flag" and table == "streets")
    ]


def _belongings(t: Translator, city: City, pick: Pick, row: pd.Series[Any]) -> list[Any]:
    """Return what hangs together with a row in other tables."""
    parts = []
    if pick.table == "buildings":
        parts += [*roof_planes(t, city, pick.id), *envelope(t, city, pick.id)]
    if pick.table == "stops":
        parts += lines_of_stop(t, city, pick.id)
    return [*parts, *areas(t, city, row)]


def _addresses(t: Translator, city: City, pick: Pick) -> list[html.Div]:
    """Return the addresses of a building that has several."""
    points = city.tables["addresses"]
    own = points[points["building_id"] == pick.id] if pick.table == "buildings" else points[:0]
    if len(own) < 2:
        return []
    names = sorted({label_of(t, "addresses", str(key), row) for key, row in own.iterrows()})
    words = html.Span(", ".join(names), className="fact-words")
    return [_line(t.text("Addresses"), [words], None)]


def _directions(t: Translator, opposite: pd.Series[Any] | None) -> list[html.Div]:
    both = opposite is not None
    text = t.text("both directions") if both else t.text("one way")
    return [_line(t.text("Direction"), [html.Span(text, className="fact-value")], None)]


def _fact(
    t: Translator,
    table: str,
    column: Column,
    row: pd.Series[Any],
    opposite: pd.Series[Any] | None,
) -> html.Div:
    value = _value(t, table, column, row[column.name])
    if opposite is not None and _differs(row[column.name], opposite[column.name]):
        other = _value(t, table, column, opposite[column.name])
        value = [
            html.Span([icon("ahead"), *value], title=t.text("with the line")),
            html.Span([icon("back"), *other], title=t.text("against the line")),
        ]
    source = row.get(column.source) if column.source else None
    return _line(t.text(column.label), value, _source(t, source))


def _differs(one: Any, other: Any) -> bool:
    if is_missing(one) or is_missing(other):
        return is_missing(one) != is_missing(other)
    return bool(one != other)


def _value(t: Translator, table: str, column: Column, value: Any) -> list[Any]:
    if column.type == "text" and SOURCE_LABEL.match(str(value)):
        how = t.how(str(value))
        return [html.Span(how, className="how"), badge(t, str(value))] if how else [badge(t, value)]
    text, unit = value_text(t, table, column, value)
    parts: list[Any] = [html.Span(text or "–", className="fact-value")]
    return [*parts, html.Span(unit, className="unit")] if unit else parts


def _source(t: Translator, source: Any) -> list[Any] | None:
    if source is None or is_missing(source):
        return None
    how = t.how(str(source))
    return [badge(t, str(source)), html.Span(how, className="how")] if how else [badge(t, source)]


def _line(label: str, value: list[Any], source: list[Any] | None) -> html.Div:
    sign, how = (source or [None])[:1], (source or [])[1:]
    return html.Div(
        [
            html.Dt([html.Span(label), *how]),
            html.Dd(html.Span(value, className="fact-values"), className="fact-main"),
            *(html.Dd(part, className="fact-source") for part in sign if part is not None),
        ],
        className="fact" if source else "fact fact-bare",
    )


def _flags(
    t: Translator, table: str, row: pd.Series[Any], opposite: pd.Series[Any] | None
) -> list[html.Div]:
    """Return the many flags of a street: who may use it, what it is and what it is not."""
    flags = [c for c in TABLES[table].columns if c.type == "flag"]
    modes = [c for c in flags if c.name.startswith("allow_")]
    lines = [_modes(t, modes, row, t.text("Open to"))]
    if opposite is not None and any(row[c.name] != opposite[c.name] for c in modes):
        lines.append(_modes(t, modes, opposite, t.text("Open to, opposite direction")))
    others = [c for c in flags if c not in modes]
    for title, wanted in ((t.text("Applies"), True), (t.text("Does not apply"), False)):
        names = [t.text(c.label) for c in others if bool(row[c.name]) is wanted]
        if names:
            lines.append(_line(title, [html.Span(", ".join(names), className="fact-words")], None))
    return lines


def _modes(t: Translator, modes: list[Column], row: pd.Series[Any], title: str) -> html.Div:
    names = [t.text(c.label) for c in modes if row[c.name]]
    words = ", ".join(names) or t.text("nobody")
    return _line(title, [html.Span(words, className="fact-words")], None)


def _unknown(t: Translator, table: str, row: pd.Series[Any]) -> list[Any]:
    names = [
        t.text(c.label)
        for c in TABLES[table].columns
        if c.name not in KEYS and c.type != "flag" and is_missing(row[c.name])
    ]
    if not names:
        return []
    text = t.text("Not in the data: {names}", names=", ".join(names))
    return [html.P(text, className="unknown quiet")]


def _origin(t: Translator, city: City, pick: Pick, row: pd.Series[Any]) -> html.Section:
    sources = [s for s in city.info.sources if pick.table in s.tables] or list(city.info.sources)
    lines = [
        html.P(
            " · ".join(
                filter(
                    None,
                    (
                        t.text(s.title),
                        s.licence and t.text(s.licence),
                        t.date(s.date) if s.date else "",
                    ),
                )
            )
        )
        for s in sources
    ]
    keys = [
        html.P([t.text(c.label), ": ", html.Code(str(row[c.name]))])
        for c in TABLES[pick.table].columns
        if c.name in KEYS and not is_missing(row[c.name])
    ]
    return html.Section(
        [
            html.H3([icon("question"), t.text("Where does this come from?")]),
            *known_by(t, city, row),
            *_kinds(t, pick.table, row),
            *lines,
            html.Details(
                [
                    html.Summary(t.text("Keys")),
                    html.P([t.text("Key"), ": ", html.Code(pick.id)]),
                    *keys,
                ]
            ),
        ],
        className="origin",
    )


def _kinds(t: Translator, table: str, row: pd.Series[Any]) -> list[html.P]:
    """Say how many of the values that name their source come from which kind."""
    sources = [
        kind_of(str(row[column.source]))
        for column in TABLES[table].columns
        if column.source and not is_missing(row[column.name])
    ]
    parts = [f"{sources.count(kind)} {t.kind(kind)}" for kind in KINDS if kind in sources]
    if not parts:
        return []
    text = t.text("Values that name their source: {parts}", parts=", ".join(parts))
    return [html.P(text)]
