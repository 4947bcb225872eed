"""One town out of all its sources at once, as files a user names: the whole way of the data."""

import numpy as np
import pandas as pd
import pytest

from layers.build import build_city
from layers.inputs import find_inputs, read_inputs
from tests.town_files.town import write_town
from twin.provenance import kind_of
from twin.validation import validate_all

FORMATS = ("osm", "gpkg", "shp", "gml", "nas", "lod2", "dgm1", "census", "try", "gtfs")
ALWAYS = ("osm", "lod2", "dgm1", "census", "try", "gtfs")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    return folder, write_town(folder, buildings=400, formats=FORMATS, cell_m=5.0)


def read(files, *names):
    return read_inputs(find_inputs([path for name in names for path in files[name]]))


@pytest.fixture(scope="module")
def city(town):
    return build_city(read(town[1], *ALWAYS, "gpkg"), name="Musterstadt")


def test_every_source_is_in_the_city(city):
    assert {source.key for source in city.info.sources} == {
        "osm", "cadastre", "lod2", "terrain", "census", "weather", "gtfs",
    }  # fmt: skip
    empty = {name for name, table in city.tables.items() if table.empty}
    # a quarter has none of these; horizons need a surface model
    assert empty <= {"turns", "transfers", "railways", "street_points", "horizons"}
    assert len(city.weather) == 8760
    assert np.isfinite(city.rasters["terrain"].cells).mean() > 0.9
    validate_all(city.tables, crs=city.crs)


def test_best_value_of_every_attribute_with_its_source(city):
    whole = city.buildings[city.buildings["part_of"].isna()]
    known = whole["known_by"].str.split()
    all_three = known.map(set) >= {"osm", "cadastre", "lod2"}
    assert all_three.mean() > 0.7
    matched = whole[all_three]
    assert matched.index.str.startswith("DENW").all()
    assert matched["other_ids"].str.contains("osm:").all()
    assert (matched["height_source"] == "measured:lod2").all()
    assert matched["use_source"].map(kind_of).isin(["registered", "tagged"]).mean() > 0.95
    heights = whole["height_source"].map(kind_of)
    assert not heights.eq("registered").any()  # registered storeys are no registered height
    assert matched["ground_source"].map(kind_of).eq("measured").all()
    unofficial = ~whole.index.str.startswith("DENW")
    assert (known[unofficial].map(set) == {"osm"}).all()
    assert whole["known_by"].nunique() >= 3  # some houses lack in one source or the other


def test_streets_rise_with_the_ground(city):
    streets, nodes = city.streets, city.nodes["elevation_m"]
    rise = nodes[streets["to_node"]].to_numpy() - nodes[streets["from_node"]].to_numpy()
    expected = 100 * rise / streets["length_m"].to_numpy()
    assert np.nanmax(abs(streets["gradient_percent"].to_numpy() - expected)) < 0.1
    there = streets.dropna(subset=["reverse_id"])
    back = streets.loc[there["reverse_id"], "gradient_percent"].to_numpy()
    assert there["gradient_percent"].to_numpy() == pytest.approx(-back, nan_ok=True)


def test_people_of_the_census_live_in_the_buildings(city):
    cells = city.cells[city.cells["residents"].notna()]
    placed = city.buildings.groupby("cell_id")["residents"].sum().reindex(cells.index)
    lived_in = placed > 0
    assert lived_in.mean() > 0.8
    assert placed[lived_in].tolist() == cells["residents"][lived_in].tolist()
    unplaced = cells["residents"][~lived_in].sum()
    assert placed.sum() + unplaced == cells["residents"].sum()


def test_areas_hold_everything_once(city):
    whole = city.buildings[city.buildings["part_of"].isna()]
    assert whole[["block_id", "zone_id"]].notna().all().all()
    for table in ("blocks", "zones"):
        areas = city.tables[table]
        assert areas["buildings"].sum() == len(whole)
        assert areas["residents"].sum() == pytest.approx(whole["residents"].sum(), abs=1)


def test_stops_have_a_timetable_and_a_street(city):
    served = city.stops[city.stops["departures"] > 0]
    assert len(served)
    in_town = ~served.index.str.startswith("gtfs:de:05999")  # one line goes on to the next town
    assert served.loc[in_town, "link_id"].notna().all()
    boarding = city.stop_times[city.stop_times["boarding"]]
    platforms = served[~served.index.isin(city.stops["parent_id"])]  # stations sum theirs up
    assert platforms["departures"].sum() == len(boarding)


@pytest.mark.parametrize("cadastre", ["shp", "gml", "nas"])
def test_every_format_of_the_cadastre_gives_the_same_houses(town, city, cadastre):
    """Formats differ in what they carry, not in which houses stand where."""
    other = build_city(read(town[1], "osm", "lod2", cadastre), name="Musterstadt")
    ours, theirs = city.buildings, other.buildings
    if cadastre == "nas":  # the whole cadastre, where the simplified files lack some on purpose
        assert theirs.index.str.startswith("DENW").sum() >= 0.9 * len(theirs)
        return
    assert set(theirs.index) == set(ours.index)
    same = theirs.loc[ours.index]
    assert same["use"].astype(str).tolist() == ours["use"].astype(str).tolist()
    assert same["footprint_m2"].to_numpy() == pytest.approx(ours["footprint_m2"], rel=1e-3)


def test_the_order_of_the_sources_does_not_count(town, city):
    backwards = read(town[1], *ALWAYS, "gpkg")[::-1]
    again = build_city(backwards, name="Musterstadt")
    differing = [n for n in city.hashes if city.hashes[n] != again.hashes[n]]
    assert differing == []
    assert again.hash == city.hash


def test_sums_of_the_report_agree_with_the_stock(city):
    report = city.info.report["matching"]
    assert report
    tables = pd.Series({name: len(table) for name, table in city.tables.items()})
    assert tables["envelopes"] == city.buildings["part_of"].isna().sum()
