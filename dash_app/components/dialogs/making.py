"""Dialogs in which something begins: a scenario, a measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.dialogs.parts import action, framed, labelled
from dash_app.components.measure_form.kinds import FAMILIES
from dash_app.components.native import Input
from dash_app.components.values import attrs, icon

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dash_app.api.context import Context
    from dash_app.i18n import Translator
    from dash_app.workspace.viewer import Viewer

FAMILY_LABELS = (
    "Buildings: envelope and heating", "Solar power", "Heat networks", "Land use and building",
    "Rules on streets", "Streets and junctions", "Parking and sharing", "Public transport",
    "Town-wide", "Places",
)  # fmt: skip
"""Headings of `FAMILIES`, in their order."""

HELP: dict[str, str] = {
    "retrofit": "Renovate envelopes, some a year or until a year",
    "heating_change": "Another heating: heat pump, network, biomass",
    "behaviour": "Lower room temperature, less hot water",
    "photovoltaics": "Solar power on roofs",
    "battery": "Store own solar power",
    "heat_network": "A network of pipes: drawn, named or found by density",
    "network_sources": "What heats the water of a network",
    "new_development": "New buildings on an area",
    "demolition": "Take buildings away",
    "use_change": "Another use of buildings",
    "speed_limit": "Another speed limit, such as Tempo 30",
    "cycle_street": "Bicycles first, cars for residents",
    "modal_filter": "Let bicycles and feet through, not cars",
    "one_way": "One direction for cars",
    "street_closure": "No motor traffic at all",
    "lanes": "More or fewer lanes",
    "cycle_facility": "A lane or path for bicycles",
    "junction_control": "Signals, roundabout, right of way",
    "new_link": "A new street, path or bridge",
    "parking": "Spaces, prices, rules",
    "car_sharing": "Shared cars nearby",
    "mobility_hub": "Bus, bicycle and shared cars at one place",
    "charging_points": "Where cars can charge",
    "transit_headway": "A line more or less often",
    "transit_priority": "Buses get through faster",
    "transit_line": "A new line",
    "transit_line_removed": "A line that runs no more",
    "transit_stop": "A new, moved or closed stop",
    "energy_price": "Another price of an energy carrier",
    "grid_mix": "Another mix of electricity",
    "electric_fleet": "Share of electric cars by year",
    "work_from_home": "More work from home",
    "place_moved": "A school or shop at another place",
}
"""One sentence a kind of measure."""


def new_scenario(
    t: Translator, desk: Context, viewer: Viewer, asked: dict[str, Any]
) -> list[Component]:
    """Return the choice: empty, from an example, a copy, or a file."""
    del asked
    plain = t.text("New scenario")
    options: list[Component] = [
        html.Option(t.text("Empty"), value="", **attrs(data_name=plain)),
        *_sources(t, desk, viewer),
    ]
    name = Input(id="new-name", type="text", maxLength=200, autoComplete="off", value=plain)
    file = Input(
        id="new-file", type="file",
        **attrs(
            data_work="import-file", aria_label=t.text("Scenario file"),
            data_wrong=t.text("This file is no scenario: it holds no JSON. Choose a file made by "
                              "the export of a scenario."),
            data_large=t.text("This file is too large to be a scenario (more than 20 MB)."),
        ),
    )  # fmt: skip
    inside = [
        labelled(t.text("Name"), name),
        labelled(t.text("Start from"),
                 html.Select(options, id="new-from", **attrs(data_work="new-from"))),
        *_notes(desk),
        html.Div(
            [action(t.text("Create"), "new-scenario", main=True),
             action(t.text("Cancel"), "close-dialog")],
            className="dialog-buttons",
        ),
        html.Hr(),
        labelled(t.text("Or read a scenario file"), file),
        html.P(t.text("A file made by the export of a scenario, of this or another computer."),
               className="quiet"),
        html.Button(
            t.text("Take over for this city"), type="button", className="button-outline",
            id="import-rebase", hidden=True, **attrs(data_work="import-rebase"),
        ),
    ]  # fmt: skip
    gone = _gone(t, desk, viewer)
    return framed(t, t.text("New scenario"), [*inside, *gone])


def _sources(t: Translator, desk: Context, viewer: Viewer) -> list[Component]:
    """Return what a scenario can start from besides nothing; empty groups are left out."""
    groups: dict[str, list[Component]] = {
        t.text("Examples"): [
            _source(f"template:{one.key}", one.name, one.name) for one in desk.projects.templates()
        ],
        t.text("Copy of"): [
            _source(
                f"copy:{entry.id}", entry.head.name, t.text("{name} (copy)", name=entry.head.name)
            )
            for entry in desk.projects.entries(viewer)
        ],
        t.text("From an earlier state of this town"): [
            _source(f"earlier:{entry.id}", entry.head.name, entry.head.name)
            for entry in desk.projects.earlier(viewer)
        ],
    }
    return [html.Optgroup(found, label=label) for label, found in groups.items() if found]


def _source(value: str, label: str, name: str) -> html.Option:
    return html.Option(label, value=value, **attrs(data_name=name))


def _notes(desk: Context) -> list[Component]:
    """Return what each example is about; the script shows that of the one chosen."""
    return [
        html.P(one.note, className="quiet", hidden=True, **attrs(data_about=f"template:{one.key}"))
        for one in desk.projects.templates()
        if one.note
    ]


def _gone(t: Translator, desk: Context, viewer: Viewer) -> list[Component]:
    """Return what was deleted, to be taken back."""
    entries = desk.projects.entries(viewer, archived=True)
    if not entries:
        return []
    rows = [
        html.Li(
            [html.Span(entry.head.name), action(t.text("Take back"), "restore", data_id=entry.id)]
        )
        for entry in entries
    ]
    summary = html.Summary(t.text("Deleted scenarios"))
    return [html.Details([summary, html.Ul(rows, className="dialog-rows")])]


def kinds(t: Translator, desk: Context, viewer: Viewer, asked: dict[str, Any]) -> list[Component]:
    """Return all kinds of measures, by theme, with a sentence each."""
    del desk, viewer, asked
    search = Input(
        id="kind-search", type="search", autoComplete="off", placeholder=t.text("Search"),
        **attrs(data_filter="kind", aria_label=t.text("Search for a kind of measure")),
    )  # fmt: skip
    sections = [
        html.Section(
            [
                html.H3(t.text(label), className="kinds-title"),
                html.Ul([html.Li(_kind(t, kind)) for kind in family], className="kinds"),
            ],
            className="kinds-group",
        )
        for label, family in zip(FAMILY_LABELS, FAMILIES, strict=True)
    ]
    found = html.P(t.text("No kind of measure by this name."), id="kind-none", hidden=True)
    return framed(t, t.text("New measure"), [search, *sections, found])


def _kind(t: Translator, kind: str) -> html.Button:
    word = t.word(kind, "measure")
    return html.Button(
        [
            html.Span(word[:1].upper() + word[1:], className="kind-name"),
            html.Span(t.text(HELP[kind]), className="quiet"),
            icon("ahead"),
        ],
        type="button",
        className="kind",
        **attrs(data_work="new-measure", data_kind=kind),
    )
