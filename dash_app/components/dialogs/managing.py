"""Dialogs about one scenario: its menu, its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.dialogs.parts import action, framed, labelled
from dash_app.components.history import clock, kept_badge, message_of
from dash_app.components.native import Input
from dash_app.components.scenario_tree import refused
from dash_app.components.values import attrs
from twin.errors import TwinError

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from dash_app.api.context import Context
    from dash_app.i18n import Translator
    from dash_app.workspace.viewer import Viewer
    from twin.scenario import Scenario


def scenario_menu(
    t: Translator, desk: Context, viewer: Viewer, asked: dict[str, Any]
) -> list[Component]:
    """Return what can be done with a scenario."""
    key = str(asked.get("id") or "")
    try:
        version, scenario = desk.projects.open(key, viewer=viewer)
    except TwinError as error:
        return framed(t, t.text("Scenario"), [refused(t, error)])
    public = desk.projects.store.entry(key).public
    name = Input(id="scenario-name", type="text", maxLength=200, value=scenario.name)
    note = html.Textarea(
        scenario.note, id="scenario-note", rows=3, maxLength=20_000, className="dialog-note"
    )
    stages = Input(
        id="scenario-stages", type="text", inputMode="numeric",
        value=", ".join(map(str, scenario.stages)),
    )  # fmt: skip
    inside = [
        labelled(t.text("Name"), name),
        labelled(t.text("Note", context="scenario"), note),
        labelled(t.text("Years it is answered for"), stages),
        html.Div(
            action(t.text("Save changes"), "scenario-save", main=True, data_id=key,
                   data_version=str(version.number),
                   data_stages=",".join(map(str, scenario.stages))),
            className="dialog-buttons",
        ),
        html.Hr(),
        html.Div(_actions(t, key, scenario, public=public),
                 className="dialog-buttons dialog-actions"),
        html.P(
            t.text("Version {number}, {hash}. A deleted scenario can be taken back.",
                   number=str(version.number), hash=scenario.hash[:12]),
            className="quiet",
        ),
    ]  # fmt: skip
    return framed(t, scenario.name or t.text("Scenario without name"), inside)


def _actions(t: Translator, key: str, scenario: Scenario, *, public: bool) -> list[Component]:
    """Return what can be done besides changing words: versions, copies, files, the public."""
    copied = t.text("{name} (copy)", name=scenario.name)
    return [
        action(t.text("Versions"), "dialog", data_dialog="versions", data_id=key),
        action(t.text("Duplicate"), "duplicate", data_id=key, data_name=copied),
        html.A(
            t.text("Export as file"), className="button-outline",
            href=f"/api/scenarios/{key}/file", download=f"{scenario.name or key}.json",
        ),
        action(
            t.text("Withdraw from the public") if public else t.text("Publish"),
            "publish", data_id=key, data_public="" if public else "yes",
        ),
        action(
            t.text("Delete"), "archive", data_id=key,
            data_said=t.text("{name} was deleted. It can be taken back under: New "
                             "scenario, Deleted scenarios.", name=scenario.name),
        ),
    ]  # fmt: skip


def versions(
    t: Translator, desk: Context, viewer: Viewer, asked: dict[str, Any]
) -> list[Component]:
    """Return every version, with the names given to some, and the field that names the present."""
    key = str(asked.get("id") or "")
    try:
        steps = desk.projects.history(key, viewer=viewer)
    except TwinError as error:
        return framed(t, t.text("Versions"), [refused(t, error)])
    head = next(step for step in steps if step.is_head)
    name = Input(id="keep-name", type="text", maxLength=200, value=head.kept_as)
    rows = [
        html.Tr(
            [
                html.Td(str(step.number), className="is-number"),
                html.Td([message_of(t, step), " ", *kept_badge(step)]),
                html.Td(step.author or "–"),
                html.Td(clock(t, step.at)),
                html.Td(
                    t.text("on screen") if step.is_head
                    else action(t.text("Go to"), "go-to", data_number=str(step.number),
                                data_id=key, data_version=str(head.number),
                                aria_label=t.text("Go to version {number}",
                                                  number=str(step.number)))
                ),
            ]
        )
        for step in reversed(steps)
    ]  # fmt: skip
    labels = (t.text("Number"), t.text("What"), t.text("Who"), t.text("When"), "")
    table = html.Table(
        [
            html.Caption(t.text("All versions, the newest first"), className="quiet"),
            html.Thead(html.Tr([html.Th(label, **attrs(scope="col")) for label in labels])),
            html.Tbody(rows),
        ],
        className="rows dialog-table",
    )
    inside = [
        labelled(t.text("Keep the present version under a name"), name),
        html.Div(
            action(t.text("Keep"), "keep", main=True, data_id=key, data_number=str(head.number)),
            className="dialog-buttons",
        ),
        html.Div(table, className="dialog-scroll", tabIndex=0, role="region",
                 **attrs(aria_label=t.text("Versions"))),
    ]  # fmt: skip
    return framed(t, t.text("Versions"), inside)
