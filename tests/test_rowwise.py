"""Sums that grow by the changed rows alone are those of a fresh run, bit for bit."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from twin.rowwise import HOURS, run_rows

SHAPE = np.arange(HOURS, dtype=float) % 24


def kernel(inputs, sums):
    """Give each row its watts times the hour of the day; count what it was asked for."""
    for watts, lines in zip(inputs["watts"], inputs["groups"], strict=True):
        for line in lines:
            if line >= 0:
                sums[line] += np.rint(watts * SHAPE).astype(np.int32)
    return pd.DataFrame({"kwh": inputs["watts"] * SHAPE.sum() / 1000})


def run(stock, before=None):
    ids = pd.Index(list(stock), name="building_id")
    watts = np.array([watts for watts, _ in stock.values()], float)
    groups = np.array([groups for _, groups in stock.values()], np.int32).reshape(-1, 2)
    return run_rows(ids, {"watts": watts}, groups, kernel, before=before)


def same(one, other):
    assert one.sums.keys() == other.sums.keys()
    for group, line in one.sums.items():
        np.testing.assert_array_equal(line, other.sums[group])
    pd.testing.assert_frame_equal(one.table, other.table)


rows = st.tuples(st.floats(0, 1000, width=32), st.tuples(st.integers(-1, 3), st.integers(-1, 3)))
stocks = st.dictionaries(st.sampled_from("abcdefgh"), rows, min_size=1)


@given(stocks, stocks)
def test_the_past_leaves_no_trace(first, second):
    same(run(second, before=run(first)), run(second))


def test_only_changed_rows_are_computed_and_untouched_sums_are_shared():
    stock = {str(n): (float(n), (n % 3, -1)) for n in range(30)}
    before = run(stock)
    after = run({**stock, "4": (99.0, (1, -1))}, before=before)
    assert after.computed == 2  # the old row out, the new row in
    assert after.sums[0] is before.sums[0]
    assert after.sums[2] is before.sums[2]
    assert after.sums[1].sum() > before.sums[1].sum()


def test_the_order_of_rows_does_not_count():
    stock = {str(n): (n * 1.37, (n % 3, n % 2)) for n in range(20)}
    one, other = run(stock), run(dict(reversed(stock.items())))
    for group, line in one.sums.items():
        np.testing.assert_array_equal(line, other.sums[group])


def test_nothing_changed_gives_the_same_table():
    stock = {"a": (5.0, (0, 1)), "b": (7.0, (0, -1))}
    before = run(stock)
    assert run(stock, before=before).table is before.table
