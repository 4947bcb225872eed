import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from shapely import box

from layers.boundaries import read_boundaries
from layers.census import distribute, read_census
from layers.estimate import estimate_people, estimate_stock
from layers.sample_city import make_sample
from tests.conftest import CRS, shared
from tests.layers.census.town import NO_COUNTS, E, N, counted, grid, houses
from tests.town_files.census import write_census
from twin.assumptions import assumed
from twin.classes import CENSUS_AGES
from twin.schema import BUILDINGS
from twin.validation import faults_of

LABEL = "estimated:census_cell"


def by_code(findings):
    return {f.code: f for f in findings}


def test_residents_follow_living_area_by_hand():
    town = houses([(20, 20), (50, 50), (80, 80)], living_area_m2=[100.0, 100.0, 200.0])
    done, findings = distribute(town, grid([("a", 0, 0, 100, 7, None, None)]), NO_COUNTS)
    assert done["residents"].tolist() == [2, 2, 3]  # quotas 1.75, 1.75, 3.5
    assert (done["residents_source"] == LABEL).all()
    assert (done["cell_id"] == "a").all()
    assert done["dwellings"].isna().all(), "the census says nothing about dwellings here"
    assert not findings
    assert faults_of(BUILDINGS, done, crs=CRS) == []


def test_another_weight_may_be_given():
    town = houses([(20, 20), (50, 50)])
    weight = pd.Series({"b000": 1.0, "b001": 9.0})
    cells = grid([("a", 0, 0, 100, 10, None, None)])
    done, _ = distribute(town, cells, NO_COUNTS, weight=weight)
    assert done["residents"].tolist() == [1, 9]


def test_dwellings_suit_the_type_of_building():
    town = houses(
        [(20, 20), (50, 50), (80, 80)],
        living_area_m2=[90.0, 80.0, 700.0],
        size_class=["detached", "terraced", "apartments"],
        size_class_source="estimated:shape",
    )
    done, _ = distribute(town, grid([("a", 0, 0, 100, None, 10, None)]), NO_COUNTS)
    assert done["dwellings"].tolist() == [1, 1, 8]


def test_too_few_dwellings_for_all_are_shared_out_all_the_same():
    town = houses([(20, 20), (50, 50), (80, 80)], living_area_m2=[100.0, 300.0, 200.0])
    done, _ = distribute(town, grid([("a", 0, 0, 100, 5, 2, None)]), NO_COUNTS)
    assert done["dwellings"].tolist() == [0, 1, 1]
    assert done["residents"].tolist() == [0, 3, 2], "nobody lives where no dwelling is"


def test_people_of_cells_without_a_house_are_listed_not_lost():
    cells = grid(
        [("a", 0, 0, 100, 4, None, None), ("b", 100, 0, 100, 9, None, None),
         ("c", 200, 0, 100, 2, None, None)]
    )  # fmt: skip
    town = houses([(20, 20), (250, 50)], use=["residential", "garage"])
    done, findings = distribute(town, cells, NO_COUNTS)
    seen = by_code(findings)["census_residents_without_building"]
    assert (seen.count, seen.total, seen.examples) == (2, 11, ("b", "c"))
    assert done["residents"].sum() + seen.total == cells["residents"].sum()
    assert done.loc["b001", "cell_id"] == "c"
    assert np.isnan(done.loc["b001", "residents"])


def test_the_coarse_cell_gives_what_its_known_fine_cells_leave():
    cells = grid(
        [("fine", 0, 0, 100, 6, None, None), ("coarse", 0, 0, 1000, 30, None, None),
         ("hidden", 100, 0, 100, None, None, 2)]
    )  # fmt: skip
    town = houses([(50, 50), (150, 50), (900, 900)], living_area_m2=[100.0, 100.0, 300.0])
    done, findings = distribute(town, cells, NO_COUNTS)
    assert done["residents"].tolist() == [6, 6, 18]
    assert done["cell_id"].tolist() == ["fine", "hidden", "coarse"]
    assert "census_residents_finer" not in by_code(findings)


def test_finer_cells_win_where_they_sum_to_more():
    cells = grid([("f", 0, 0, 100, 40, None, None), ("k", 0, 0, 1000, 30, None, None)])
    done, findings = distribute(houses([(50, 50), (900, 900)]), cells, NO_COUNTS)
    assert done["residents"].tolist() == [40, 0]
    assert by_code(findings)["census_residents_finer"].examples == ("k",)


def test_of_a_coarse_cell_only_the_share_inside_the_boundary_is_handed_out():
    cells = grid([("a", 0, 0, 1000, 80, None, None), ("b", 1000, 0, 1000, 50, None, None)])
    town = houses([(800, 20), (1500, 20)])
    area = box(E + 750, N - 50, E + 5000, N + 5000)
    done, findings = distribute(town, cells, NO_COUNTS, area=area)
    assert done["residents"].tolist() == [20, 50]
    cut = by_code(findings)["census_residents_cut"]
    assert (cut.count, cut.total) == (1, 60)


def test_fine_cells_on_the_boundary_keep_their_sums():
    cells = grid([("a", 0, 0, 100, 8, None, None), ("b", 100, 0, 100, 5, None, None)])
    area = box(E + 75, N - 50, E + 500, N + 500)
    done, findings = distribute(houses([(20, 20), (150, 20)]), cells, NO_COUNTS, area=area)
    assert done["residents"].tolist() == [8, 5]
    assert "census_residents_cut" not in by_code(findings)


def test_better_sources_stay_and_count_first():
    town = houses(
        [(20, 20), (50, 50), (80, 80)],
        dwellings=[4.0, np.nan, np.nan], dwellings_source=["registered", None, None],
        year_built=[1930.0, 1999.0, np.nan], year_built_source=["registered", "estimated:x", None],
    )  # fmt: skip
    cells = grid([("a", 0, 0, 100, None, 6, 3)])
    counts = counted(
        [("a", "buildings_age", "1919_1948", 1), ("a", "buildings_age", "2005_2008", 2)]
    )
    done, _ = distribute(town, cells, counts)
    assert done["dwellings"].tolist() == [4, 1, 1]
    assert done["dwellings_source"].tolist() == ["registered", LABEL, LABEL]
    assert done["year_built"].iloc[0] == 1930
    assert done["year_built"].iloc[1:].between(2005, 2008).all()
    assert (done["age_class"].iloc[1:] == "2002_2009").all()


def test_the_sum_of_the_cell_wins_over_known_dwellings_that_contradict_it():
    town = houses([(20, 20), (50, 50)], dwellings=[9.0, np.nan], dwellings_source=["tagged", None])
    done, findings = distribute(town, grid([("a", 0, 0, 100, None, 5, None)]), NO_COUNTS)
    assert done["dwellings"].sum() == 5
    assert by_code(findings)["census_dwellings_contradicting"].count == 1


def test_classes_of_all_kinds_come_as_often_as_counted():
    places = [(10 + 13 * i, 10 + 11 * i) for i in range(7)]
    town = houses(places, living_area_m2=[110.0, 120, 130, 140, 150, 400, 900])
    cells = grid([("a", 0, 0, 100, 40, 20, 7)])
    counts = counted(
        [("a", "buildings_age", "until_1918", 2), ("a", "buildings_age", "1949_1978", 5),
         ("a", "buildings_size", "terraced_1", 3), ("a", "buildings_size", "detached_1", 2),
         ("a", "buildings_size", "multi_3_6", 1), ("a", "buildings_size", "multi_7_12", 1),
         ("a", "buildings_heating", "district", 1), ("a", "buildings_heating", "central", 6),
         ("a", "buildings_carrier", "gas", 6), ("a", "buildings_carrier", "district_heat", 1)]
    )  # fmt: skip
    done, findings = distribute(town, cells, counts)
    assert done["year_built"].le(1918).sum() == 2
    assert done["year_built"].between(1949, 1978).sum() == 5
    assert done["size_class"].value_counts()[["terraced", "detached", "apartments"]].tolist() == [
        3, 2, 2,
    ]  # fmt: skip
    assert done["dwellings"].tolist() == [1, 1, 1, 1, 1, 5, 10]
    assert done.loc["b006", "heating"] == "district"
    assert done.loc["b006", "energy_carrier"] == "district_heat"
    assert done["heating"].value_counts()["central"] == 6
    assert not findings


def test_suppressed_classes_leave_buildings_as_they_were():
    kinds = ["terraced", "terraced", "detached", "detached", "apartments"]
    town = houses(
        [(10 + 18 * i, 50) for i in range(5)],
        size_class=kinds, size_class_source="estimated:shape",
    )  # fmt: skip
    counts = counted([("a", "buildings_size", "detached_1", 3)])
    done, _ = distribute(town, grid([("a", 0, 0, 100, None, None, 6)]), counts)
    assert done["size_class"].astype(str).tolist() == kinds
    assert done["size_class_source"].eq(LABEL).sum() in (2, 3)
    without_total = grid([("a", 0, 0, 100, 3, None, None)])
    done, _ = distribute(town, without_total, counts)
    assert (done["size_class_source"] == "estimated:shape").all(), "shares without a whole mislead"


def test_another_number_of_buildings_is_noted():
    town = houses([(10 + 9 * i, 50) for i in range(9)])
    counts = counted(
        [("a", "buildings_age", "until_1918", 3), ("a", "buildings_age", "1991_1995", 4)]
    )
    done, findings = distribute(town, grid([("a", 0, 0, 100, None, None, 7)]), counts)
    old = done["year_built"].le(1918).sum()
    assert old in (3, 4), "9 of 7 buildings: 3.86 are old"
    assert done["year_built"].notna().all()
    assert by_code(findings)["census_other_number"].examples == ("a",)


def test_years_spread_evenly_over_their_class():
    town = houses([(5 + 7 * (i % 14), 5 + 7 * (i // 14)) for i in range(140)])
    counts = counted([("a", "buildings_age", "1949_1978", 140)])
    done, _ = distribute(town, grid([("a", 0, 0, 100, None, None, 140)]), counts)
    assert done["year_built"].between(1949, 1978).all()
    share = done["age_class"].eq("1949_1968").mean()
    assert share == pytest.approx(20 / 30, abs=0.12)


def test_parts_of_buildings_have_no_cell():
    town = houses([(20, 20), (50, 50)]).assign(part_of=[None, "b000"])
    town["part_of"] = town["part_of"].astype("str")
    done, _ = distribute(town, grid([("a", 0, 0, 100, 5, None, None)]), NO_COUNTS)
    assert done["residents"].tolist()[0] == 5
    assert done["cell_id"].isna().tolist() == [False, True]


def test_nothing_in_nothing_out():
    town = houses([(20, 20)])
    cells = grid([])
    assert distribute(town, cells, NO_COUNTS) == (town, [])
    empty = town.iloc[:0]
    assert distribute(empty, grid([("a", 0, 0, 100, 5, 1, 1)]), NO_COUNTS)[0].empty


number = st.one_of(st.none(), st.integers(0, 400))
fine_cells = st.lists(st.tuples(number, number, number), min_size=1, max_size=25)
homes = st.lists(
    st.tuples(
        st.integers(0, 599), st.integers(0, 599),
        st.sampled_from(["residential", "mixed", "garage"]),
        st.one_of(st.none(), st.floats(0, 1e5)),
        st.sampled_from([None, "detached", "terraced", "apartments", "large_apartments"]),
        st.one_of(st.none(), st.integers(0, 20)),
        st.sampled_from(["registered", "tagged", "estimated:x"]),
    ),
    min_size=1, max_size=40,
)  # fmt: skip
classes = st.lists(
    st.tuples(st.integers(0, 24), st.sampled_from(CENSUS_AGES), st.integers(3, 30)),
    max_size=20, unique_by=lambda row: row[:2],
)  # fmt: skip


def any_city(homes):
    known = pd.DataFrame(homes, columns=["x", "y", "use", "area", "size", "dwellings", "source"])
    return houses(
        list(zip(known["x"] + 0.5, known["y"] + 0.5, strict=True)),
        use=known["use"].to_numpy(),
        living_area_m2=known["area"].to_numpy(dtype=float),
        size_class=known["size"].to_numpy(),
        size_class_source=np.where(known["size"].notna(), known["source"], None),
        dwellings=known["dwellings"].to_numpy(dtype=float),
        dwellings_source=np.where(known["dwellings"].notna(), known["source"], None),
    )


def cell_by_hand(homes, cells, index):
    """Give the number of the fine cell of each home, -1 where there is none."""
    number = [x // 100 + 5 * (y // 100) if x < 500 else -1 for x, y, *_ in homes]
    return pd.Series([n if n < cells else -1 for n in number], index=index)


def any_grid(fine, coarse):
    rows = [
        (f"f{i:02}", 100 * (i % 5), 100 * (i // 5), 100, *values) for i, values in enumerate(fine)
    ]
    return grid([*rows, ("k0", 0, 0, 1000, *coarse)])


@settings(max_examples=15, phases=[Phase.explicit, Phase.generate])
@given(homes, fine_cells, st.tuples(number, number, number), classes, st.randoms())
def test_any_city_any_cells_sums_are_exact_whatever_the_order(homes, fine, coarse, ages, random):
    town, cells = any_city(homes), any_grid(fine, coarse)
    counts = counted(
        [(f"f{i:02}", "buildings_age", word, n) for i, word, n in ages if i < len(fine)]
    )
    done, findings = distribute(town, cells, counts)
    assert done.index.tolist() == town.index.tolist()
    is_home = done["use"].isin(["residential", "mixed"]) | town["dwellings"].gt(0)
    cell = cell_by_hand(homes, len(fine), town.index)
    lost = {f.code: f.total for f in findings}
    for column, name in enumerate(("residents", "dwellings")):
        known = pd.Series([values[column] for values in fine], dtype=float)
        in_fine = is_home & cell.map(known).notna()
        sums = done.loc[in_fine, name].groupby(cell[in_fine]).sum()
        assert sums.tolist() == known[sums.index].tolist(), "a fine cell's sum is not exact"
        placed = in_fine | is_home & (coarse[column] is not None)
        values = done.loc[placed, name]
        assert (values % 1 == 0).all()
        assert (values >= 0).all()
        total = max(known.sum(), coarse[column] or 0)
        unplaced = lost.get(f"census_{name}_without_building", 0)
        assert values.sum() + unplaced == total, "somebody got lost"
    order = list(town.index)
    random.shuffle(order)
    again, findings_again = distribute(
        town.loc[order], cells.sample(frac=1, random_state=1), counts.iloc[::-1]
    )
    pd.testing.assert_frame_equal(again.loc[town.index], done)
    assert findings_again == findings


def test_model_town_on_the_real_cells_of_troisdorf():
    paths = [
        shared("data/census/census2011_100m_troisdorf.parquet"),
        shared("data/census/census2022_1km_troisdorf.parquet"),
    ]
    census = read_census(paths)
    cells, counts = census.tables["cells"], census.tables["census_counts"]
    town = make_sample(buildings=4000)
    stock = estimate_stock(town.tables["buildings"], town.tables["landuse"])
    done, findings = distribute(stock, cells, counts)
    lost = by_code(findings)["census_residents_without_building"]
    homes = done[done["residents_source"] == LABEL]
    assert homes["residents"].sum() + lost.total == cells["residents"].sum()
    assert lost.count > 0
    assert set(lost.examples) <= set(cells.index)
    # where the census counts as many buildings as the town has, ages come as often as counted
    ages = counts[counts["theme"] == "buildings_age"]
    listed = ages.groupby("cell_id")["count"].sum()
    ours = homes.groupby("cell_id").size()
    same = ours.index[ours == listed.reindex(ours.index)]
    assert len(same)
    for key in same:
        counted_here = ages[ages["cell_id"] == key].set_index("class")["count"]
        first = counted_here.index.str.replace("until_", "0_").str.split("_").str[0].astype(int)
        years = homes.loc[homes["cell_id"] == key, "year_built"]
        found = np.searchsorted(np.sort(first), years, side="right") - 1
        assert np.bincount(found, minlength=len(first)).tolist() == (
            counted_here.iloc[np.argsort(first)].tolist()
        )
    assert faults_of(BUILDINGS, done, crs=town.crs) == []


def test_cells_cut_at_the_real_boundary_make_the_published_population():
    census = read_census([shared("data/census/census2022_1km_troisdorf.parquet")])
    path = shared("data/boundaries/troisdorf_vg250_simplified.geojson")
    town = read_boundaries([path]).tables["districts"].geometry.iloc[0]
    cells = census.tables["cells"]
    middle = cells.geometry.iloc[0].centroid
    house = houses([(middle.x - E, middle.y - N)])  # far from the town: nobody is placed
    _, findings = distribute(house, cells, NO_COUNTS, area=town)
    inside = by_code(findings)["census_residents_without_building"].total
    beyond = by_code(findings)["census_residents_cut"].total
    assert inside + beyond == cells["residents"].sum() - _of_house(cells, middle, town)
    properties = json.loads(path.read_text())["features"][0]["properties"]["destatis"]
    published = properties if isinstance(properties, dict) else json.loads(properties)
    assert inside == pytest.approx(published["population"], rel=0.04)


def _of_house(cells, middle, town):
    """Give what the cell of the one house keeps: all of it, or nothing where it lies outside."""
    cell = cells[cells.contains(middle)].iloc[0]
    return cell["residents"] if cell.geometry.intersects(town) else 0


@pytest.mark.parametrize("year", [2011, 2022])
def test_a_town_comes_back_from_its_own_census(tmp_path, year):
    town = make_sample(buildings=1500)
    truth = town.tables["buildings"]
    census = read_census(write_census(town.tables, tmp_path, year=year))
    bare = truth.assign(
        residents=np.nan, residents_source=None, dwellings=np.nan, dwellings_source=None
    )
    stock = estimate_stock(bare, town.tables["landuse"])
    cells = census.tables["cells"]
    done, findings = distribute(stock, cells, census.tables["census_counts"])
    lost = by_code(findings).get("census_residents_without_building")
    unplaced = lost.total if lost else 0
    assert done["residents"].sum() + unplaced == truth["residents"].sum()
    homes = truth["use"].eq("residential")
    as_drawn = done.loc[homes, "size_class"].astype(str) == truth.loc[homes, "size_class"]
    assert as_drawn.mean() > 0.95
    guess = estimate_people(stock)
    truth_homes = truth.loc[homes, "dwellings"]
    error = (done.loc[homes, "dwellings"] - truth_homes).abs().mean()
    assert error < (guess.loc[homes, "dwellings"] - truth_homes).abs().mean(), (
        "better than guessing"
    )
    assert assumed("residents_per_dwelling") > 0
