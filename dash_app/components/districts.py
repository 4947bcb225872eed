"""The districts on the left: fly there, show only one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.values import attrs, icon, is_missing
from twin.provenance import kind_of

if TYPE_CHECKING:
    import pandas as pd

    from dash_app.i18n import Translator
    from dash_app.state import ViewState
    from twin.city import City


def district_list(t: Translator, city: City, state: ViewState) -> html.Section:
    """Return the list of districts: parts of the town first, then whole municipalities."""
    table = city.tables["districts"]
    rows = table.drop(columns="geometry").sort_values(["level", "name"], ascending=[False, True])
    items: list[Any] = [
        _district(t, str(key), row, chosen=key == state.district) for key, row in rows.iterrows()
    ]
    if not items:
        text = t.text("The data hold no districts. A build with a boundary file adds them.")
        body: Any = html.P(text, className="quiet")
    else:
        body = html.Ul(items, className="districts")
    return html.Section(
        [
            html.Div(
                [
                    html.H2(t.text("Districts"), className="panel-title"),
                    html.Span(_residents_title(t, rows), className="quiet"),
                ],
                className="panel-head",
            ),
            body,
        ],
        className="panel-section",
    )  # fmt: skip


def _residents_title(t: Translator, rows: pd.DataFrame) -> str:
    """Return what the numbers of the list are, and how firm: "Residents, estimated"."""
    kinds = dict.fromkeys(kind_of(str(source)) for source in rows["residents_source"].dropna())
    words = [t.text("Residents"), *(t.kind(kind) for kind in kinds)]
    return ", ".join(words) if kinds else ""


def _district(t: Translator, key: str, row: pd.Series[Any], *, chosen: bool) -> html.Li:
    name = str(row["name"])
    residents = row["residents"]
    fact = "" if is_missing(residents) else t.number(residents)
    only = t.text("Show only {name}", name=name)
    return html.Li(
        [
            html.Button(
                [html.Span(name, className="district-name"), html.Span(fact, className="quiet")],
                type="button",
                className="district",
                title=t.text("Fly to {name}", name=name),
                **attrs(data_pick=f"districts:{key}", data_fly="yes"),
            ),
            html.Button(
                icon("filter"),
                type="button",
                className="button-bare",
                title=only,
                **attrs(data_district=key, aria_pressed=str(chosen).lower(), aria_label=only),
            ),
        ]
    )
