"""A small town with sensors, and the API over it as planner and as somebody from the street."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from dash_app.api import Context, api_router, rest_router
from dash_app.sensing.sensed import Sensed
from dash_app.settings import Settings
from dash_app.shown import Shown
from dash_app.workspace.engine import Engine
from dash_app.workspace.projects import Projects
from dash_app.workspace.viewer import PUBLIC, Viewer
from layers.project_store import open_store
from layers.sensors.records import Datastream, Delivery, Flag, Reading
from tests.small_town import small_town

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from layers.project_store import ProjectStore

PLANNER = Viewer("planner", "Ada", "a1", fine=True)
NOW = datetime(2026, 11, 22, 14, 20, tzinfo=UTC)
"""A Sunday, 15:20 by the clock of the town."""

MINUTE = 60_000
DEVICE = "70B3D57ED0051234"


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def before(minutes: float) -> int:
    """Return a moment so many minutes before now."""
    return ms(NOW - timedelta(minutes=minutes))


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOW

    def __call__(self) -> float:
        return self.now.timestamp()


def stream(name: str, property_: str, unit: str, **more: Any) -> Datastream:
    return Datastream(f"town/{name}", "town", more.pop("label", name), property_, unit, **more)


STREAMS = (
    stream("warm", "air_temperature", "Cel", lon=7.15, lat=50.81, interval_s=300, alert_above=30,
           licence="CC BY 4.0", device=DEVICE, extra={"secret": "xyzzy"}),
    stream("people", "pedestrians", "{person}", statistic="count", people=True, interval_s=300,
           lon=7.151, lat=50.811),
    stream("house", "electric_power", "kW", label="Haus 3", interval_s=900),
    stream("block", "heat_power", "kW", label="Baublock", extra={"addresses": 40}, interval_s=900),
    stream("hidden", "no2", "ug/m3", public=False, interval_s=3600),
    stream("silent", "noise", "dB", interval_s=300),
    stream("odd", "water_level", "cm", label="=1+1 <script>alert(1)</script>", interval_s=900),
    stream("never", "pm10", "ug/m3"),
    stream("segment", "traffic_load", "1", statistic="mean", interval_s=300,
           line="LINESTRING (7.1 50.8, 7.12 50.8)"),
)  # fmt: skip


def readings() -> list[Reading]:
    """Return what they have said until now."""
    every = range(0, 26 * 60, 5)
    found = [Reading("town/warm", before(m), 20.0 + (m == 0) * 11) for m in every]
    found += [Reading("town/people", before(m), float(m // 60 % 3 * (m % 2 + 1))) for m in every]
    found += [Reading("town/house", before(15), 1.5), Reading("town/block", before(15), 310.0)]
    found += [Reading("town/hidden", before(60), 17.0), Reading("town/silent", before(900), 55.0)]
    found += [Reading("town/odd", before(10), -3.5, int(Flag.RANGE))]
    return [*found, Reading("town/segment", before(5), 42.0)]


def fill(store: ProjectStore, streams: Iterable[Datastream], values: Iterable[Reading]) -> None:
    store.observations.write([Delivery("town", tuple(values), tuple(streams))])


@dataclass(eq=False)
class Town:
    """A running API over sensors; `viewer` and `clock` may be changed between requests."""

    context: Context
    client: TestClient
    store: ProjectStore
    clock: Clock = field(default_factory=Clock)
    viewer: Viewer = PLANNER

    def get(self, path: str, viewer: Viewer = PLANNER, **headers: str) -> Any:
        self.viewer = viewer
        return self.client.get(path, headers=headers)

    def json(self, path: str, viewer: Viewer = PLANNER) -> Any:
        answer = self.get(path, viewer)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def number(self, name: str) -> int:
        row = self.store.observations.stream(f"town/{name}")
        assert row is not None
        return row.number


def town(folder: Path, streams: Iterable[Datastream], values: Iterable[Reading]) -> Town:
    """Return the API over a store with these sensors."""
    city, store = small_town(), open_store(folder / "projects.sqlite")
    fill(store, streams, values)
    seen: list[Town] = []
    context = Context(
        Shown(city), Engine(city, warm=False), store, Projects(store, city), Settings(),
        lambda _: seen[0].viewer,
    )  # fmt: skip
    clock = Clock()
    context.__dict__["sensing"] = Sensed(store.observations, context.settings, clock=clock)
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(api_router(context))
    app.include_router(rest_router())
    client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
    found = Town(context, client, store, clock)
    seen.append(found)
    return found


__all__ = ["DEVICE", "MINUTE", "NOW", "PLANNER", "PUBLIC", "STREAMS", "Town", "town"]
