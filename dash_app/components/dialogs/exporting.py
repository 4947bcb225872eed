"""The dialog that says what can be taken along: maps, tables, layers, the scenario, a link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from dash import html

from dash_app.components.dialogs.parts import action, framed
from dash_app.components.values import attrs
from dash_app.export.sizes import SIZES
from dash_app.state import SHOWN, VIEWS
from dash_app.views import label_of, problem_of
from dash_app.workspace.maps import view_of
from dash_app.workspace.screen import work_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash.development.base_component import Component

    from dash_app.api.context import Context
    from dash_app.i18n import Translator
    from dash_app.views import View
    from dash_app.workspace.viewer import Viewer
    from dash_app.workspace.work import Side, Work


def exporting(
    t: Translator, desk: Context, viewer: Viewer, asked: dict[str, Any]
) -> list[Component]:
    """Return what can be taken along of the screen: of what the map shows, in its year."""
    work, _ = work_of(desk, asked, viewer)
    view = view_of(work, str(asked.get("view") or ""))
    before, after = work.pair
    inside: list[Component] = [
        html.P(_what(t, work, view), className="quiet"),
        *_part(t.text("This view"), [
            action(t.text("Picture of this view"), "picture",
                   data_name=f"{desk.city.name}.png",
                   data_failed=t.text("The picture could not be drawn.")),
            action(t.text("Copy link with fixed versions"), "copy-text",
                   data_text=pinned(work, asked),
                   data_done=t.text("The link is copied."),
                   data_failed=t.text("The link could not be copied.")),
        ]),
    ]  # fmt: skip
    ready = after.year(work.year) is not None and (
        work.shown != "diff" or before.year(work.year) is not None
    )
    if ready:
        inside += _of_results(t, work, view)
    else:
        text = t.text("Maps, tables and layers are to be had here once the values are computed.")
        inside.append(html.P(text, role="status"))
    inside += _scenarios(t, work)
    return framed(t, t.text("Take along"), inside)


def _of_results(t: Translator, work: Work, view: View | None) -> list[Component]:
    before, after = work.pair
    query: dict[str, Any] = {"hash": after.hash, "year": work.year, "lang": t.lang}
    drawn = dict(query)
    found = after.year(work.year)
    useful = view is not None and found is not None and not problem_of(view, found, work.city)
    if view is not None and useful:
        drawn["view"] = view.name
        drawn |= {"minus": before.hash} if work.shown == "diff" else {}
        drawn |= {"hour": work.hour} if view.at_hour(work.hour) is not None else {}
    tables = query | {"other": before.hash}
    levels = {"city": t.text("City"), "district": t.table("districts"), "block": t.table("blocks")}
    parts = _part(t.text("Map on paper"), [_sheets(t, drawn)], plain=True)
    if before.year(work.year) is not None:
        links = [
            _link(f"{words} · {form.upper()}", f"indicators.{form}", tables | {"level": level})
            for level, words in levels.items()
            for form in ("xlsx", "csv")
        ]
        parts += _part(t.text("Table of indicators"), links)
    if view is not None and useful:
        one = query | {"views": view.name}
        parts += _part(t.text("Layer for a GIS"), [
            _link("GeoPackage", "layers.gpkg", one),
            _link("GeoParquet", "layer.parquet", one),
        ])  # fmt: skip
    return parts


def _sheets(t: Translator, query: dict[str, Any]) -> html.Table:
    """Return a row of links for each size of paper."""
    words = {False: t.text("landscape"), True: t.text("portrait")}
    head = [html.Th(t.text("Paper"), scope="col")]
    head += [html.Th(word, scope="colgroup", colSpan=2) for word in words.values()]
    rows = []
    for size, (width, height) in SIZES.items():
        measures = t.text("{width} × {height} mm", width=width, height=height)
        cells: list[Component] = [html.Th(f"{size}, {measures}", scope="row")]
        for portrait, word in words.items():
            sheet = query | {"size": size, "portrait": str(portrait).lower()}
            for form in ("pdf", "png"):
                label = f"{form.upper()}, {size}, {word}"
                link = _link(form.upper(), f"map.{form}", sheet, label=label, bare=True)
                cells.append(html.Td(link))
        rows.append(html.Tr(cells))
    return html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="rows export-sheets")


def _part(title: str, inside: Sequence[Component], *, plain: bool = False) -> list[Component]:
    body = list(inside) if plain else [html.Div(list(inside), className="dialog-buttons")]
    return [
        html.Section([html.H3(title, className="export-title"), *body], className="export-part")
    ]


def _link(
    words: str, name: str, query: dict[str, Any], *, label: str = "", bare: bool = False
) -> html.A:
    more = attrs(aria_label=label) if label else {}
    return html.A(
        words, href=f"/api/export/{name}?{urlencode(query)}", download=name,
        className="export-link" if bare else "button-outline", **more,
    )  # fmt: skip


def _what(t: Translator, work: Work, view: View | None) -> str:
    """Return what is taken along, in words."""
    before, after = work.pair
    parts = [label_of(view, t) if view else t.text("Plain city"), _name(t, after), str(work.year)]
    if work.shown == "diff":
        template = "{name} compared with {other}"
        parts[1] = t.text(template, name=_name(t, after), other=_name(t, before))
    if view is not None and view.at_hour(work.hour) is not None:
        parts.append(t.time(60 * (work.hour or 0)))
    return ", ".join(parts)


def _name(t: Translator, side: Side) -> str:
    if side.key == "base":
        return t.text("Today", context="baseline")
    return side.scenario.name or t.text("Scenario without name")


def _scenarios(t: Translator, work: Work) -> list[Component]:
    """Return the files of the scenarios on screen, as they were saved."""
    saved = [(side, side.version) for side in work.sides if side.id and side.version is not None]
    links = [
        html.A(
            t.text("{name}, version {number}", name=_name(t, side), number=str(version.number)),
            href=f"/api/scenarios/{side.id}/file?version={version.number}",
            download="scenario.json",
            className="button-outline",
        )
        for side, version in saved
    ]
    return _part(t.text("Scenario as a file"), links) if links else []


def pinned(work: Work, asked: dict[str, Any]) -> str:
    """Return the address of this screen with the versions that are shown, later ones or not."""
    parts: dict[str, str] = {"lang": str(asked.get("lang") or "de")}
    if asked.get("view") in VIEWS:
        parts["view"] = str(asked["view"])
    for side in (work.a, work.b):
        if side is not None and side.version is not None:
            parts[side.key] = f"{side.id}@{side.version.number}"
    if work.shown in SHOWN and work.shown != "base":
        parts["shown"] = work.shown
    parts["year"] = str(work.year)
    if work.theme:
        parts["value"] = work.theme
    if work.hour is not None:
        parts["hour"] = str(work.hour)
    return f"/?{urlencode(parts, safe='@')}"
