"""Who may see what of a town: rows, columns, indicators, sums over drawn areas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dash_app.settings import Privacy, Settings
from dash_app.views import VIEWS, values
from dash_app.workspace.addresses import counted_buildings
from dash_app.workspace.privacy import (
    AREAS,
    SENSITIVE,
    allowed_view,
    city_for,
    coarse_people,
    fine_allowed,
    fine_of,
    hidden_columns,
    row_for,
    shown,
    shown_indicators,
    shown_view,
    table_for,
    visible_columns,
    withheld,
)
from dash_app.workspace.viewer import PUBLIC, Viewer
from tests.small_town import small_town
from twin.indicators import indicator_table

PLANNER = Viewer("planner", "Ada", "a", fine=True)
OPEN, CLOSED = Settings(), Settings(privacy=Privacy(building_level=False, min_addresses=5))


def test_only_planners_see_buildings_and_only_where_the_town_wants_it():
    assert fine_allowed(PLANNER, OPEN)
    assert not fine_allowed(PLANNER, CLOSED)
    assert not fine_allowed(Viewer("public", fine=True), OPEN)  # the role counts, not the flag
    assert not fine_allowed(Viewer("planner", fine=False), OPEN)
    assert [fine_of(role, OPEN) for role in ("public", "planner", "admin")] == [False, True, True]


def test_sensitive_columns_go_with_their_sources():
    hidden = hidden_columns("buildings", PUBLIC)
    assert {"residents", "residents_source", "heating", "carrier_source"} <= set(hidden)
    assert not set(hidden) & set(visible_columns("buildings", PUBLIC))
    assert "height_m" in visible_columns("buildings", PUBLIC)
    assert hidden_columns("buildings", PLANNER) == ()
    assert hidden_columns("buildings", PLANNER, CLOSED) == hidden


def test_the_public_city_has_the_same_rows_and_another_hash():
    city, seen = small_town(), city_for(PUBLIC, small_town(), OPEN)
    assert seen.hash != city.hash
    for name in ("buildings", "blocks"):
        assert seen.tables[name].index.equals(city.tables[name].index)
        assert list(seen.tables[name].columns) == list(city.tables[name].columns)
    assert seen.buildings[list(SENSITIVE["buildings"])].isna().all(axis=None)
    assert seen.buildings["height_m"].equals(city.buildings["height_m"])
    assert city.buildings["residents"].sum() > 0  # what it is made from stays as it is
    assert city_for(PLANNER, city, OPEN) is city
    assert city_for(PUBLIC, city, OPEN) is seen  # addresses with its hash stay


def test_areas_of_few_addresses_lose_their_counts():
    city = small_town()
    away = withheld(city, "blocks", OPEN)
    assert away.any()
    assert not away.all()
    table = table_for(PUBLIC, "blocks", city, OPEN)
    assert table.loc[away, ["residents", "dwellings", "buildings"]].isna().all(axis=None)
    assert table.loc[~away, "residents"].equals(city.blocks.loc[~away, "residents"])
    assert table["area_m2"].equals(city.blocks["area_m2"])


def test_withheld_blocks_have_too_few_addresses_or_hide_one_that_has():
    city = small_town()
    counted = counted_buildings(city)
    addresses = counted.groupby("block")["addresses"].sum().reindex(city.blocks.index).fillna(0)
    used = counted.groupby("block")["used"].any().reindex(city.blocks.index, fill_value=False)
    away = withheld(city, "blocks", OPEN)
    assert away[used & (addresses < 5)].all()
    assert not away[~used].any()
    assert addresses[away].sum() >= 5


def test_each_house_counts_for_the_addresses_it_has():
    counted = counted_buildings(small_town())
    points = small_town().addresses["building_id"].dropna().value_counts()
    lived = counted.index[counted["used"] & counted.index.isin(points.index)]
    assert (counted.loc[lived, "addresses"] == points.reindex(lived)).mean() > 0.9
    assert (counted.loc[~counted["used"], "addresses"] == 0).all()


@pytest.mark.parametrize("table", ["buildings", "stock", "roofs", "nonsense"])
def test_single_buildings_and_what_is_not_known_are_withheld(table: str):
    numbers = pd.Series([1.0, 2.0], ["a", "b"])
    seen, away = shown(numbers, table, small_town(), PUBLIC, OPEN)
    assert away.all()
    assert seen.isna().all()
    assert shown(numbers, table, small_town(), PLANNER, OPEN)[0] is numbers


def test_of_single_buildings_nothing_is_public_whatever_it_is_about():
    numbers = pd.Series([1.0], ["a"])
    assert shown(numbers, "buildings", small_town(), PUBLIC, OPEN, people=False)[1].all()


@pytest.mark.parametrize("table", [t for t in AREAS if t != "city"])
def test_an_area_the_city_does_not_know_is_withheld(table: str):
    ids = small_town().tables[table].index
    numbers = pd.Series(1.0, [*ids, "drawn:1"])
    seen, away = shown(numbers, table, small_town(), PUBLIC, OPEN)
    assert away["drawn:1"]
    assert seen[~away].notna().all()
    assert seen[away].isna().all()
    assert away[ids].equals(withheld(small_town(), table, OPEN))


def test_both_directions_of_a_street_are_withheld_together():
    city = small_town()
    away, back = withheld(city, "streets", OPEN), city.streets["reverse_id"].dropna()
    assert away.any()
    assert not away.all()
    assert (away[back.index].to_numpy() == away[back].to_numpy()).all()


def test_traffic_is_public_and_heat_of_few_houses_is_not(answered):
    city, _, _, found = answered
    for name, people in (("car_flow", False), ("heat_line_density", True)):
        each = values(VIEWS[name], found.last, city)
        _, away = shown_view(VIEWS[name], each, city, PUBLIC, OPEN, found.last.state.city)
        assert away.any() == people
        assert not shown_view(VIEWS[name], each, city, PLANNER, OPEN)[1].any()


def test_houses_torn_down_by_a_scenario_leave_too_few(answered):
    city = answered[0]
    away = withheld(city, "blocks", OPEN)
    block = counted_buildings(city).groupby("block")["addresses"].sum()[~away].idxmax()
    inside = city.buildings.index[city.buildings["block_id"] == block]
    town = city.replace(buildings=city.buildings.drop(inside[3:]))
    each = pd.Series(1.0, city.blocks.index)
    assert not shown_view(VIEWS["heat_density"], each, city, PUBLIC, OPEN)[1][block]
    assert shown_view(VIEWS["heat_density"], each, city, PUBLIC, OPEN, town)[1][block]


def test_views_of_buildings_are_for_planners():
    fine = [view for view in VIEWS.values() if view.table == "buildings"]
    assert fine
    assert all(view.fine and not allowed_view(view, PUBLIC) for view in fine)
    assert all(allowed_view(view, PLANNER) for view in fine)
    assert not any(allowed_view(view, PLANNER, CLOSED) for view in fine)
    assert all(allowed_view(view, PUBLIC) for view in VIEWS.values() if view.table != "buildings")


def test_a_row_keeps_its_shape_and_loses_what_is_private():
    city = small_town()
    row = city.buildings.iloc[0]
    seen = row_for(PUBLIC, "buildings", row)
    assert list(seen.index) == list(row.index)
    assert seen[["residents", "dwellings"]].isna().all()
    assert seen["height_m"] == row["height_m"]
    assert row_for(PLANNER, "buildings", row) is row
    away = withheld(city, "blocks", OPEN)
    for block, few in away.items():
        seen = row_for(PUBLIC, "blocks", city.blocks.loc[block], city=city, settings=OPEN)
        assert pd.isna(seen["residents"]) == few
    unasked = row_for(PUBLIC, "blocks", city.blocks.iloc[0])
    assert pd.isna(unasked["residents"])


def test_indicators_are_withheld_by_area(answered):
    city, _, _, found = answered
    table = indicator_table(found)
    seen = shown_indicators(table, city, PUBLIC, OPEN)
    level, area = (seen.index.get_level_values(name) for name in ("level", "area"))
    away = withheld(city, "blocks", OPEN)
    blocks = level == "block"
    assert seen["withheld"][blocks].tolist() == away[area[blocks]].tolist()
    assert seen["value"][seen["withheld"]].isna().all()
    assert not seen["withheld"][level == "city"].any()
    assert table["value"].notna().all()  # what was handed in stays
    assert not shown_indicators(table, city, PLANNER, OPEN)["withheld"].any()


def test_an_unknown_level_is_withheld():
    index = pd.MultiIndex.from_tuples(
        [("heat", "building", "b1"), ("heat", "city", "city")], names=["indicator", "level", "area"]
    )
    seen = shown_indicators(pd.DataFrame({"value": [1, 2]}, index), small_town(), PUBLIC, OPEN)
    assert seen["withheld"].tolist() == [True, False]
    assert np.isnan(seen["value"].iloc[0])


def test_people_summed_up_by_the_public_say_no_more_than_blocks():
    city = small_town()
    people = city.buildings.loc[counted_buildings(city).index, "residents"].fillna(0.0)
    coarse = coarse_people(people, city, PUBLIC, OPEN)
    assert coarse.sum() == pytest.approx(people.sum())
    counted, away = counted_buildings(city), withheld(city, "blocks", OPEN)
    block = counted["block"].reindex(people.index)
    for name in away.index[~away]:
        mine = coarse[(block == name) & counted["used"]]
        assert len(set(mine)) <= 1
        assert mine.sum() == pytest.approx(people[block == name].sum())
    assert len(set(coarse[block.isin(away.index[away]) & counted["used"]])) == 1
    assert coarse_people(people, city, PLANNER, OPEN) is people


def test_a_higher_limit_withholds_more():
    city = small_town()
    strict = Settings(privacy=Privacy(building_level=True, min_addresses=20))
    for table in ("blocks", "streets"):
        assert (withheld(city, table, OPEN) <= withheld(city, table, strict)).mean() > 0.95
        assert withheld(city, table, strict).sum() > withheld(city, table, OPEN).sum()
