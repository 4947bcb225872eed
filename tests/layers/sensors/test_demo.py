"""The invented week: the same for the same town, believable by our own judge, played as it is."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from dash_app.feeds import demo_feeds, feeds_beside
from layers.project_store import open_store
from layers.sensors.config import read_config
from layers.sensors.demo import write_demo
from layers.sensors.demo.files import _monday
from layers.sensors.demo.places import demo_streams
from layers.sensors.properties import PROPERTIES
from layers.sensors.sources import make_source
from tests.small_town import small_town
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twin.city import City

TODAY = date(2026, 11, 23)
ZONE = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def city() -> City:
    return small_town()


@pytest.fixture(scope="module")
def settings(city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo(city, tmp_path_factory.mktemp("demo"), today=TODAY)


def test_every_stream_has_its_own_key_a_place_in_town_and_says_it_is_replayed(city: City) -> None:
    streams = demo_streams(city)
    assert len({stream.key for stream in streams}) == len(streams)
    west, south, east, north = city.buildings.to_crs(4326).total_bounds
    for stream in streams:
        assert stream.replayed
        assert west - 0.05 < (stream.lon or 0) < east + 0.05
        assert south - 0.05 < (stream.lat or 0) < north + 0.05
    counted = {stream.street for stream in streams if stream.property == "vehicles"}
    assert counted
    assert counted <= set(city.streets.index[city.streets["allow_car"].to_numpy(bool)])


def test_the_week_is_whole_possible_and_always_the_same(
    city: City, settings: Path, tmp_path: Path
) -> None:
    week = pd.read_parquet(settings.with_name("week.parquet"))
    streams = {stream.key.removeprefix("demo/"): stream for stream in demo_streams(city)}
    assert set(week["stream"]) == set(streams)
    assert (week.groupby("stream").size() == 7 * 1440).all()
    assert week["time"].max() < pd.Timestamp(TODAY)
    ends = week.groupby("stream")["value"].agg(["min", "max"])
    for key, row in ends.iterrows():
        known = PROPERTIES[streams[str(key)].property]
        assert known.low <= row["min"] <= row["max"] <= known.high, key
    again = write_demo(city, tmp_path, today=TODAY).with_name("week.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(again), week)


def test_counters_count_what_a_day_is_said_to_have(city: City, settings: Path) -> None:
    week = pd.read_parquet(settings.with_name("week.parquet"))
    workdays = week[week["time"].dt.day_of_week < 5]
    for stream in demo_streams(city):
        if stream.property == "vehicles":
            counts = workdays[workdays["stream"] == stream.key.removeprefix("demo/")]["value"]
            day = counts.sum() / 5
            assert day == pytest.approx(stream.extra["vehicles_day"], rel=0.05)


def test_no_clock_changes_in_the_recorded_week() -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    for monday in map(_monday, days):
        ends = (monday, monday + timedelta(days=7))
        first, last = (datetime(*day.timetuple()[:3], tzinfo=ZONE) for day in ends)
        assert monday.weekday() == 0
        assert first.utcoffset() == last.utcoffset()


def test_our_own_source_plays_it_without_a_refusal(settings: Path) -> None:
    config = read_config(settings)
    for source in config.sources:
        found = make_source(source).check(0.5)
        assert found.streams
        assert found.readings
        assert not found.refused


def test_it_reaches_the_store_beside_the_page(city: City, tmp_path: Path) -> None:
    complaints: list[object] = []
    with open_store(tmp_path / "projects.sqlite") as store:
        with feeds_beside(lambda: demo_feeds(city, tmp_path), store, complaints.append):
            arrived = _wait_for(lambda: len(store.observations.latest()) >= len(demo_streams(city)))
        assert arrived
        latest = store.observations.latest()
        assert np.isfinite(latest["value"]).all()
    assert not complaints


def test_what_keeps_feeds_from_running_is_told_and_the_page_goes_on(tmp_path: Path) -> None:
    complaints: list[object] = []

    def broken() -> object:
        template = "{path} cannot be read."
        raise SourceError(template, path="sensors.toml")

    with (
        open_store(tmp_path / "projects.sqlite") as store,
        feeds_beside(broken, store, complaints.append),  # type: ignore[arg-type]
    ):
        assert _wait_for(lambda: bool(complaints))


def _wait_for(done: Callable[[], bool], most_s: float = 60.0) -> bool:
    until = time.monotonic() + most_s
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
