"""Several sources become one set of tables."""

import dataclasses

import geopandas as gpd
import pytest
from shapely import Point, box

from layers.collect import by_trust, collect, common_crs, sources_of
from layers.source import source_record
from layers.source_data import SourceData
from tests.conftest import CRS, make_tables
from twin.errors import SourceError
from twin.schema import TABLES
from twin.validation import conform, faults_of

E, N = 370_000.0, 5_631_000.0


def source(kind, tables, *, record="osm", crs=CRS):
    return SourceData("Toytown", crs, tables, source_record(record), kind=kind)


def table(name, rows, geometry=None, crs=CRS):
    frame = gpd.GeoDataFrame(rows, index=list(rows.pop("id")), geometry=geometry, crs=crs)
    return conform(TABLES[name], frame, crs=crs)


def official():
    """The cadastre's view of the first toy house, a little to the east, and a roof of the model."""
    house = table(
        "buildings",
        {"id": ["DENW0001"], "has_parts": False, "use": ["residential"],
         "use_source": "registered", "storeys": [2.0], "storeys_source": "registered"},
        [box(E + 10.2, N + 10, E + 20.2, N + 20)],
    )  # fmt: skip
    return source("cadastre", {"buildings": house}, record="geobasis_nrw")


def mapped():
    tables = {k: t for k, t in make_tables().items() if k != "districts"}
    tables["buildings"] = tables["buildings"].assign(district_id=None)
    return source("osm", tables)


def collected(*sources):
    return collect(by_trust(sources), crs=CRS)


def test_the_official_house_takes_the_mapped_one_in():
    got = collected(mapped(), official())
    assert sorted(got.tables["buildings"].index) == ["DENW0001", "b2", "b3"]
    house = got.tables["buildings"].loc["DENW0001"]
    assert (house["known_by"], house["other_ids"]) == ("cadastre osm", "b1")
    assert (house["height_m"], house["height_source"]) == (6.0, "tagged:height")


def test_what_names_a_house_follows_it():
    here = mapped()
    address = table("addresses", {"id": ["a1"], "street": ["Am Bach"], "housenumber": ["1"],
                                  "building_id": ["b1"]}, [Point(E + 12, N + 12)])  # fmt: skip
    here = dataclasses.replace(here, tables={**here.tables, "addresses": address})
    got = collected(here, official())
    assert got.tables["addresses"]["building_id"].tolist() == ["DENW0001"]
    assert got.tables["places"]["building_id"].tolist() == ["b3"]


def test_the_order_given_does_not_count():
    one, other = collected(mapped(), official()), collected(official(), mapped())
    for name in TABLES:
        assert one.tables[name].equals(other.tables[name]), name


def test_another_projection_is_brought_over():
    east = official()
    moved = {"buildings": east.tables["buildings"].to_crs("EPSG:25833")}
    got = collected(mapped(), dataclasses.replace(east, tables=moved, crs="EPSG:25833"))
    assert got.tables["buildings"].loc["DENW0001", "known_by"] == "cadastre osm"
    for name, frame in got.tables.items():
        if TABLES[name].geometry and len(frame):
            assert not [f for f in faults_of(TABLES[name], frame, crs=CRS) if "CRS" in f]


def test_the_crs_of_the_most_trusted_source_with_houses_wins():
    east = dataclasses.replace(official(), crs="EPSG:25833")
    assert common_crs(list(by_trust([mapped(), east]).values())) == "EPSG:25833"
    weather = SourceData("", "", {}, source_record("dwd_try"), kind="weather")
    assert common_crs([weather, mapped()]) == CRS
    with pytest.raises(SourceError, match="None of the sources"):
        common_crs([weather])


def test_one_network_only():
    second = dataclasses.replace(mapped(), kind="model_town")
    got = collected(mapped(), second)
    assert len(got.tables["streets"]) == len(make_tables()["streets"])
    assert [f.count for f in got.findings if f.code == "other_network"] == [3]


def test_sources_of_one_office_are_told_apart():
    model = dataclasses.replace(official(), kind="lod2")
    records = sources_of(by_trust([official(), model, mapped()]))
    titles = {record.key: record.title for record in records}
    assert titles["cadastre"] != titles["lod2"]
    assert titles["osm"] == "OpenStreetMap"
    assert all(record.tables for record in records)
