"""The day played again says at each step what the list said at that moment, also in long nights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dash_app.sensing.days import step_of
from dash_app.sensing.moments import local_day
from dash_app.workspace.viewer import PUBLIC, Viewer
from layers.sensors.records import Reading
from tests.dash_app.sensing.town import NOW, PLANNER, ms, stream, town

if TYPE_CHECKING:
    from pathlib import Path

    from tests.dash_app.sensing.town import Town

SIGNS = {"ok": "o", "old": "o", "alert": "a", "flagged": "f", "silent": "s"}


@pytest.mark.parametrize("viewer", [PLANNER, PUBLIC], ids=["planner", "public"])
def test_every_step_is_what_the_list_said_then(sensed_town: Town, viewer: Viewer) -> None:
    day = sensed_town.json("/api/sensors/day?day=2026-11-22", viewer)
    begin = datetime.fromisoformat(day["begin"])
    assert (day["hours"], day["step_s"], day["steps"]) == (24, 300, 288)
    assert begin + timedelta(seconds=300 * day["last"]) == NOW
    for step in (0, 7, 100, 158, day["last"]):
        at = (begin + timedelta(seconds=300 * step)).strftime("%Y-%m-%dT%H:%MZ")
        rows = sensed_town.json(f"/api/sensors?at={at}", viewer)["sensors"]
        assert [row["number"] for row in rows] == day["numbers"]
        said = [values[step] for values in day["values"]]
        assert said == [row["value"] for row in rows], at
        signs = [states[step] for states in day["states"]]
        assert signs == ["w" if row["withheld"] else SIGNS[row["state"]] for row in rows], at
    assert all(values[day["last"] + 1] is None for values in day["values"])


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_days_when_clocks_change(tmp_path: Path, day: str, hours: int) -> None:
    begin = local_day(datetime.fromisoformat(f"{day}T12:00+01:00")).begin
    every = [begin + timedelta(hours=h) for h in range(hours)]
    here = town(tmp_path, (stream("t", "air_temperature", "Cel", interval_s=3600),),
                [Reading("town/t", ms(at), float(h)) for h, at in enumerate(every)])  # fmt: skip
    found = here.json(f"/api/sensors/day?day={day}")
    assert (found["hours"], found["steps"]) == (hours, hours * 12)
    assert found["values"][0][::12] == [float(h) for h in range(hours)]
    by_day = here.json(f"/api/observations?sensor=1&step=day&since={day}T00:00&until={day}T23:59")
    assert [row["count"] for row in by_day["observations"]] == [hours]
    here.context.engine.close()
    here.store.close()


def test_a_day_to_come_is_empty(sensed_town: Town) -> None:
    day = sensed_town.json("/api/sensors/day?day=2027-01-01")
    assert day["last"] == -1
    assert {value for values in day["values"] for value in values} == {None}


def test_many_sensors_take_longer_steps(sensed_town: Town) -> None:
    one = sensed_town.context.sensing.streams(PLANNER)[1]
    span = local_day(datetime(2026, 11, 22, 12, tzinfo=UTC))
    steps: list[Any] = [step_of(dict.fromkeys(range(n), one), span) for n in (1, 500, 1_200, 9_000)]
    assert steps == [300, 300, 900, 3_600]
