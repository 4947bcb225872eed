"""Measurement and model: feeds made from known numbers give the numbers back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from dash_app.sensing.fits import Fits, Scene, Traffic, key_of
from dash_app.sensing.fits_climate import ClimateFit
from dash_app.sensing.fits_energy import EnergyFit
from dash_app.sensing.fits_traffic import deviation
from dash_app.sensing.sensed import Sensed
from dash_app.settings import Settings
from dash_app.workspace.privacy import withheld
from dash_app.workspace.viewer import PUBLIC, Viewer
from layers.project_store import open_store
from layers.sensors.records import Datastream, Delivery, Flag, Reading
from twin.mobility.demand import hour_shares

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from twin.city import City
    from twin.scenario import Scenario
    from twin.simulate.results import Results, YearResults

    Answered = tuple[City, Scenario, Results, Results]
    Made = Callable[..., Scene]

PLANNER = Viewer("planner", "Ada", "a1", fine=True)
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 2, tzinfo=BERLIN)
HOURS = 14 * 24
NOW = MONDAY + timedelta(days=14, minutes=20)


def ms(hour: int, begin: datetime = MONDAY) -> int:
    return int((begin.astimezone(UTC) + timedelta(hours=hour)).timestamp() * 1000)


def hourly(key: str, values: Sequence[float], begin: datetime = MONDAY) -> list[Reading]:
    return [Reading(key, ms(n, begin), float(v)) for n, v in enumerate(values) if np.isfinite(v)]


@pytest.fixture
def scene(answered: Answered, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Give what makes the scene of today's run with some streams and readings."""
    city, _, base, _ = answered
    stores = []

    def make(
        streams: Sequence[Datastream], readings: Sequence[Reading], viewer: Viewer = PLANNER,
        year: YearResults | None = None,
    ) -> Scene:  # fmt: skip
        store = open_store(tmp_path_factory.mktemp("fits") / "projects.sqlite")
        stores.append(store)
        store.observations.write([Delivery("t", tuple(readings), tuple(streams))])
        sensed = Sensed(store.observations, Settings(), clock=NOW.timestamp)
        run = base.scenario.hash
        return Scene(sensed, city, Settings(), viewer, run, year or base.years[2025])

    yield make
    for store in stores:
        store.close()


def busiest(city: City, year: YearResults, count: int) -> list[str]:
    """Return streets with most traffic, none of them the way back of another."""
    traffic = year.answers["traffic"]
    flow = (traffic["car"] + traffic["truck"]).sort_values(ascending=False)
    back = city.streets["reverse_id"]
    found: list[str] = []
    for street in flow.index:
        if back.get(street) not in found and pd.notna(back.get(street)):
            found.append(str(street))
    return found[:count]


def modelled_hours(year: YearResults, streets: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return vehicles in each hour of a weekday on some streets together, from the answers."""
    traffic, shares = year.answers["traffic"], hour_shares(year.answers.given)
    rows = traffic.loc[list(streets)]
    return np.array([
        rows["car"].sum() * shares["car"].iloc[h] + rows["truck"].sum() * shares["truck"].iloc[h]
        for h in range(24)
    ])  # fmt: skip


def counter(key: str, street: str, **more: Any) -> Datastream:
    told = {"statistic": "count", "interval_s": 3600.0, **more}
    return Datastream(key, "t", key, "vehicles", "{vehicle}", street=street, **told)


def test_counts_that_are_the_flows_times_something(answered: Answered, scene: Made) -> None:
    city, _, base, _ = answered
    year = base.years[2025]
    one, two, three = busiest(city, year, 3)
    line = city.streets.geometry[one].coords
    way = np.degrees(np.arctan2(line[-1][0] - line[0][0], line[-1][1] - line[0][1]))
    streams = (
        counter("t/one", one, direction=f"{way:.0f}"),  # as the street runs: this side alone
        counter("t/both", two, direction="both"),
        counter("t/nothing", three),
        counter("t/nowhere", "no such street"),
    )
    sides = {
        "t/one": [one], "t/both": [two, str(city.streets["reverse_id"][two])]
    }  # fmt: skip
    readings = [
        reading
        for key, streets in sides.items()
        for reading in hourly(key, 1.25 * np.tile(modelled_hours(year, streets), 14))
    ]
    readings += hourly("t/nowhere", np.full(HOURS, 10.0))
    # a doubtful hour would spoil the mean if it counted; nor does the hour still under way
    readings.append(Reading("t/one", ms(8), 1e6, int(Flag.RANGE)))
    readings.append(Reading("t/one", ms(HOURS), 0.0))
    made = Fits().get("traffic", scene(streams, readings))
    assert isinstance(made, Traffic)
    assert made.loads is None
    assert made.counted is not None
    fit = made.counted.fit
    assert list(fit.counters["both"]) == [False, True]
    assert fit.counters["deviation_percent"].to_numpy() == pytest.approx([-20.0, -20.0])
    assert list(fit.counters["days"]) == [10.0, 10.0]
    counted, modelled = fit.hours["counted"].to_numpy(), fit.hours["modelled"].to_numpy()
    assert counted == pytest.approx(1.25 * modelled)
    by_hand = np.sqrt(2.0 * (modelled - counted) ** 2 / (modelled + counted))
    assert fit.hours["geh"].to_numpy() == pytest.approx(by_hand)
    on_map = deviation(made.counted, city)
    assert set(on_map.dropna().index) == {one, *sides["t/both"]}
    # a counter of both directions is halved for the matrix
    table = made.counted.counts.set_index("street")["vehicles_day"]
    assert table[one] == pytest.approx(1.25 * modelled_hours(year, [one]).sum())
    assert table[two] == pytest.approx(1.25 * modelled_hours(year, sides["t/both"]).sum() / 2)
    told = " ".join(str(one.values) for one in made.counted.left_out)
    assert "t/nowhere" in told


def test_a_point_finds_its_street(answered: Answered, scene: Made) -> None:
    city, _, base, _ = answered
    (street,) = busiest(city, base.years[2025], 1)
    point = city.streets.geometry[street].interpolate(0.5, normalized=True)
    lon, lat = Transformer.from_crs(city.crs, 4326, always_xy=True).transform(point.x, point.y)
    streams = (counter("t/here", "", lon=lon, lat=lat), counter("t/far", "", lon=lon + 1, lat=lat))
    readings = [r for s in streams for r in hourly(s.key, np.full(HOURS, 50.0))]
    made = Fits().get("traffic", scene(streams, readings))
    assert isinstance(made, Traffic)
    assert made.counted is not None
    assert len(made.counted.fit.counters) == 1
    found = made.counted.fit.counters["street"].iloc[0]
    assert found in {street, city.streets["reverse_id"][street]}


def test_what_the_public_may_not_see_is_not_compared(answered: Answered, scene: Made) -> None:
    city, _, base, _ = answered
    one, two = busiest(city, base.years[2025], 2)
    streams = (counter("t/open", one), counter("t/secret", two, public=False))
    readings = [r for s in streams for r in hourly(s.key, np.full(HOURS, 50.0))]
    made = {
        viewer.role: Fits().get("traffic", scene(streams, readings, viewer))
        for viewer in (PUBLIC, PLANNER)
    }
    counts = {
        role: len(one.counted.fit.counters)
        for role, one in made.items()
        if isinstance(one, Traffic) and one.counted is not None
    }
    assert counts == {"public": 1, "planner": 2}


def test_relative_loads_are_ranked(answered: Answered, scene: Made) -> None:
    city, _, base, _ = answered
    year = base.years[2025]
    streets = busiest(city, year, 12)
    load = year.answers["traffic"]["load"]
    streams = tuple(
        Datastream(f"t/{n}", "t", f"S {n}", "traffic_load", "1", "mean", street=street,
                   direction="0", interval_s=3600.0)
        for n, street in enumerate(streets)
    )  # fmt: skip
    day = np.array([h / 24 for h in range(24)])
    readings = [
        reading
        for stream in streams
        for reading in hourly(stream.key, np.tile(load[stream.street] * 100 + day, 14))
    ]
    made = Fits().get("traffic", scene(streams, readings))
    assert isinstance(made, Traffic)
    assert made.counted is None
    assert made.loads is not None
    assert len(made.loads.fit.segments) == 12
    assert made.loads.fit.rank == pytest.approx(1.0)


def test_a_station_two_degrees_warmer(answered: Answered, scene: Made) -> None:
    city, _, base, _ = answered
    weather = city.weather["temperature_c"].to_numpy(float)
    first = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(hours=1)  # begin of the year, CET
    stream = Datastream(
        "t/air", "t", "Rathaus", "air_temperature", "Cel", "mean", interval_s=3600.0
    )
    other = Datastream("t/f", "t", "Fahrenheit", "air_temperature", "[degF]", "mean")
    days = 60
    readings = hourly("t/air", weather[: 24 * days] + 2.0, first) + hourly("t/f", [50.0], first)
    made = Fits().get("climate", scene((stream, other), readings))
    assert isinstance(made, ClimateFit)
    (one,) = made.stations
    assert one.fit.bias == pytest.approx(2.0)
    assert one.fit.hours == 24 * days
    # degree days by hand: 20 less the mean of each day below 15
    means = (weather[: 24 * days] + 2.0).reshape(days, 24).mean(axis=1)
    by_hand = float((20.0 - means)[means < 15.0].sum())
    assert one.degree_days.gt == pytest.approx(by_hand)
    assert one.degree_days.lacking == 0
    assert made.heat is not None
    usual = weather.reshape(365, 24).mean(axis=1)
    whole = float((20.0 - usual)[usual < 15.0].sum())
    space = float(base.years[2025].buildings["space_kwh"].sum())
    assert made.heat.by_weather == pytest.approx(space * by_hand / whole)


def block_of(year: YearResults) -> str:
    return str(year.buildings.groupby("block_id")["space_kwh"].sum().idxmax())


def modelled_heat(year: YearResults, block: str) -> np.ndarray[Any, Any]:
    """Return the heat of a Baublock by hour [kW]: rooms, and hot water by its profile."""
    answers = year.answers
    place = int(answers["block_city"].blocks.index.get_loc(block))
    own = (answers["systems"]["block_id"] == block).to_numpy()
    water = answers["hot_water"].to_numpy(float)[own].sum() * answers["hot_water_shape"]
    found: np.ndarray[Any, Any] = answers["heat"].sums[place] / 1000 + water
    return found


def heat_stream(block: str, **more: Any) -> Datastream:
    known = {"block": block, "addresses": 40, **more}
    return Datastream("t/heat", "t", "Station", "heat_power", "W", "mean", interval_s=3600.0,
                      extra=known)  # fmt: skip


def test_half_the_heat_of_a_block_in_watts(answered: Answered, scene: Made) -> None:
    _, _, base, _ = answered
    year = base.years[2025]
    block = block_of(year)
    first = datetime(2026, 2, 1, tzinfo=UTC) - timedelta(hours=1)
    heat = modelled_heat(year, block)[31 * 24 :][:HOURS]
    readings = hourly("t/heat", 500.0 * heat, first)  # half of it, in W
    made = Fits().get("energy", scene((heat_stream(block),), readings))
    assert isinstance(made, EnergyFit)
    (load,) = made.loads
    assert (load.kind, load.block, load.assumed) == ("heat", block, False)
    measured, modelled = load.fit.energy_kwh
    assert modelled == pytest.approx(heat.sum())
    assert measured == pytest.approx(heat.sum() / 2)
    assert load.fit.by_hour.bias == pytest.approx(heat.mean() / 2)
    assert load.fit.verdict.level == "poor"


def test_heat_is_compared_on_days_as_warm(answered: Answered, scene: Made) -> None:
    city, _, base, _ = answered
    year = base.years[2025]
    block = block_of(year)
    weather = city.weather["temperature_c"].to_numpy(float)
    first = datetime(2026, 2, 1, tzinfo=UTC) - timedelta(hours=1)
    # February 2026 is as April of the model was: by its date the model would be far too high
    april = slice(90 * 24, 110 * 24)
    air = Datastream("t/air", "t", "Rathaus", "air_temperature", "Cel", "mean", interval_s=3600.0)
    heat = modelled_heat(year, block)[april]
    readings = hourly("t/heat", 1000.0 * heat, first) + hourly("t/air", weather[april], first)
    made = Fits().get("energy", scene((heat_stream(block), air), readings))
    assert isinstance(made, EnergyFit)
    (load,) = made.loads
    assert load.fit.in_weather
    assert load.fit.hours == 20 * 24
    assert abs(load.fit.by_hour.nmbe) < 15
    by_date = modelled_heat(year, block)[31 * 24 :][: len(heat)]
    assert 100 * (by_date.mean() / heat.mean() - 1) > 40


def test_a_block_of_few_addresses_is_for_nobody_outside(answered: Answered, scene: Made) -> None:
    city, *_ = answered
    hidden = withheld(city, "blocks", Settings())
    (few, *_), (enough, *_) = hidden.index[hidden], hidden.index[~hidden]
    for block, viewer, told in (
        (few, PLANNER, 1), (few, PUBLIC, 0), (enough, PUBLIC, 1),
    ):  # fmt: skip
        readings = hourly("t/heat", np.full(48, 1000.0))
        made = Fits().get("energy", scene((heat_stream(str(block)),), readings, viewer))
        assert isinstance(made, EnergyFit)
        assert len(made.loads) == told, (block, viewer.role)
        assert len(made.left_out) == 1 - told


def test_sun_needs_the_power_of_the_plant(answered: Answered, scene: Made) -> None:
    _, scenario, _, full = answered
    year = full.years[2030]
    assert scenario.measures
    known = Datastream("t/pv", "t", "Dach", "pv_power", "kW", "mean", interval_s=3600.0,
                       extra={"kwp": 10.0})  # fmt: skip
    unknown = Datastream("t/pv2", "t", "Ohne", "pv_power", "kW", "mean", interval_s=3600.0)
    per_kwp = year.hourly["pv_w"].to_numpy(float) / year.buildings["pv_kwp"].sum() / 1000
    first = datetime(2026, 5, 31, 23, tzinfo=UTC)  # 1 June, 0 o'clock CET
    start = 24 * (31 + 28 + 31 + 30 + 31)
    readings = hourly("t/pv", 10.0 * per_kwp[start : start + 48], first)
    readings += hourly("t/pv2", [1.0, 2.0], first)
    made = Fits().get("energy", scene((known, unknown), readings, year=year))
    assert isinstance(made, EnergyFit)
    (load,) = made.loads
    assert load.fit.energy_kwh[0] == pytest.approx(load.fit.energy_kwh[1], rel=1e-6)
    assert load.fit.energy_kwh[0] > 0
    assert [one.values["name"] for one in made.left_out] == ["Ohne"]


def test_kept_until_an_hour_is_over(answered: Answered, scene: Made) -> None:
    city, _, base, _ = answered
    (street,) = busiest(city, base.years[2025], 1)
    found = scene((counter("t/one", street),), hourly("t/one", np.full(48, 50.0)))
    fits = Fits()
    assert fits.peek("traffic", found) is None
    first = fits.get("traffic", found)
    assert fits.get("traffic", found) is first
    assert fits.peek("traffic", found) is first
    later = Reading("t/one", ms(48) + 600_000, 50.0)
    found.sensed.store.write([Delivery("t", (later,))])
    assert fits.peek("traffic", found) is None
    assert fits.get("traffic", found) is not first


def test_no_sensor_no_fault(scene: Made) -> None:
    found = scene((), ())
    made: Mapping[str, Any] = {
        kind: Fits().get(kind, found) for kind in ("traffic", "climate", "energy")
    }
    assert made["traffic"] == Traffic(None, None) or made["traffic"].counted is None
    assert made["climate"].stations == ()
    assert made["energy"].loads == ()
    assert key_of("traffic", found)[-1] == ""
