"""Datastreams find the street they count on and the areas they stand in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import Transformer

from dash_app.sensing.places import places_of
from dash_app.sensing.spots import is_within, reach_of
from layers.sensors.records import Datastream
from tests.dash_app.sensing.town import stream
from tests.small_town import small_town

if TYPE_CHECKING:
    from twin.city import City


@pytest.fixture(scope="module")
def city() -> City:
    return small_town()


def degrees(city: City, x: float, y: float) -> tuple[float, float]:
    lon, lat = Transformer.from_crs(city.crs, "EPSG:4326", always_xy=True).transform(x, y)
    return float(lon), float(lat)


def test_streets_and_areas(city: City) -> None:
    motor = city.streets[city.streets["allow_car"].to_numpy(bool)]
    street = str(motor["length_m"].idxmax())
    line = motor.geometry.loc[street]
    middle = line.interpolate(0.5, normalized=True)
    lon, lat = degrees(city, middle.x, middle.y)
    wkt = ", ".join(f"{a} {b}" for a, b in (degrees(city, *xy[:2]) for xy in line.coords))
    streams: dict[int, Datastream] = {
        1: stream("named", "vehicles", "{vehicle}", street=street, lon=0.0, lat=0.0),
        2: stream("beside", "vehicles", "{vehicle}", lon=lon, lat=lat),
        3: stream("along", "traffic_load", "1", line=f"LINESTRING ({wkt})"),
        4: stream("away", "vehicles", "{vehicle}", lon=0.0, lat=0.0),
        5: stream("nowhere", "no2", "ug/m3"),
    }
    found = places_of(streams, city)
    both = {street, str(city.streets["reverse_id"].get(street))}
    assert found.loc[1, "street"] == street
    assert set(found.loc[[2, 3], "street"]) <= both
    assert found.loc[[4, 5], "street"].tolist() == ["", ""]
    back = bool(pd.notna(city.streets["reverse_id"].get(street)))
    assert found["both"].tolist() == [back, back, back, False, False]
    block = city.blocks.index[city.blocks.contains(middle)]
    assert found.loc[2, "block"] == (block[0] if len(block) else "")
    assert found.loc[2, "district"] in city.districts.index
    assert found.loc[5, ["block", "zone", "district"]].tolist() == ["", "", ""]


def test_a_broken_line_is_no_fault(city: City) -> None:
    motor = city.streets[city.streets["allow_car"].to_numpy(bool)]
    ends = motor.geometry.loc[motor["length_m"].idxmax()].coords
    wkt = ", ".join(f"{a} {b}" for a, b in (degrees(city, *xy[:2]) for xy in ends))
    lines = ("LINESTRING (1 2", f"LINESTRING ({wkt})", "POINT (7 50)")
    streams = {n: stream(str(n), "traffic_load", "1", line=line) for n, line in enumerate(lines)}
    assert (places_of(streams, city)["street"] != "").tolist() == [False, True, False]
    assert len(places_of({}, city)) == 0


def test_sensors_of_another_town_in_the_same_store_are_not_this_towns() -> None:
    city = small_town()
    box = reach_of(city)
    assert box is not None
    middle = gpd.GeoSeries([city.buildings.union_all().centroid], crs=city.crs).to_crs(4326)
    here = Datastream("a/b", "a", "b", "no2", "ug/m3", lon=middle.x.iloc[0], lat=middle.y.iloc[0])
    assert is_within(here, box)
    assert is_within(replace(here, lat=middle.y.iloc[0] + 0.2), box)  # 22 km to the north
    assert not is_within(replace(here, lat=middle.y.iloc[0] + 0.3), box)
    assert not is_within(replace(here, lon=middle.x.iloc[0] + 6), box)
    assert is_within(replace(here, lon=None, lat=None), box)
