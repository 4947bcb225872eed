"""How much is known, how much is estimated: counted by hand on the toy city."""

import dataclasses

import pandas as pd

from layers.quality import completeness, source_shares
from twin.provenance import KINDS
from twin.schema import TABLES


def test_shares_of_the_toy_city_by_hand(toy_city):
    shares = source_shares(toy_city.tables)
    # heights: tagged:height, tagged:levels, estimated:class
    assert shares["buildings", "height_m"] == {
        "measured": 0, "registered": 0, "tagged": 2, "estimated": 1, "unknown": 0, "missing": 0,
    }  # fmt: skip
    assert shares["buildings", "storeys"]["estimated"] == 2 - 1
    assert shares["buildings", "dwellings"]["missing"] == 3
    assert shares["trees", "height_m"]["estimated"] == 1


def test_the_kinds_and_the_missing_add_up_to_the_rows(toy_city):
    shares = source_shares(toy_city.tables)
    assert shares
    for (table, column), counts in shares.items():
        assert sum(counts.values()) == len(toy_city.tables[table]), (table, column)
        assert set(counts) == {*KINDS, "missing"}


def test_every_column_with_a_source_of_a_filled_table_is_there(toy_city):
    expected = {
        (name, column.name)
        for name, table in TABLES.items()
        for column in table.columns
        if column.source and len(toy_city.tables[name])
    }
    assert set(source_shares(toy_city.tables)) == expected


def test_a_value_that_is_missing_counts_as_missing_whatever_its_label(toy_city):
    height = pd.Series([None, 9.0, 12.0], index=toy_city.buildings.index, dtype="float64")
    tables = {**toy_city.tables, "buildings": toy_city.buildings.assign(height_m=height)}
    counts = source_shares(tables)["buildings", "height_m"]
    assert (counts["missing"], counts["tagged"]) == (1, 1)


def test_completeness_names_each_column_that_is_partly_estimated(toy_city):
    found = {(f.table, f.column): f for f in completeness(toy_city.tables)}
    height = found["buildings", "height_m"]
    assert (height.count, height.total, height.severity) == (1, 3, "info")
    assert ("buildings", "use") not in found
    firm = toy_city.buildings.assign(height_source="measured")
    again = completeness({**toy_city.tables, "buildings": firm})
    assert "height_m" not in {f.column for f in again if f.table == "buildings"}


def test_an_empty_city_has_no_shares(toy_city):
    empty = {name: table.iloc[:0] for name, table in toy_city.tables.items()}
    assert source_shares(empty) == {}
    assert completeness(empty) == []
    assert dataclasses.replace(toy_city, tables=empty, hashes={}).buildings.empty
