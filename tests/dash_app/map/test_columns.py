from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dash_app.map.base import ground_rows
from dash_app.map.binary import unpack
from dash_app.map.columns import (
    encode_column,
    feature_json,
    keys_json,
    label_of,
    shown_values,
)
from dash_app.map.frame import Frame
from tests.conftest import CRS, make_toy_city

FRAME = Frame.around(CRS, (370_000.0, 5_631_000.0))


def test_numbers_come_in_table_order_with_gaps():
    table = make_toy_city().buildings.assign(height_m=[6.0, np.nan, 12.0])
    header, columns = unpack(encode_column(table, "height_m"))
    assert header["kind"] == "number"
    assert columns["value"][[0, 2]].tolist() == [6.0, 12.0]
    assert np.isnan(columns["value"][1])


def test_words_and_flags_come_as_codes_with_their_words():
    table = make_toy_city().buildings
    header, columns = unpack(encode_column(table, "use"))
    words = [header["words"][code - 1] for code in columns["value"]]
    assert words == ["residential", "residential", "education"]
    header, columns = unpack(encode_column(table, "has_parts"))
    assert [header["words"][code - 1] for code in columns["value"]] == ["False"] * 3
    _, columns = unpack(encode_column(table, "name"))
    assert columns["value"].tolist() == [0, 0, 1]


def test_geometry_and_free_text_are_no_values():
    table = make_toy_city().buildings
    with pytest.raises(ValueError, match="geometry"):
        encode_column(table, "geometry")
    many = table.loc[table.index.repeat(500)].assign(name=[f"n{i}" for i in range(1500)])
    with pytest.raises(ValueError, match="1500 different words"):
        encode_column(many, "name")


def test_a_feature_tells_key_label_place_and_outline():
    city = make_toy_city()
    found = feature_json(city, "buildings", 0, FRAME)
    assert (found["id"], found["label"]) == ("b1", "Am Bach 1")
    assert found["lon"] == pytest.approx(7.1557, abs=0.001)
    assert len(found["paths"][0]) == 5
    assert found["paths"][0][0] == found["paths"][0][-1]
    west, south, east, north = found["box"]
    assert (east - west, north - south) == pytest.approx((10, 10), rel=0.06)


def test_labels_are_names_else_addresses_else_nothing():
    city = make_toy_city()
    assert label_of(city.buildings.iloc[2]) == "Grundschule"
    assert label_of(city.streets.iloc[0]) == "Am Bach"
    assert label_of(city.landuse.iloc[0]) == ""
    assert feature_json(city, "trees", 0, FRAME)["paths"] == []


def test_cells_of_one_size_only_are_compared():
    cells = pd.DataFrame(
        {"size_m": [100.0, 100, 1000], "residents": [np.nan, 12, 900], "dwellings": [np.nan] * 3}
    )
    cells.loc[2, "dwellings"] = 400.0
    assert shown_values(cells, "residents", "cells").tolist() == pytest.approx(
        [np.nan, 12, np.nan], nan_ok=True
    )
    assert shown_values(cells, "dwellings", "cells").tolist() == pytest.approx(
        [np.nan, np.nan, 400], nan_ok=True
    )
    assert shown_values(cells, "residents", "blocks") is not None


def test_ids_stand_in_table_order_and_streets_name_the_one_that_is_drawn():
    city = make_toy_city()
    assert keys_json(city, "buildings") == {"ids": list(city.buildings.index)}
    found = keys_json(city, "streets")
    assert found["ids"] == ["w1:0:b", "w1:0:f", "w2:0:f"]
    drawn = set(ground_rows(city)["streets"].tolist())
    assert set(found["drawn"]) == drawn
    assert found["drawn"] == [0, 0, 2]  # both directions of w1 are one line


def test_ids_of_an_empty_table_and_of_none():
    city = make_toy_city()
    assert keys_json(city, "stops") == {"ids": []}
    with pytest.raises(KeyError):
        keys_json(city, "nothing")
