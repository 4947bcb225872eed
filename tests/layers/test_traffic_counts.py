"""Counts from tables: which line counts what, and on which street."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, box

from layers.traffic_counts import place_counts, read_counts
from tests.conftest import shared
from twin.errors import SourceError

CRS = "EPSG:25832"
E, N = 365_000.0, 5_630_000.0


def streets():
    """A two-way street L 332 through Eschmar, a motorway in two carriageways, a footway."""
    shapes = [
        [(0, 0), (300, 0)], [(300, 0), (0, 0)], [(300, 0), (350, 0)], [(350, 0), (300, 0)],
        [(0, 500), (400, 500)], [(400, 530), (0, 530)], [(0, 2), (300, 2)],
    ]  # fmt: skip
    table = pd.DataFrame(
        {
            "reverse_id": ["b", "a", "d", "c", None, None, None],
            "name": ["Hauptstraße"] * 4 + [None, None, "Pfad"],
            "ref": ["L 332"] * 4 + ["A 59;E 35", "A 59", None],
            "allow_car": [True] * 6 + [False],
        },
        index=list("abcdefg"),
    )
    lines = [LineString([(E + x, N + y) for x, y in line]) for line in shapes]
    table["length_m"] = [line.length for line in lines]
    return gpd.GeoDataFrame(table, geometry=lines, crs=CRS)


DISTRICTS = gpd.GeoDataFrame(
    {"name": ["Eschmar", "Sieglar"]}, index=["d1", "d2"], crs=CRS,
    geometry=[box(E - 10, N - 10, E + 400, N + 10), box(E, N + 900, E + 10, N + 910)],
)  # fmt: skip


def lon_lat(x, y):
    point = gpd.GeoSeries.from_xy([E + x], [N + y], crs=CRS).to_crs(4326).iloc[0]
    return f"{point.x:.7f},{point.y:.7f}"


def placed(folder, text, **more):
    path = folder / "counts.csv"
    path.write_text(text, encoding="utf-8")
    return place_counts(read_counts(path), streets(), **more)


def by_street(found):
    return dict(zip(found.table["street"], found.table["vehicles_day"], strict=True))


def test_by_id_both_directions_are_halved(tmp_path):
    found = placed(tmp_path, "street,vehicles_day,weight\na,1000,2\n")
    assert by_street(found) == {"a": 500.0, "b": 500.0}
    assert found.table["weight"].tolist() == [2.0, 2.0]
    assert found.table["count"].tolist() == [1, 1]
    assert not found.left_out


def test_one_direction_and_bearing(tmp_path):
    text = "street;dtv;richtung\na;1.000;one\nc;2.000;270\n"
    assert by_street(placed(tmp_path, text)) == {"a": 1000.0, "d": 2000.0}


def test_by_point_the_nearest_street_for_cars(tmp_path):
    text = f"lon,lat,vehicles\n{lon_lat(150, 3)},800\n{lon_lat(150, 200)},900\n"
    found = placed(tmp_path, text)
    assert by_street(found) == {"a": 400.0, "b": 400.0}
    assert str(found.left_out[0]) == "Line 2, : no street for cars within 50 m"


def test_a_motorway_has_its_other_carriageway_beside(tmp_path):
    text = f"road,lon,lat,kfz_24h\nA59,{lon_lat(200, 490)},90000\n"
    assert by_street(placed(tmp_path, text)) == {"e": 45000.0, "f": 45000.0}


def test_a_road_needs_a_district(tmp_path):
    text = "road,place,kfz_24h\nL332 (old),Eschmar,8500\nHauptstr,Sieglar/Eschmar,9\nL332,,5\n"
    found = placed(tmp_path, text, districts=DISTRICTS)
    assert found.table["street"].tolist() == ["a", "b", "a", "b"]
    assert found.table["vehicles_day"].tolist() == [4250.0, 4250.0, 4.5, 4.5]
    assert "lon and lat" in str(found.left_out[0])


def test_the_latest_year_counts_and_forecasts_do_not(tmp_path):
    text = (
        "street,year,dtv,kind\na,2015,800,count\na,2020,900,count\nc,2030,5,forecast\na,2010,1,\n"
    )
    found = placed(tmp_path, text)
    assert by_street(found) == {"a": 450.0, "b": 450.0}
    said = [str(line) for line in found.left_out]
    assert "not counted but forecast" in said[0]
    assert said[1:] == [f"Line {i}: a later count of the street is used" for i in (1, 4)]
    both = placed(tmp_path, text, latest_only=False)
    assert len(both.table) == 6


def test_what_is_no_count_is_named(tmp_path):
    text = "street,dtv\na,88000-94400\nb,-5\nzz,7\ng,9\nc,0\n"
    found = placed(tmp_path, text)
    assert by_street(found) == {"c": 0.0, "d": 0.0}
    assert [str(line) for line in found.left_out] == [
        "Line 1, : 88000-94400 is no number", "Line 2, : -5 vehicles are fewer than none",
        "Line 3, : there is no street zz for cars", "Line 4, : there is no street g for cars",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["road,year\nA59,2015\n", "dtv,note\n5,x\n", "lon,dtv\n7.1,5\n", ""]
)
def test_tables_that_are_none(tmp_path, text):
    path = tmp_path / "c.csv"
    path.write_text(text)
    with pytest.raises(SourceError):
        read_counts(path)


def test_road_counts_of_troisdorf():
    counts = read_counts(shared("refs/troisdorf/road_counts.csv"))
    assert len(counts) == 28
    assert counts["vehicles_day"].max() == 130_000
    found = place_counts(counts, streets(), districts=DISTRICTS)
    assert found.table[["count", "street", "vehicles_day"]].to_numpy().tolist() == [
        [22, "a", 4250.0], [22, "b", 4250.0]
    ]  # fmt: skip
    assert np.isfinite(found.table["year"]).all()
    assert len(found.left_out) == 27
