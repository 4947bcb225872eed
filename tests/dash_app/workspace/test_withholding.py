"""What is withheld cannot be had from what is published: checked by solving the equations."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from dash_app.workspace.bridges import bridges
from dash_app.workspace.withholding import (
    NOWHERE,
    withheld_against,
    withheld_alone,
    withheld_areas,
)

LIMIT = 5

PARTS = st.lists(
    st.tuples(st.sampled_from(["", "a", "b", "c", "d"]), st.sampled_from(["", "x", "y", "z"]),
              st.integers(0, 9)),
    min_size=1, max_size=9, unique_by=lambda part: part[:2],
)  # fmt: skip


def table_of(parts: list[tuple[str, str, int]]) -> pd.DataFrame:
    table = pd.DataFrame(parts, columns=["block", "district", "addresses"])
    return table.assign(used=True)


def published(table: pd.DataFrame, limit: int = LIMIT) -> np.ndarray:
    """Return the sums a reader knows, a row each, over the parts."""
    found = withheld_areas(table, limit)
    rows = []
    for column, hidden in (("block", found.blocks), ("district", found.districts)):
        names = table[column].to_numpy(object)
        rows += [names == n for n in dict.fromkeys(names) if n != NOWHERE and n not in hidden]
    if not found.city:
        rows.append(np.ones(len(table), bool))
    return np.array(rows, float).reshape(-1, len(table))


def follows(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Tell which sums, a row each, are combinations of known ones."""
    if not len(known):
        return np.zeros(len(wanted), bool)
    away = wanted - wanted @ np.linalg.pinv(known) @ known
    return np.abs(away).max(axis=1) < 1e-9


@given(PARTS)
@settings(max_examples=40)
def test_no_sum_of_few_addresses_follows_from_what_is_published(parts):
    table = table_of(parts)
    known = published(table)
    counts = table["addresses"].to_numpy()
    every = np.array(list(product((0.0, 1.0), repeat=len(table))))[1:]
    few = every[every @ counts < LIMIT]
    assert not follows(known, few).any()


@given(PARTS)
@settings(max_examples=40)
def test_no_withheld_area_follows_from_what_is_published(parts):
    table = table_of(parts)
    found, known = withheld_areas(table, LIMIT), published(table)
    counts = table["addresses"].to_numpy()
    for column, hidden in (("block", found.blocks), ("district", found.districts)):
        for name in hidden:
            area = (table[column] == name).to_numpy(float)[None]
            whole = counts @ area[0] == counts.sum()  # the town itself is known
            assert whole or not follows(known, area).any()


@given(PARTS)
@settings(max_examples=40)
def test_a_town_of_large_areas_withholds_nothing(parts):
    table = table_of([(block or "e", district or "w", n + LIMIT) for block, district, n in parts])
    found = withheld_areas(table.drop_duplicates(["block", "district"]), LIMIT)
    assert (found.blocks, found.districts, found.city) == (frozenset(), frozenset(), False)


def test_the_next_smallest_block_hides_a_single_small_one():
    table = table_of([("a", "x", 2), ("b", "x", 40), ("c", "x", 7), ("d", "y", 9)])
    assert withheld_areas(table, LIMIT).blocks == {"a", "c"}


def test_two_small_blocks_of_enough_addresses_hide_each_other():
    table = table_of([("a", "x", 3), ("b", "x", 3), ("c", "x", 7)])
    assert withheld_areas(table, LIMIT).blocks == {"a", "b"}


def test_a_small_district_takes_another_and_one_of_its_blocks_along():
    table = table_of([("a", "x", 2), ("b", "y", 8), ("c", "y", 9), ("d", "z", 50)])
    found = withheld_areas(table, LIMIT)
    assert found.districts == {"x", "y"}
    assert found.blocks == {"a", "b"}


def test_garages_are_nobody_s_and_hide_nothing():
    table = table_of([("a", "x", 0), ("b", "x", 40)]).assign(used=[False, True])
    assert withheld_areas(table, LIMIT).blocks == frozenset()


def test_one_house_outside_every_block_is_hidden_by_a_block():
    table = table_of([("", "x", 1), ("b", "x", 40), ("c", "x", 7)])
    assert withheld_areas(table, LIMIT).blocks == {"c"}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(0, 6))
def test_withheld_streets_are_enough_together(counts, nowhere):
    index = ["", *(f"s{i}" for i in range(len(counts)))]
    numbers = pd.Series([nowhere, *counts], index)
    away = withheld_alone(numbers, pd.Series(data=True, index=index), LIMIT)
    assert away[numbers < LIMIT].all()
    assert not away.any() or away.all() or numbers[away].sum() >= LIMIT
    assert numbers[away].sum() >= LIMIT or numbers.sum() < LIMIT or not away.any()


TWO_WAYS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["", "s", "t", "u"]), st.integers(0, 9)),
    min_size=1, max_size=10, unique_by=lambda part: part[:2],
)  # fmt: skip


@given(TWO_WAYS)
@settings(max_examples=60)
def test_streets_beside_blocks_tell_nothing_of_few_addresses(parts):
    table = pd.DataFrame(parts, columns=["row", "column", "count"])
    more = withheld_against(table["row"], table["column"], table["count"], LIMIT)
    column = table["column"].where(~table["column"].isin(list(more)), "")
    sums = [table["row"] == name for name in table["row"].unique()]
    sums += [column == name for name in column.unique()]
    known = np.array(sums, float)
    few = np.eye(len(table))[(table["count"] < LIMIT) & (column != "")]
    assert not len(few) or not follows(known, few).any()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_an_edge_is_a_bridge_where_taking_it_away_parts_its_ends(edges):
    edges = [edge for edge in edges if edge[0] != edge[1]]
    ends = np.array(edges, int).reshape(-1, 2)
    found = bridges(ends[:, 0], ends[:, 1], 7)
    for number in range(len(edges)):
        rest = np.delete(ends, number, axis=0)
        graph = csr_array((np.ones(len(rest)), (rest[:, 0], rest[:, 1])), shape=(7, 7))
        part = connected_components(graph, directed=False)[1]
        assert found[number] == (part[ends[number, 0]] != part[ends[number, 1]])
