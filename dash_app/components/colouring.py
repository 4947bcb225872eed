"""Colour the map by a column: the choice, its legend with counts, its scale for the map."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app import ids
from dash_app.components.themes import by_theme
from dash_app.components.values import attrs, share_text, unit_text, value_line
from dash_app.map.colours import Scale, colourable, scale_for
from dash_app.map.routes import index_url
from dash_app.state import COLOURABLE, COLOURED_BESIDES, coloured
from twin.provenance import KINDS, kind_of
from twin.schema import TABLES, Column

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.state import ViewState
    from twin.city import City


def colour_panel(t: Translator, city: City, state: ViewState) -> html.Section:
    """Return the choice of a column and the place of its legend."""
    columns = [c for c in colourable(city) if c.name in COLOURABLE]
    grouped = by_theme(columns)
    return html.Section(
        [
            html.Div(
                html.H2(
                    html.Label(t.text("Colour by"), htmlFor="colour-column"),
                    className="panel-title",
                ),
                className="panel-head",
            ),
            html.Select(
                [
                    html.Option(t.text("no colour"), value=""),
                    *(_group(t, t.text(theme), own) for theme, own in grouped),
                    *_besides(t, city),
                ],
                id="colour-column",
            ),
            html.Div(
                legend(t, city, state.colour, smooth=state.smooth),
                id=ids.LEGEND,
                className="legend",
            ),
        ],
        className="panel-section",
    )


def _group(t: Translator, label: str, columns: list[Column]) -> html.Optgroup:
    options = [html.Option(t.text(c.label), value=c.name) for c in columns]
    return html.Optgroup(options, label=label)


def _besides(t: Translator, city: City) -> list[html.Optgroup]:
    """Return the columns of other tables the map can be coloured by."""
    groups = []
    for table, names in COLOURED_BESIDES.items():
        columns = [c for c in colourable(city, table) if c.name in names]
        one = t.text(TABLES[table].label, context="one")  # said again: a closed list shows no group
        options = [
            html.Option(f"{one}: {t.text(c.label)}", value=f"{table}.{c.name}") for c in columns
        ]
        if options:
            groups.append(html.Optgroup(options, label=t.text(TABLES[table].label)))
    return groups


def paint_json(city: City, name: str | None, *, smooth: bool) -> dict[str, Any] | None:
    """
    Return what the map needs to colour by a column, in both themes; None for no colour.

    `name` is an entry of `state.COLOURABLE`.
    """
    if name is None:
        return None
    table, described = coloured(name)
    light, dark = scales(city, name, smooth=smooth)
    root = index_url(city).removesuffix("/index.json")
    return {
        "table": table,
        "column": name,
        "smooth": smooth,
        "kind": light.kind,
        "breaks": list(light.breaks),
        "url": f"{root}/column/{table}/{described.name}",
        "light": {"colours": list(light.colours), "nodata": light.nodata},
        "dark": {"colours": list(dark.colours), "nodata": dark.nodata},
    }


def scales(city: City, name: str, *, smooth: bool) -> tuple[Scale, Scale]:
    """Return the scale of a column in light and dark; words are never continuous."""
    table, column = coloured(name)
    kind: Any = "continuous" if smooth and column.type == "number" else None
    light = scale_for(city, table, column.name, theme="light", kind=kind)
    return light, scale_for(city, table, column.name, theme="dark", kind=kind)


def legend(t: Translator, city: City, name: str | None, *, smooth: bool) -> list[Any]:
    """Return the legend of a column: classes with counts, what is missing, how firm it is."""
    if name is None:
        return []
    table, column = coloured(name)
    light, dark = scales(city, name, smooth=smooth)
    rows = _ramp(t, column, light, dark) if light.kind == "continuous" else []
    if light.kind != "continuous":
        words = _class_words(t, column, light, whole=_is_whole(city, table, column))
        rows = [
            html.Ul([
                _row(t, *row)
                for row in zip(light.colours, dark.colours, words, light.counts, strict=True)
            ])
        ]  # fmt: skip
    if light.missing:
        missing = _row(t, light.nodata, dark.nodata, t.text("no value"), light.missing)
        rows.append(html.Ul([missing]))
    return [*_head(t, column, light, smooth=smooth), *rows, *_firmness(t, city, table, column)]


def _head(t: Translator, column: Column, scale: Scale, *, smooth: bool) -> list[Any]:
    if column.type != "number":
        return []
    unit = t.text("in {unit}", unit=unit_text(t, column)) if column.unit else ""
    choices = ((t.text("Classes"), False), (t.text("Continuous"), True))
    buttons = [
        html.Button(
            words,
            type="button",
            **attrs(
                data_smooth="yes" if value else "no", aria_pressed=str(value is smooth).lower()
            ),
        )
        for words, value in choices
    ]
    label = t.text("Kind of colour scale for {column}", column=t.text(scale.label))
    group = html.Div(buttons, className="segments", role="group", **attrs(aria_label=label))
    return [html.Div([html.Span(unit, className="quiet"), group], className="legend-head")]


def _row(t: Translator, light: str, dark: str, words: str, count: int) -> html.Li:
    colours: dict[str, Any] = {"--of-light": light, "--of-dark": dark}
    return html.Li(
        [
            html.Span(className="chip swatch", style=colours),
            html.Span(words),
            html.Span(t.number(count), className="count"),
        ],
        className="legend-row",
    )


def _class_words(t: Translator, column: Column, scale: Scale, *, whole: bool) -> list[str]:
    """Return the name of each class: a word, or its limits."""
    if column.type == "flag":
        return [t.text("no"), t.text("yes")]
    if column.type == "category":
        return [t.word(word, f"buildings.{column.name}") for word in scale.breaks]
    if not scale.breaks:
        return [_limit(t, column, scale.low)]
    if whole:
        return _whole_words(t, column, scale)
    limits = [_limit(t, column, value) for value in scale.breaks]
    middle = [t.text("{low} to under {high}", low=low, high=high) for low, high in pairwise(limits)]
    return [t.text("under {limit}", limit=limits[0]), *middle,
            t.text("from {limit}", limit=limits[-1])]  # fmt: skip


def _whole_words(t: Translator, column: Column, scale: Scale) -> list[str]:
    """Return classes of whole numbers by their first and last one: "1", "4 to 5", "from 10"."""
    starts = [scale.low or 0.0, *scale.breaks]
    words = []
    for first, after in pairwise(starts):
        low, high = _limit(t, column, first), _limit(t, column, after - 1)
        words.append(low if low == high else t.text("{low} to {high}", low=low, high=high))
    return [*words, t.text("from {limit}", limit=_limit(t, column, starts[-1]))]


def _limit(t: Translator, column: Column, value: float | None) -> str:
    unitless = Column(column.name, column.type, column.label)
    return value_line(t, "buildings", unitless, value)


def _ramp(t: Translator, column: Column, light: Scale, dark: Scale) -> list[Any]:
    colours: dict[str, Any] = {
        "--of-light": f"linear-gradient(to right,{','.join(light.colours)})",
        "--of-dark": f"linear-gradient(to right,{','.join(dark.colours)})",
    }
    places = (light.breaks[0], light.breaks[len(light.breaks) // 2], light.breaks[-1])
    ends = [html.Span(_limit(t, column, value)) for value in places]
    return [
        html.Div(className="ramp ramp-smooth", style=colours),
        html.Div(ends, className="ramp-ends"),
    ]


def _is_whole(city: City, table: str, column: Column) -> bool:
    values = city.tables[table][column.name].dropna()
    return column.type == "number" and bool((values == values.round()).all())


def _firmness(t: Translator, city: City, table: str, column: Column) -> list[Any]:
    """Say which share of the values is measured, tagged, estimated ..."""
    if not column.source:
        return []
    frame = city.tables[table]
    sources = frame[column.source][frame[column.name].notna()].dropna()
    counts = sources.value_counts().groupby(kind_of).sum()
    total = int(counts.sum())
    parts = [
        f"{share_text(t, int(counts[kind]), total)} {t.kind(kind)}"
        for kind in KINDS
        if kind in counts.index
    ]
    return [html.P(" · ".join(parts), className="quiet firmness")] if parts else []
