"""Data and quality: where everything comes from, how much there is, what was noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.values import attrs, badge, icon, share_text
from twin.provenance import KINDS, kind_of
from twin.schema import TABLES, Column

if TYPE_CHECKING:
    import pandas as pd

    from dash_app.i18n import Translator
    from twin.city import City
    from twin.provenance import Finding, Source

SEVERITY = {"fault": "Fault", "warning": "Warning", "info": "Note"}


def quality_panel(t: Translator, city: City) -> list[Any]:
    """Return the whole view."""
    return [
        html.Article(
            [
                html.H2(t.text("Data and quality", context="view"), className="view-title"),
                *_model_town(t, city),
                html.H3(t.text("Sources and licences")),
                *_sources(t, city),
                html.H3(t.text("What the city holds")),
                _counts(t, city),
                html.H3(t.text("How firm the values are")),
                _shares(t, city),
                html.H3(t.text("Quality report")),
                *_findings(t, city),
                html.P(
                    [t.text("Content hash"), ": ", html.Code(city.hash), " · ", city.crs],
                    className="quiet",
                ),
            ],
            className="article",
        )
    ]


def _model_town(t: Translator, city: City) -> list[Any]:
    if not city.info.model_town:
        return []
    text = t.text("This town is generated from published figures. No building is real.")
    return [html.P([icon("warning"), html.Span(text)], className="warning")]


def _sources(t: Translator, city: City) -> list[Any]:
    if not city.info.sources:
        return [html.P(t.text("No source is named in this city."), className="quiet")]
    return [html.Div([_source(t, source) for source in city.info.sources], className="cards")]


def _source(t: Translator, source: Source) -> html.Section:
    tables = ", ".join(t.text(TABLES[name].label) for name in source.tables if name in TABLES)
    facts = (
        (t.text("Licence"), t.text(source.licence) if source.licence else ""),
        (t.text("Licence text"), source.licence_url),
        (t.text("Credit line"), t.text(source.attribution)),
        (t.text("Data as of"), t.date(source.date) if source.date else ""),
        (t.text("Read on"), t.date(source.retrieved) if source.retrieved else ""),
        (t.text("From"), source.url),
        (t.text("Gives"), tables),
        (t.text("Note"), t.text(source.note) if source.note else ""),
        (t.text("Checksum"), source.sha256[:16]),
    )
    return html.Section(
        [
            html.H4(t.text(source.title)),
            html.Dl(
                [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts if value],
                className="pairs",
            ),
        ],
        className="card",
    )


def _counts(t: Translator, city: City) -> html.Table:
    rows = [
        html.Tr(
            [
                html.Th(t.text(table.label), scope="row"),
                html.Td(t.number(len(city.tables[name])), className="is-number"),
            ]
        )
        for name, table in TABLES.items()
    ]
    head = html.Thead(
        html.Tr(
            [
                html.Th(t.text("Table"), scope="col"),
                html.Th(t.text("Rows"), scope="col", className="is-number"),
            ]
        )
    )
    return html.Table([head, html.Tbody(rows)], className="rows rows-narrow")


def _shares(t: Translator, city: City) -> html.Div:
    pairs = [
        (table, column)
        for table in TABLES.values()
        for column in table.columns
        if column.source and len(city.tables[table.name])
    ]
    rows = [_share_row(t, table.name, column, city.tables[table.name]) for table, column in pairs]
    head = [html.Th(t.text("Value"), scope="col")]
    head += [html.Th(badge(t, kind), scope="col", className="is-number") for kind in KINDS]
    head += [html.Th(t.text("missing"), scope="col", className="is-number")]
    return html.Div(
        html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="rows"),
        className="table-scroll",
        tabIndex=0,
        role="region",
        **attrs(aria_label=t.text("How firm the values are")),
    )


def _share_row(t: Translator, table: str, column: Column, frame: pd.DataFrame) -> html.Tr:
    sources = frame[column.source].where(frame[column.name].notna())
    counts = sources.dropna().value_counts()
    by_kind = counts.groupby(kind_of).sum()
    cells = [_share(t, int(by_kind.get(kind, 0)), len(frame)) for kind in KINDS]
    cells.append(_share(t, int(sources.isna().sum()), len(frame)))
    label = f"{t.text(TABLES[table].label)}: {t.text(column.label)}"
    return html.Tr([html.Th(label, scope="row"), *cells])


def _share(t: Translator, count: int, total: int) -> html.Td:
    text = share_text(t, count, total) if count else "–"
    return html.Td(text, className="is-number", title=t.number(count))


def _findings(t: Translator, city: City) -> list[Any]:
    if not city.info.findings:
        return [html.P(t.text("Nothing was noticed while building."), className="quiet")]
    rank = list(SEVERITY)
    ordered = sorted(city.info.findings, key=lambda f: (rank.index(f.severity), -f.count))
    return [html.Ul([_finding(t, finding) for finding in ordered], className="findings")]


def _finding(t: Translator, finding: Finding) -> html.Li:
    severity = t.text(SEVERITY[finding.severity])
    table = TABLES.get(finding.table)
    parts: list[Any] = [
        html.Span(severity, className=f"severity severity-{finding.severity}"),
        html.Span(f"{t.text(table.label)}: " if table else "", className="quiet"),
        html.Span(t.finding(finding)),
    ]
    if finding.examples:
        examples = ", ".join(finding.examples)
        parts.append(html.Small(t.text("e.g. {examples}", examples=examples), className="quiet"))
    return html.Li(parts)
