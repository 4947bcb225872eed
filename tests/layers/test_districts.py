import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely import Point, box

from layers.districts import add_districts
from tests.conftest import CRS
from twin.schema import BUILDINGS, DISTRICTS, PLACES
from twin.validation import conform, validate

E, N = 370_000.0, 5_631_000.0


def table(schema, index, geometry, **columns):
    raw = gpd.GeoDataFrame(columns, index=index, geometry=geometry, crs=CRS)
    return conform(schema, raw, crs=CRS)


def town(**columns):
    given = {"name": ["Stadt"], "level": 8.0, "area_m2": 1e6, "boundary_source": "tagged"}
    return table(DISTRICTS, ["t"], [box(E, N, E + 1000, N + 1000)], **{**given, **columns})


SUBURBS = table(
    PLACES,
    ["west", "east", "shop"],
    [Point(E + 250, N + 500), Point(E + 750, N + 500), Point(E + 500, N + 100)],
    name=["West", "Ost", "Laden"],
    **{"class": ["suburb", "suburb", "shop"]},
)
HOUSES = table(
    BUILDINGS, ["a", "b"], [box(E, N, E + 10, N + 10), box(E + 990, N + 990, E + 999, N + 999)]
)
NO_DISTRICTS = conform(DISTRICTS, pd.DataFrame(index=[]), crs=CRS)


def test_two_suburbs_share_the_town_by_hand():
    done = add_districts(town(), SUBURBS, HOUSES)
    assert sorted(done.index) == ["east", "t", "west"]
    assert done.loc["west", "geometry"].equals(box(E, N, E + 500, N + 1000))
    assert done["area_m2"].drop("t").tolist() == [500_000, 500_000]
    assert (done["boundary_source"].drop("t") == "estimated:nearest_place").all()
    validate(DISTRICTS, done, crs=CRS)


def test_official_boundaries_are_kept():
    inner = table(
        DISTRICTS, ["d"], [box(E, N, E + 1000, N + 1000)],
        name=["Mitte"], level=10.0, area_m2=1e6, boundary_source="tagged",
    )  # fmt: skip
    given = pd.concat([town(), inner]).sort_index()
    assert add_districts(given, SUBURBS, HOUSES).index.tolist() == ["d", "t"]


def test_without_a_municipality_the_buildings_bound_the_districts():
    done = add_districts(NO_DISTRICTS, SUBURBS, HOUSES)
    assert sorted(done.index) == ["east", "west"]
    covered = shapely.union_all(done.geometry.array)
    assert shapely.covers(covered, HOUSES.geometry.array).all()
    assert done["area_m2"].sum() == pytest.approx(covered.area, rel=1e-6)


def test_one_suburb_or_none_says_nothing():
    for places in (SUBURBS.iloc[:1], SUBURBS.iloc[:0]):
        assert add_districts(town(), places, HOUSES).index.tolist() == ["t"]
    assert add_districts(NO_DISTRICTS, SUBURBS.iloc[:0], HOUSES.iloc[:0]).empty
