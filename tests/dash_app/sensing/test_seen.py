"""No count of few persons is told to the public, at no address and by no subtraction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dash_app.api.news import Event
from dash_app.sensing.live import Listening
from dash_app.sensing.seen import days_shown, hours_shown, of_few, seen
from dash_app.settings import Privacy, Settings
from dash_app.workspace.viewer import PUBLIC, Viewer
from layers.sensors.records import Datastream, Flag, Reading
from tests.dash_app.sensing.town import MINUTE, NOW, PLANNER, ms, stream, town

if TYPE_CHECKING:
    from pathlib import Path

    from tests.dash_app.sensing.town import Town

LIMIT = 5
COUNTER = stream("count", "pedestrians", "{person}", statistic="count", interval_s=300)
PRESENT = stream("present", "pedestrians", "{person}", statistic="value", people=True)
METER = stream("meter", "bicycles", "{bicycle}", statistic="meter", interval_s=300)
BEGIN = ms(NOW.replace(minute=0)) - 30 * 3_600_000


def counts(seed: int) -> list[Reading]:
    """
    Return two days of counts that must look the same to the public, whatever `seed` is.

    Hours are 0 to 4 persons, or within the rounding around 10 or 30; how they fall into five
    minutes, and which of these were reported at all, differs.
    """
    random = np.random.default_rng(seed)
    found: list[Reading] = []
    for hour in range(30):
        begin, kind = BEGIN + hour * 3_600_000, hour % 4
        total = int(random.integers(*[(0, 5), (8, 13), (28, 33), (0, 5)][kind]))
        parts = np.bincount(random.integers(0, 12, total), minlength=12)
        reported = [m for m in range(12) if parts[m] or random.random() < 0.7] or [0]
        found += [Reading("town/count", begin + m * 5 * MINUTE, float(parts[m])) for m in reported]
        flags = int(random.choice([0, Flag.LATE, Flag.GAP]))
        found.append(Reading("town/present", begin, float(total), flags))
    return found


def everything(here: Town) -> list[Any]:
    """Return all that the public is told at any address, at any time of the day."""
    told: list[Any] = []
    for minutes in range(0, 200, 33):
        at = (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%MZ")
        told.append(here.json(f"/api/sensors?at={at}", PUBLIC))
        for step in ("raw", "hour", "day"):
            path = f"/api/observations?step={step}&limit=1000&since=2026-11-21T{minutes % 24:02}:13"
            told.append(here.json(f"{path}&until={at}", PUBLIC))
            told.append(here.get(f"{path}&until={at}&format=csv", PUBLIC).text)
    others = ("/api/sensors", "/api/sensors/1", "/api/sensors/2", "/api/sensors/day")
    return [*told, *(here.json(path, PUBLIC) for path in others)]


def test_the_public_cannot_tell_one_town_from_another(tmp_path: Path) -> None:
    answers, inside = [], []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        here = town(folder, (COUNTER, PRESENT), counts(seed))
        answers.append(everything(here))
        inside.append(here.json("/api/observations?step=hour&since=2026-11-21T12:00"))
        here.context.engine.close()
        here.store.close()
    assert inside[0] != inside[1], "the two towns are to differ"
    assert answers[0] == answers[1]


def test_what_is_told_are_rounded_hours_and_their_sums(tmp_path: Path) -> None:
    here = town(tmp_path, (COUNTER, METER), [
        *(Reading("town/count", BEGIN + m * 5 * MINUTE, float(m < 15)) for m in range(36)),
        *(Reading("town/meter", BEGIN + h * 3_600_000, 1000.0 + 7 * h) for h in range(4)),
    ])  # fmt: skip
    path = "/api/observations?since=2026-11-21T00:00&limit=100"
    rows = here.json(f"{path}&sensor=1", PUBLIC)["observations"]
    assert [(r["step"], r["value"], r["withheld"]) for r in rows] == [
        ("hour", 10.0, False), ("hour", None, True), ("hour", None, True),
    ]  # fmt: skip
    assert [r["value"] for r in here.json(f"{path}&sensor=1")["observations"]] == [1.0] * 15 + [
        0.0
    ] * 21
    (day,) = here.json(f"{path}&sensor=1&step=day", PUBLIC)["observations"]
    assert (day["value"], day["low"], day["high"], day["count"]) == (10.0, None, None, None)
    meter = here.json(f"{path}&sensor=2", PUBLIC)["observations"]
    assert [r["value"] for r in meter][:3] == [5.0, 5.0, 5.0]  # seven an hour, never the reading
    here.clock.now = NOW - timedelta(hours=29)
    shown = here.json("/api/sensors?numbers=1&lang=en", PUBLIC)["sensors"][0]
    assert (shown["value"], shown["local"]) == (10.0, "2026-11-21T09:00:00+01:00")
    assert shown["hourly"]
    here.context.engine.close()
    here.store.close()


def test_an_hour_is_told_once_it_is_over(tmp_path: Path) -> None:
    hour = ms(NOW.replace(minute=0))
    here = town(tmp_path, (COUNTER,), [Reading("town/count", hour + MINUTE, 12.0)])
    told: list[Any] = []
    for minutes in (0, 39, 49, 51):
        here.clock.now = NOW + timedelta(minutes=minutes)
        (row,) = here.json("/api/sensors", PUBLIC)["sensors"]
        told.append(row["value"])
    assert told == [None, None, None, 10.0]
    news: list[Event] = []

    class News:
        def tell(self, name: str, **data: object) -> None:
            news.append(Event(name, data))

    here.clock.now = NOW
    listening = Listening(here.context.sensing, News())  # type: ignore[arg-type]
    listening.look()
    news.clear()
    here.store.observations.write([_delivery(Reading("town/count", hour + 2 * MINUTE, 1.0))])
    listening.look()
    assert [event.data["public"] for event in news] == [False]
    here.clock.now = NOW + timedelta(minutes=51)
    listening.look()
    assert [event.data["public"] for event in news] == [False, True]
    here.context.engine.close()
    here.store.close()


def _delivery(*found: Reading) -> Any:
    from layers.sensors.records import Delivery  # noqa: PLC0415

    return Delivery("town", found)


@given(
    sums=st.lists(st.integers(0, 60), min_size=1, max_size=30),
    limit=st.integers(3, 20),
)
@hypothesis_settings(max_examples=40, deadline=None)
def test_hours_and_days_hold_nothing_but_multiples(sums: list[int], limit: int) -> None:
    index = pd.date_range("2026-11-20", periods=len(sums), freq="h", tz="UTC", name="at")
    hours = pd.DataFrame({"sum": sums, "mean": sums, "flags": 0}, index, dtype=float)
    shown = hours_shown(hours, COUNTER, pd.Timestamp("2026-12-01", tz="UTC"), limit)
    known = shown.loc[~shown["withheld"], "value"]
    assert (known % limit == 0).all()
    assert (known >= limit).all()
    assert shown["withheld"].tolist() == [value < limit for value in sums]
    assert shown.loc[shown["withheld"], "value"].isna().all()
    days = days_shown(shown, "count")
    assert days["value"].sum() == known.sum()


def test_who_reports_single_persons_is_not_told_apart_from_an_empty_hour() -> None:
    index = pd.to_datetime(["2026-11-20T08:00Z", "2026-11-20T11:00Z"])
    hours = pd.DataFrame({"sum": [9.0, 2.0], "mean": 1.0, "flags": 0}, index)
    now = pd.Timestamp("2026-12-01", tz="UTC")
    single = replace(COUNTER, interval_s=None)
    assert hours_shown(hours, single, now, LIMIT)["withheld"].tolist() == [False, True, True, True]
    assert len(hours_shown(hours, COUNTER, now, LIMIT)) == 2


@pytest.mark.parametrize(
    ("more", "private"),
    [
        ({}, True),
        ({"extra": {"public": True}}, False),
        ({"extra": {"public": "yes"}}, True),
        ({"extra": {"addresses": 5}}, False),
        ({"extra": {"addresses": 4}}, True),
        ({"extra": {"addresses": "many"}}, True),
        ({"extra": {"addresses": float("nan")}}, True),
        ({"property": "pv_power"}, False),
    ],
)
def test_the_meter_of_a_household_is_its_own_affair(more: dict[str, Any], private: bool) -> None:
    meter = replace(Datastream("a/b", "a", "Haus", "heat_energy", "kW.h"), **more)
    assert of_few(meter, Settings()) is private
    assert (seen(1, meter, PUBLIC, Settings()) is None) is private
    assert seen(1, meter, PLANNER, Settings()) is not None
    closed = Settings(privacy=Privacy(building_level=False))
    assert (seen(1, meter, PLANNER, closed) is None) is private


def test_planners_without_single_buildings_see_hours_too() -> None:
    closed = Settings(privacy=Privacy(building_level=False))
    one = seen(1, COUNTER, PLANNER, closed)
    assert one is not None
    assert one.counted
    assert one.inside
    exact = seen(1, COUNTER, Viewer("admin", fine=True), Settings())
    assert exact is not None
    assert not exact.counted


def test_a_name_does_not_tell_the_device() -> None:
    given = Datastream("a/b", "a", "Platz 70-b3-D5 7ED0", "no2", "ug/m3", device="70B3D57ED0")
    one = seen(7, given, PUBLIC, Settings())
    assert one is not None
    assert one.stream.name == "no2 7"
    assert (one.stream.key, one.stream.source, one.stream.device) == ("7", "", "")
