from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app.map.binary import Column, pack, quantise, unpack


@given(
    st.lists(st.integers(-(2**30), 2**30), max_size=40),
    st.sampled_from([0, 1, 2]),
)
def test_whole_numbers_survive(values, delta):
    packed = pack({"a": 1}, {"x": Column(np.array(values, np.int64), delta)})
    header, columns = unpack(packed)
    assert header["a"] == 1
    assert columns["x"].tolist() == values


def test_fractions_are_float32_and_missing_stays_missing():
    _, columns = unpack(pack({}, {"x": Column(np.array([1.5, np.nan]))}))
    assert columns["x"].dtype == np.dtype("<f4")
    assert columns["x"][0] == 1.5
    assert np.isnan(columns["x"][1])


def test_small_numbers_take_one_byte_and_columns_stand_on_multiples_of_eight():
    data = pack({}, {"a": Column(np.arange(3)), "b": Column(np.array([300]))})
    header, _ = unpack(data)
    assert [(c["type"], c["offset"]) for c in header["columns"]] == [("u1", 0), ("u2", 8)]
    assert (8 + int.from_bytes(data[4:8], "little")) % 8 == 0


def test_a_number_too_large_is_refused():
    with pytest.raises(OverflowError, match="32-bit"):
        pack({}, {"x": Column(np.array([2**40]))})


def test_quantise_rounds_and_fills():
    assert quantise([0.26, np.nan, -0.24], 0.5).tolist() == [1, 0, 0]
