"""What measures add to the map and take away."""

from __future__ import annotations

from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from shapely import affinity

from dash_app.views import scene
from tests.small_town import small_town


def year_of(now, pipes=None, networks=None):
    nothing = gpd.GeoDataFrame({"geometry": []}, geometry="geometry", crs=now.crs)
    return SimpleNamespace(
        state=SimpleNamespace(city=now), pipes=nothing if pipes is None else pipes,
        networks=pd.DataFrame({"exists": [], "name": []}) if networks is None else networks,
    )  # fmt: skip


def test_without_measures_there_is_nothing(answered):
    told = scene(answered[2].last, small_town())
    assert all(told[name] == [] for name in ("links", "buildings", "stops", "lines", "pipes"))
    assert not any(told["gone"].values())
    assert not told["changed"]["streets"]


def test_a_drawn_street_is_told_once_and_a_cut_one_not_at_all():
    city = small_town()
    link = city.streets.index[city.streets["reverse_id"].notna()][0]
    both = city.streets.loc[[link, city.streets["reverse_id"][link]]]
    drawn = both.set_axis(["m:1:f", "m:1:b"]).assign(reverse_id=["m:1:b", "m:1:f"])
    pieces = pd.concat([both.iloc[[0]], both.iloc[[0]]]).set_axis([f"{link}~1", f"{link}~2"])
    now = city.replace(streets=pd.concat([city.streets.drop(link), pieces, drawn]))
    told = scene(year_of(now), city)
    assert [entry["id"] for entry in told["links"]] == ["m:1:f"]
    assert told["gone"]["streets"] == []
    to = Transformer.from_crs(city.crs, "EPSG:4326", always_xy=True)
    start = to.transform(*both.geometry.iloc[0].coords[0])
    assert told["links"][0]["path"][0] == pytest.approx(start, abs=1e-6)


def test_what_is_gone_is_told_by_rows_of_the_baseline():
    city = small_town()
    now = city.replace(
        buildings=city.buildings.drop(city.buildings.index[3]),
        streets=city.streets.drop(city.streets.index[[5, 6]]),
    )
    told = scene(year_of(now), city)
    assert told["gone"]["buildings"] == [3]
    assert told["gone"]["streets"] == [5, 6]
    assert told["gone"]["stops"] == told["gone"]["lines"] == []


def test_streets_with_another_speed_are_changed():
    city = small_town()
    slower = city.streets["speed_kmh"].copy()
    slower.iloc[[2, 7]] = 7.0
    told = scene(year_of(city.replace(streets=city.streets.assign(speed_kmh=slower))), city)
    assert told["changed"]["streets"] == [2, 7]


def test_a_new_building_has_its_courtyard_and_height():
    city = small_town()
    shape = shapely.box(0, 0, 40, 40).difference(shapely.box(10, 10, 20, 20))
    x, y = city.buildings.total_bounds[:2]
    shape = affinity.translate(shape, x, y)
    new = city.buildings.iloc[[0]].set_axis(["m:house"]).assign(height_m=12.5)
    new = new.set_geometry([shape], crs=city.crs)
    now = city.replace(buildings=pd.concat([city.buildings, new]))
    (told,) = scene(year_of(now), city)["buildings"]
    assert (told["id"], told["height"], len(told["rings"])) == ("m:house", 12.5, 2)


def test_pipes_say_their_size_and_network():
    city = small_town()
    line = city.streets.geometry.iloc[0]
    pipes = gpd.GeoDataFrame(
        {"dn": ["DN 80", "DN 50"], "network_id": ["n1", "n2"]},
        geometry=[line, shapely.LineString()], crs=city.crs,
    )  # fmt: skip
    networks = pd.DataFrame({"exists": [False, True], "name": ["Nord", "Süd"]}, ["n1", "n2"])
    (told,) = scene(year_of(city, pipes, networks), city)["pipes"]
    assert (told["dn"], told["network"], told["exists"]) == ("DN 80", "Nord", False)
    assert len(told["path"]) == len(line.coords)
