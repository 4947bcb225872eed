import dataclasses

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

from layers.build import build_city
from layers.estimate import estimate_buildings
from layers.quality import source_shares
from layers.source_data import SourceData
from tests.conftest import CRS, make_toy_city
from twin.assumptions import assumed, assumed_by_class
from twin.errors import SourceError
from twin.schema import BUILDINGS, LANDUSE
from twin.validation import conform, faults_of

E, N = 370_000.0, 5_631_000.0
NO_LAND = conform(LANDUSE, pd.DataFrame(index=[]), crs=CRS)


def source(**tables):
    return SourceData("Toytown", CRS, tables, make_toy_city().info.sources[0])


def houses(geometry, **columns):
    raw = gpd.GeoDataFrame(columns, index=[f"h{i:02}" for i in range(len(geometry))],
                           geometry=geometry, crs=CRS)  # fmt: skip
    return conform(BUILDINGS, raw, crs=CRS)


def row_of(count, *, width=10.0, depth=10.0, gap=20.0):
    return [box(E + i * (width + gap), N, E + i * (width + gap) + width, N + depth)
            for i in range(count)]  # fmt: skip


def test_what_is_known_stays(toy_city):
    city = build_city(source(**toy_city.tables))
    for column in ("height_m", "height_source", "storeys", "use", "roof_type"):
        assert city.buildings[column].tolist() == toy_city.buildings[column].tolist()


def test_height_takes_the_best_ground():
    known = houses(
        row_of(6),
        use="residential",
        use_source="tagged",
        size_class="detached",
        size_class_source="tagged",
        roof_type="flat",
        roof_type_source="tagged",
        height_m=[11.0, None, None, None, None, None],
        height_source=["tagged:height", *[None] * 5],
        storeys=[None, 3.0, 3.0, 3.0, None, None],
        storeys_source=[None, "tagged", "tagged", "tagged", None, None],
    )
    far = known.iloc[[5]].set_geometry([box(E + 9_000, N, E + 9_010, N + 10)], crs=CRS)
    done = estimate_buildings(pd.concat([known.iloc[:5], far]), NO_LAND)
    storey = assumed_by_class("storey_height")["detached"]
    assert done["height_source"].tolist() == [
        "tagged:height", "estimated:levels", "estimated:levels", "estimated:levels",
        "estimated:neighbours", "estimated:class",
    ]  # fmt: skip
    usual = assumed_by_class("storeys")["detached"]
    expected = [11.0, *[3 * storey] * 4, usual * storey]
    assert done["height_m"].tolist() == pytest.approx(expected, abs=0.01)
    assert done["storeys"].iloc[0] == round(11.0 / storey)
    assert done["storeys_source"].iloc[0] == "estimated:height"


def test_type_follows_shape_and_neighbours():
    terrace = [box(E + 6 * i, N, E + 6 * i + 6, N + 10) for i in range(3)]
    alone = box(E + 100, N, E + 110, N + 12)
    block = box(E + 200, N, E + 230, N + 14)
    slab = box(E + 300, N, E + 380, N + 14)
    done = estimate_buildings(
        houses([*terrace, alone, block, slab], use="residential", use_source="tagged"), NO_LAND
    )
    assert done["size_class"].tolist() == [
        *["terraced"] * 3, "detached", "apartments", "large_apartments",
    ]  # fmt: skip
    assert (done["size_class_source"] == "estimated:shape").all()


def test_a_slim_tower_is_no_house_and_has_a_flat_roof():
    boxes = row_of(3, width=12, depth=12, gap=50)
    raw = houses(
        boxes,
        use="residential",
        use_source="tagged",
        storeys=[16.0, None, 2.0],
        storeys_source=["tagged", None, "tagged"],
        height_m=[None, 40.0, None],
        height_source=[None, "tagged:height", None],
    )
    done = estimate_buildings(raw, NO_LAND)
    assert not done["size_class"].iloc[:2].isin(["detached", "terraced"]).any()
    assert done["size_class"].iloc[2] == "detached"
    assert done["roof_type"].tolist() == ["flat", "flat", "gabled"]


def test_unknown_use_comes_from_the_land_or_stays_unknown():
    land = gpd.GeoDataFrame(
        {"class": ["residential", "industrial"], "area_m2": [1e6, 1e3]},
        index=["a", "b"],
        geometry=[box(E - 10, N - 10, E + 200, N + 100), box(E - 5, N - 5, E + 25, N + 25)],
        crs=CRS,
    )
    boxes = [
        box(E, N, E + 20, N + 20),  # in both: the smaller area says more
        box(E + 60, N, E + 70, N + 10),
        box(E + 80, N, E + 84, N + 5),  # 20 m²: nobody lives there
        box(E + 900, N, E + 920, N + 20),
    ]
    done = estimate_buildings(houses(boxes), conform(LANDUSE, land, crs=CRS))
    assert done["use"].tolist() == ["industrial", "residential", "shed", "unknown"]
    assert done["use_source"].tolist() == [
        "estimated:landuse", "estimated:landuse", "estimated:shape", "unknown",
    ]  # fmt: skip
    assert pd.isna(done["dwellings"].iloc[3])


def test_parts_have_volume_but_no_people():
    whole, part = box(E, N, E + 20, N + 20), box(E, N, E + 10, N + 20)
    raw = houses([whole, part], use="residential", use_source="tagged",
                 has_parts=[True, False], part_of=[None, "h00"])  # fmt: skip
    done = estimate_buildings(raw, NO_LAND)
    assert done["height_m"].notna().all()
    assert done["residents"].notna().tolist() == [True, False]
    assert done["floor_area_m2"].notna().tolist() == [True, False]


def test_residents_follow_from_floor_area_by_hand():
    """A block of 40 x 12 m with 3 storeys: 1,440 m² floor, 1,080 m² living, 11 dwellings."""
    raw = houses([box(E, N, E + 40, N + 12)], use="residential", use_source="tagged",
                 storeys=3.0, storeys_source="tagged")  # fmt: skip
    done = estimate_buildings(raw, NO_LAND).iloc[0]
    assert done["floor_area_m2"] == 1440
    assert done["dwellings"] == 11
    assert done["residents"] == pytest.approx(11 * assumed("residents_per_dwelling"), abs=0.01)


def test_year_gives_age_class():
    raw = houses(row_of(4), year_built=[1890.0, 1919.0, 1983.0, None],
                 year_built_source=["tagged", "tagged", "tagged", None])  # fmt: skip
    done = estimate_buildings(raw, NO_LAND)
    assert done["age_class"].tolist()[:3] == ["until_1918", "1919_1948", "1969_1983"]
    assert pd.isna(done["age_class"].iloc[3])
    assert pd.isna(done["age_class_source"].iloc[3])


@settings(max_examples=30)
@given(
    height=st.lists(st.none() | st.floats(0.6, 400), min_size=4, max_size=4),
    storeys=st.lists(st.none() | st.floats(0, 120), min_size=4, max_size=4),
    width=st.floats(1.5, 120),
    use=st.sampled_from(BUILDINGS.column("use").values),
)
def test_any_mix_of_knowledge_gives_a_valid_table(height, storeys, width, use):
    raw = houses(
        row_of(4, width=width),
        use=use,
        use_source="tagged",
        height_m=height,
        height_source=[None if h is None else "tagged:height" for h in height],
        storeys=storeys,
        storeys_source=[None if s is None else "tagged" for s in storeys],
    )
    done = estimate_buildings(raw, NO_LAND)
    assert faults_of(BUILDINGS, done, crs=CRS) == []
    assert (done["roof_height_m"] < done["height_m"]).all()
    for i, value in enumerate(height):
        assert value is None or done["height_m"].iloc[i] == value


def test_addresses_places_and_districts_are_tied(toy_city):
    tables = dict(toy_city.tables)
    bare = toy_city.buildings.assign(street=None, housenumber=None, district_id=None)
    inside, outside = Point(E + 40, N + 15), Point(E + 300, N + 300)
    tables["buildings"] = bare
    tables["addresses"] = gpd.GeoDataFrame(
        {"street": ["Am Bach", "Am Bach"], "housenumber": ["3", "9"]},
        index=["a1", "a2"], geometry=[inside, outside], crs=CRS,
    )  # fmt: skip
    tables["places"] = toy_city.places.assign(building_id=None)
    city = build_city(source(**tables))
    assert city.addresses.loc["a1", "building_id"] == "b2"
    assert pd.isna(city.addresses.loc["a2", "building_id"])
    assert city.buildings.loc["b2", "housenumber"] == "3"
    assert city.places.loc["p1", "building_id"] == "b3"
    assert (city.buildings["district_id"] == "d1").all()
    total = city.buildings["residents"].sum()
    assert city.districts.loc["d1", "residents"] == pytest.approx(total, abs=0.5)


def test_input_is_never_changed_and_the_result_is_the_same_each_time(toy_city):
    data = source(**toy_city.tables)
    before = {name: table.copy() for name, table in data.tables.items()}
    assert build_city(data).hash == build_city(data).hash
    for name, table in before.items():
        pd.testing.assert_frame_equal(table, data.tables[name])


def test_nothing_at_all_is_refused_and_gaps_are_named(toy_city):
    with pytest.raises(SourceError, match="neither buildings nor streets"):
        build_city(source())
    tables = {name: toy_city.tables[name] for name in ("streets", "nodes")}
    codes = {f.code: f.severity for f in build_city(source(**tables)).info.findings}
    assert codes["no_buildings"] == "fault"
    assert "no_streets" not in codes


def test_shares_add_up(toy_city):
    built = build_city(source(**toy_city.tables))
    shares = source_shares(built.tables)
    assert shares["buildings", "height_m"] == {
        "measured": 0, "registered": 0, "tagged": 2, "estimated": 1, "unknown": 0, "missing": 0,
    }  # fmt: skip
    for (table, _), counts in shares.items():
        assert sum(counts.values()) == len(built.tables[table])


def test_progress_ends_at_one(toy_city):
    steps = []
    build_city(source(**toy_city.tables), progress=lambda step, share: steps.append((step, share)))
    assert [share for _, share in steps] == sorted(share for _, share in steps)
    assert steps[-1][1] == 1.0


def test_model_town_is_carried_along(toy_city):
    made = dataclasses.replace(source(**toy_city.tables), model_town=True)
    assert build_city(made).info.model_town
