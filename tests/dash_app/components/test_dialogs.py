"""Dialogs: every kind of measure, conflicts side by side, files that do not fit, hostile names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from dash_app.components.dialogs import dialog
from dash_app.i18n import translator
from dash_app.workspace.projects import Projects
from dash_app.workspace.viewer import PUBLIC, Viewer
from layers.project_store import open_store
from tests.conftest import make_toy_city
from tests.dash_app.as_html import as_html, controls
from twin.measures import MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twin.city import City

PLANNER = Viewer("planner", "Ada", fine=True)
TEMPO = {
    "kind": "speed_limit", "id": "tempo", "speed_kmh": 30.0, "select": {"classes": ["residential"]},
}  # fmt: skip
EVIL = "<img src=x onerror=alert(1)>"


@dataclass
class Desk:
    projects: Projects

    @property
    def city(self) -> City:
        return self.projects.city


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_store(tmp_path / "p.sqlite") as store:
        yield Desk(Projects(store, toy()))


@cache
def toy() -> City:
    return make_toy_city()


def shown(desk: Desk, name: str, viewer: Viewer = PLANNER, **asked: Any) -> str:
    content: Any = dialog(translator("en"), desk, viewer, {"name": name, **asked})  # type: ignore[arg-type]
    return as_html(content)


def works(html: str, action: str, argument: str = "data-id") -> list[str]:
    """Return one argument of every control that does something."""
    return [one[argument] for one in controls(html) if one["data-work"] == action]


def test_every_kind_of_measure_can_be_chosen_once(desk: Desk) -> None:
    html = shown(desk, "kinds")
    assert sorted(works(html, "new-measure", "data-kind")) == sorted(MEASURES)


def test_a_new_scenario_starts_from_what_there_is(desk: Desk) -> None:
    key = desk.projects.create(PLANNER, EVIL).scenario_id
    html = shown(desk, "new")
    assert f'value="copy:{key}"' in html
    assert "<img" not in html
    assert 'value="template:trend"' in html
    assert "Deleted scenarios" not in html
    desk.projects.archive(key, viewer=PLANNER)
    html = shown(desk, "new")
    assert f'value="copy:{key}"' not in html
    assert works(html, "restore") == [key]


def test_a_conflict_shows_both_sides_in_words(desk: Desk) -> None:
    html = shown(
        desk, "conflict", id="k", moved={"author": EVIL}, theirs={"name": "A", "number": 3},
        mine={"name": "A", "content": {}}, difference={"theirs": ["Added: sun"], "mine": [EVIL]},
    )  # fmt: skip
    assert "<img" not in html
    assert "Added: sun" in html
    assert re.findall(r'data-work="(conflict-\w+)"', html) == [
        "conflict-mine",
        "conflict-theirs",
        "conflict-new",
    ]
    assert 'data-name="A (my version)"' in html
    moved = shown(desk, "conflict", id="k", theirs={"name": "A"}, mine=None)
    assert re.findall(r'data-work="(conflict-\w+)"', moved) == ["conflict-theirs"]


@pytest.mark.parametrize("asked", [{}, {"difference": 3, "theirs": [], "moved": "x"}, {"mine": 1}])
def test_a_conflict_of_nonsense_still_opens(desk: Desk, asked: dict[str, Any]) -> None:
    assert "Take theirs" in shown(desk, "conflict", **asked)


def test_a_link_to_a_deleted_scenario_offers_to_take_it_back(desk: Desk) -> None:
    key = desk.projects.create(PLANNER, "A").scenario_id
    desk.projects.archive(key, viewer=PLANNER)
    html = shown(desk, "missing", id=key, side="a", why="It was deleted.")
    assert "It was deleted." in html
    assert works(html, "restore") == [key]
    assert "restore" not in shown(desk, "missing", PUBLIC, id=key, side="a", why="gone")
    assert "restore" not in shown(desk, "missing", id="nowhere", side="a", why="gone")


def test_a_scenario_of_another_city_can_be_taken_over(desk: Desk) -> None:
    other = desk.projects.store.project("f" * 64, "Fernstadt")
    made = desk.projects.store.create(other.id, {"name": "Fern"})
    html = shown(desk, "missing", id=made.scenario_id, side="a", why="Of another city.")
    assert works(html, "take-over") == [made.scenario_id]


def test_what_of_a_file_does_not_fit_is_listed(desk: Desk) -> None:
    lost = {**TEMPO, "id": "lost", "select": {"ids": ["w999:0:f"]}}
    key = desk.projects.create(PLANNER, "A", {"measures": [TEMPO, lost]}).scenario_id
    html = shown(desk, "imported", id=key)
    assert "w999:0:f" in html
    assert "lost" in re.findall(r'data-measures="([^"]*)"', html)[0].split(",")
    fine = desk.projects.create(PLANNER, "B").scenario_id
    assert shown(desk, "imported", id=fine) == ""
    assert shown(desk, "imported", id="nowhere") == ""


def test_the_menu_of_a_scenario_and_its_versions(desk: Desk) -> None:
    key = desk.projects.create(PLANNER, EVIL, {"note": EVIL}).scenario_id
    html = shown(desk, "scenario", id=key)
    assert "<img" not in html
    found = {one["data-work"] for one in controls(html)}
    assert {"scenario-save", "duplicate", "publish", "archive", "dialog"} <= found
    assert f'href="/api/scenarios/{key}/file"' in html
    desk.projects.keep(key, 1, "Stand A", viewer=PLANNER)
    versions = shown(desk, "versions", id=key)
    assert "Stand A" in versions
    assert "on screen" in versions


@pytest.mark.parametrize("name", ["scenario", "versions"])
def test_what_is_not_there_is_one_sentence(desk: Desk, name: str) -> None:
    assert 'role="alert"' in shown(desk, name, id="nowhere")
    key = desk.projects.create(PLANNER, "Secret").scenario_id
    assert "Secret" not in shown(desk, name, PUBLIC, id=key)
    assert "Nothing to show" in shown(desk, "no-such-dialog")
