"""`twin reach`, `trip`, `access` as people type them: what is printed, written, refused."""

import json

import geopandas as gpd
import pandas as pd
import pytest
from pyproj import Transformer
from shapely import LineString

from dash_app.cli import main
from layers.city_store import save_city
from tests.small_town import small_town
from twin.classes import FACILITIES
from twin.schema import TABLES
from twin.validation import conform


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Give the town without a timetable, whether it would get an assumed one or not."""
    town = small_town()
    names = ("lines", "trips", "stop_times", "transfers")
    quiet = town.replace(**{name: town.tables[name].iloc[:0] for name in names})
    return save_city(quiet, tmp_path_factory.mktemp("cities") / "small-town")


@pytest.fixture(scope="module")
def at():
    """Give the places of the first and the last home, and one far away, as LON,LAT."""
    town = small_town()
    homes = town.buildings[town.buildings["residents"] > 0].geometry.centroid
    degrees = Transformer.from_crs(town.crs, "EPSG:4326", always_xy=True).transform

    def told(x, y):
        return "{:.6f},{:.6f}".format(*degrees(x, y))

    first, last = homes.iloc[0], homes.iloc[-1]
    return told(first.x, first.y), told(last.x, last.y), told(first.x + 90_000, first.y)


def call(capsys, *arguments, lang="en"):
    """Run `twin` in this process; give exit code, output and error output."""
    with pytest.raises(SystemExit) as end:
        main(["--lang", lang, *map(str, arguments)])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err + printed.out
    return end.value.code, printed.out, printed.err


def refused(capsys, *arguments):
    """Run what must end with one sentence and exit code 1; give the sentence."""
    code, said, complaint = call(capsys, *arguments)
    assert code == 1, complaint
    assert said == ""
    assert complaint.startswith("Error: ")
    assert complaint.count("\n") == 1
    return complaint.removeprefix("Error: ").strip()


def test_areas_that_are_reached(capsys, city, at, tmp_path):
    out = tmp_path / "reach.geojson"
    code, said, _ = call(
        capsys, "reach", city, "--from", at[0], "--minutes", "10,3", "-o", out, lang="de"
    )
    assert code == 0
    assert "Einwohner" in said
    assert "zu Fuß" in said
    found = gpd.read_file(out)
    assert found["minutes"].tolist() == [3.0, 10.0]
    assert found.geometry.is_valid.all()
    lon, lat = map(float, at[0].split(","))
    assert found.geometry.iloc[0].contains(gpd.points_from_xy([lon], [lat])[0])
    assert json.loads(out.read_text(encoding="utf-8"))["features"]
    assert [path.name for path in tmp_path.iterdir()] == ["reach.geojson"]


def test_by_other_modes_more_is_reached(capsys, city, at, tmp_path):
    sizes = {}
    for how in ("walk", "bike", "car"):
        out = tmp_path / f"{how}.gpkg"
        asked = ("--from", at[0], "--mode", how, "--minutes", "5", "-o", out)
        assert call(capsys, "reach", city, *asked)[0] == 0
        sizes[how] = gpd.read_file(out)["area_m2"].iloc[0]
    assert sizes["walk"] < min(sizes["bike"], sizes["car"])


def test_a_trip_on_all_modes(capsys, city, at, tmp_path):
    out = tmp_path / "trip.gpkg"
    code, said, _ = call(capsys, "trip", city, "--from", at[0], "--to", at[1], "-o", out)
    assert code == 0
    assert all(mode in said for mode in ("on foot", "by bicycle", "by car"))
    legs = gpd.read_file(out)
    assert {"walk", "bike", "car"} <= set(legs["option"])
    assert legs.crs == small_town().crs
    assert (legs["km"] > 0).all()


@pytest.mark.parametrize("ending", ["csv", "gpkg"])
def test_minutes_of_every_building(capsys, city, tmp_path, ending):
    out = tmp_path / f"access.{ending}"
    code, said, _ = call(capsys, "access", city, "-o", out)
    assert code == 0
    assert small_town().name in said
    found = pd.read_csv(out) if ending == "csv" else gpd.read_file(out, layer="buildings")
    assert len(found) == len(small_town().buildings)
    columns = [c for c in found if c.startswith("walk_")]
    assert {c.removeprefix("walk_") for c in columns} <= set(FACILITIES)
    assert (found["walk_leisure"] >= 0).all()
    assert (found["bike_leisure"] <= found["walk_leisure"] + 0.01).mean() > 0.9
    assert "residents" not in found  # nobody's household goes into a file
    if ending == "gpkg":
        cells = gpd.read_file(out, layer="cells")
        assert cells.geometry.area.round().eq(10_000).all()


def test_what_is_refused(capsys, city, at, tmp_path):
    def reach(*more):
        return refused(capsys, "reach", city, *more)

    assert "lies outside" in reach("--from", at[2])
    assert "no place" in reach("--from", "somewhere")
    assert "no place" in reach("--from", "7.1;99")
    assert "no place" in reach("--from", "")
    assert "no mode called fly" in reach("--from", at[0], "--mode", "fly")
    for wrong in ("0", "-5", "121", "5,abc", "", "nan"):
        assert "no minutes" in reach("--from", at[0], "--minutes", wrong)
    assert "ending" in reach("--from", at[0], "-o", tmp_path / "a.shp")
    there = tmp_path / "there.gpkg"
    there.write_text("mine", encoding="utf-8")
    assert "exists already" in reach("--from", at[0], "-o", there)
    assert there.read_text(encoding="utf-8") == "mine"
    assert "no time of day" in refused(
        capsys, "trip", city, "--from", at[0], "--to", at[1], "--at", "25:00"
    )
    assert "lies outside" in refused(capsys, "trip", city, "--from", at[0], "--to", at[2])
    assert "ending" in refused(capsys, "access", city, "-o", tmp_path / "a.geojson")
    assert refused(capsys, "access", tmp_path / "nowhere")
    assert [path.name for path in tmp_path.iterdir()] == ["there.gpkg"]


def test_public_transport_needs_a_timetable(capsys, city, at):
    said = refused(capsys, "reach", city, "--from", at[0], "--mode", "transit")
    assert "has no timetable" in said
    code, said, _ = call(capsys, "trip", city, "--from", at[0], "--to", at[1])
    assert code == 0
    assert "public transport is left out" in said


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Give the town with a bus between its two stops, to and fro every ten minutes."""
    town = small_town()
    one, other = town.stops.index[:2]
    runs = [
        (start, *ends)
        for start in range(5 * 3600, 23 * 3600, 600)
        for ends in ((one, other), (other, one))
    ]
    halts = pd.DataFrame(
        [
            (f"t{k:04}", stop, place, start + 60 * place)
            for k, (start, *stops) in enumerate(runs)
            for place, stop in enumerate(stops)
        ],
        columns=["trip_id", "stop_id", "sequence", "arrival_s"],
    )
    halts.index = halts["trip_id"] + ":" + halts["sequence"].astype(str).str.zfill(4)
    trips = pd.DataFrame(
        {"line_id": "bus", "day_type": "weekday"}, index=[f"t{k:04}" for k in range(len(runs))]
    )
    lines = gpd.GeoDataFrame(
        {"name": "1", "class": "bus", "course_source": "estimated:model_town", "departures": 200.0},
        index=["bus"], geometry=[LineString(list(town.stops.geometry[:2]))], crs=town.crs,
    )  # fmt: skip
    raw = {
        "lines": lines, "trips": trips,
        "stop_times": halts.assign(
            departure_s=halts["arrival_s"], boarding=True, alighting=True, time_source="tagged"
        ),
    }  # fmt: skip
    tables = {name: conform(TABLES[name], table, crs=town.crs) for name, table in raw.items()}
    return save_city(town.replace(**tables), tmp_path_factory.mktemp("cities") / "served")


def test_with_a_timetable_people_ride(capsys, served, at, tmp_path):
    sizes = {}
    for how in ("walk", "transit"):
        out = tmp_path / f"{how}.gpkg"
        asked = ("--from", at[0], "--mode", how, "--minutes", "10,30", "-o", out)
        code, _, complaint = call(capsys, "reach", served, *asked)
        assert code == 0, complaint
        sizes[how] = gpd.read_file(out)["area_m2"]
    assert (sizes["transit"] >= sizes["walk"] - 1).all()
    code, said, _ = call(capsys, "trip", served, "--from", at[0], "--to", at[1])
    assert code == 0
    assert "public transport" in said
    out = tmp_path / "access.csv"
    assert call(capsys, "access", served, "-o", out)[0] == 0
    found = pd.read_csv(out)
    assert (found["transit_leisure"] <= found["walk_leisure"]).all()


def test_no_street_near_the_point(capsys, tmp_path, at):
    town = small_town()
    _, south, east, north = town.streets.total_bounds
    far = town.streets.iloc[:1].copy()
    far.index = ["far"]
    far.geometry = far.geometry.translate(30_000, 0)
    streets = pd.concat([town.streets, far])
    folder = save_city(town.replace(streets=streets), tmp_path / "wide")
    degrees = Transformer.from_crs(town.crs, "EPSG:4326", always_xy=True).transform
    lon, lat = degrees(east + 12_000, (south + north) / 2)
    said = refused(capsys, "reach", folder, "--from", f"{lon:.5f},{lat:.5f}")
    assert "no street within 400 m" in said
