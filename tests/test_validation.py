import geopandas as gpd
import pytest
from shapely import Point, Polygon, box

from tests.conftest import CRS, make_tables
from twin.errors import SchemaError
from twin.schema import BUILDINGS, TABLES
from twin.validation import conform, validate, validate_all


def test_every_fault_is_named_at_once(toy_city):
    bad = toy_city.buildings.copy()
    bad.loc["b1", "height_m"] = 900.0
    bad.loc["b2", "use_source"] = "guessed"
    bad.loc["b3", "storeys_source"] = None
    bad = bad.to_crs(4326)
    with pytest.raises(SchemaError) as caught:
        validate(BUILDINGS, bad, crs=CRS)
    text = str(caught.value)
    for expected in ("900.0", "'b1'", "guessed", "storeys_source", "EPSG:4326"):
        assert expected in text


def test_wrong_geometry_is_named(toy_city):
    bow = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    bad = toy_city.buildings.set_geometry([Point(0, 0), bow, None], crs=CRS)
    with pytest.raises(SchemaError, match=r"missing(.|\n)*got Point(.|\n)*invalid"):
        validate(BUILDINGS, bad, crs=CRS)


def test_unknown_class_is_not_swallowed():
    raw = gpd.GeoDataFrame({"use": ["castle"]}, index=["x"], geometry=[box(0, 0, 1, 1)], crs=CRS)
    with pytest.raises(SchemaError, match="castle"):
        validate(BUILDINGS, conform(BUILDINGS, raw, crs=CRS), crs=CRS)


def test_lost_references_are_named():
    tables = make_tables()
    tables["streets"] = tables["streets"].assign(to_node="n9")
    del tables["water"]
    with pytest.raises(SchemaError, match=r"'water' is missing(.|\n)*n9"):
        validate_all(tables, crs=CRS)


def test_conform_sorts_and_keeps_the_input(toy_city):
    shuffled = toy_city.buildings.iloc[::-1]
    before = shuffled.copy()
    assert conform(BUILDINGS, shuffled, crs=CRS).index.tolist() == ["b1", "b2", "b3"]
    assert shuffled.equals(before)


def test_schema_is_consistent():
    for table in TABLES.values():
        assert len(set(table.column_names)) == len(table.column_names)
        for column in table.columns:
            assert column.type != "category" or column.values
            assert column.type != "number" or column.low < column.high
