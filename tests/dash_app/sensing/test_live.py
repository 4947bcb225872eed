"""Pages are told which sensors have news, each as they may know; alerts do not flicker."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dash_app.api.events import may_hear
from dash_app.api.news import Event
from dash_app.sensing.live import Listening, side_of
from dash_app.sensing.sensed import Sensed
from dash_app.settings import Settings
from dash_app.workspace.viewer import PUBLIC
from layers.project_store import open_store
from layers.sensors.records import Delivery, Flag, Reading
from tests.dash_app.sensing.town import PLANNER, STREAMS, Clock, before, fill, readings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from layers.project_store import ProjectStore

WARM = STREAMS[0]


class Told:
    """News with somebody who always listens."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.came = threading.Event()

    def tell(self, name: str, **data: object) -> None:
        self.events.append(Event(name, data))
        self.came.set()

    def __len__(self) -> int:
        return 1

    def take(self, name: str = "observations") -> list[dict[str, Any]]:
        found = [event.data for event in self.events if event.name == name]
        self.events = [event for event in self.events if event.name != name]
        return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    opened = open_store(tmp_path / "projects.sqlite")
    fill(opened, STREAMS, readings()[-5:])
    yield opened
    opened.close()


def write(store: ProjectStore, *values: Reading) -> None:
    store.observations.write([Delivery("town", values)])


def test_each_is_told_what_they_may_know(store: ProjectStore) -> None:
    told = Told()
    listening = Listening(Sensed(store.observations, Settings(), clock=Clock()), told)  # type: ignore[arg-type]
    listening.look()
    told.events.clear()
    listening.look()
    assert told.events == []
    names = ("warm", "people", "hidden", "house")
    write(store, *(Reading(f"town/{name}", before(1), 3.0) for name in names))
    listening.look()
    assert told.take() == [
        {"numbers": [1, 2, 3, 5], "public": False}, {"numbers": [1], "public": True},
    ]  # fmt: skip
    write(store, Reading("town/hidden", before(0), 4.0))
    listening.look()
    assert told.take() == [{"numbers": [5], "public": False}]


def test_nobody_hears_what_is_for_others() -> None:
    for name in ("observations", "alert"):
        inside, outside = Event(name, {"public": False}), Event(name, {"public": True})
        assert (may_hear(PLANNER, inside), may_hear(PLANNER, outside)) == (True, False)
        assert (may_hear(PUBLIC, inside), may_hear(PUBLIC, outside)) == (False, True)


def test_an_alert_is_told_once_each_way(store: ProjectStore) -> None:
    told = Told()
    listening = Listening(Sensed(store.observations, Settings(), clock=Clock()), told)  # type: ignore[arg-type]
    listening.look()
    assert told.take("alert") == []
    said = []
    values = (29.0, 30.5, 29.9, 30.5, 29.5, 29.3, 31.0)
    for minute, value in enumerate(values):
        write(store, Reading("town/warm", before(20 - minute), value))
        listening.look()
        said.append([one["state"] for one in told.take("alert") if one["public"]])
    # back is 30 - 2 %: 29.4
    assert said == [[], ["above"], [], [], [], ["ok"], ["above"]]
    write(store, Reading("town/warm", before(2), 10.0, int(Flag.SUSPECT)))
    listening.look()
    assert told.take("alert") == [], "what its source doubts is no alert"


@pytest.mark.parametrize(
    ("stream", "value", "was", "side"),
    [
        (replace(WARM, alert_above=None, alert_below=0.0, low=-40, high=60), -0.1, "ok", "below"),
        (replace(WARM, alert_above=None, alert_below=0.0, low=-40, high=60), 0.9, "below", "below"),
        (replace(WARM, alert_above=None, alert_below=0.0, low=-40, high=60), 1.1, "below", "ok"),
        (replace(WARM, alert_below=None, alert_above=-5.0), -5.0, "ok", "ok"),
        (replace(WARM, alert_below=None, alert_above=-5.0), -5.05, "above", "above"),
        (replace(WARM, alert_below=None, alert_above=-5.0), -5.2, "above", "ok"),
        (WARM, float("nan"), "ok", "ok"),
    ],
)
def test_sides(stream: Any, value: float, was: Any, side: str) -> None:
    assert side_of(stream, value, was) == side


def test_the_thread_tells_and_ends_and_outlives_a_fault(store: ProjectStore) -> None:
    told, sensed = Told(), Sensed(store.observations, Settings(), clock=Clock())
    listening = Listening(sensed, told, every_s=0.01)  # type: ignore[arg-type]
    real, failed = sensed.store.changes, threading.Event()

    def away(after: int) -> Any:
        failed.set()
        raise OSError("the database is away")

    sensed.store.changes = away  # type: ignore[method-assign]
    listening.start()
    assert failed.wait(10)
    sensed.store.changes = real  # type: ignore[method-assign]
    assert told.came.wait(10)
    listening.close()
    assert not [t for t in threading.enumerate() if t.name == "sensing" and t is listening._thread]
