"""Pages, order and filter of the table view; the browser is not trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app.state import PICKABLE
from dash_app.table_view import Asked, checked, columns_of, page_of
from tests.conftest import make_toy_city
from twin.schema import TABLES

if TYPE_CHECKING:
    from twin.city import City

CITY = make_toy_city()


def keys(**asked: object) -> list[str]:
    return list(page_of(CITY, checked({"table": "buildings", **asked})).rows.index)


def test_rows_come_in_the_order_asked_for() -> None:
    assert keys() == ["b1", "b2", "b3"]
    assert keys(sort="height_m", down=True) == ["b3", "b2", "b1"]
    assert keys(sort="use") == ["b3", "b1", "b2"]  # education before residential
    assert keys(sort="street") == ["b1", "b2", "b3"]  # missing last, whichever way
    assert keys(sort="street", down=True)[-1] == "b3"


def test_a_filter_keeps_what_passes() -> None:
    assert keys(column="height_m", low="7", high="10,5") == ["b2"]
    assert keys(column="height_m", low=9) == ["b2", "b3"]
    assert keys(column="use", text="education") == ["b3"]
    assert keys(column="street", text="am BACH") == ["b1", "b2"]
    assert keys(column="street", text="") == ["b1", "b2", "b3"]
    assert keys(column="name", text="nobody") == []


def test_flags_filter_by_yes_and_no() -> None:
    asked = {"table": "streets", "column": "name", "text": "bach"}
    assert page_of(CITY, checked(asked)).total == 3


def test_a_page_behind_the_last_is_the_last() -> None:
    page = page_of(CITY, checked({"table": "buildings", "page": 9999}))
    assert (page.asked.page, page.pages, page.total, page.all) == (1, 1, 3, 3)


def test_the_input_stays_as_it_was(toy_city: City) -> None:
    before = toy_city.buildings.copy()
    page_of(toy_city, Asked(sort="height_m", down=True))
    assert toy_city.buildings.equals(before)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
fields = ["table", "page", "sort", "down", "column", "text", "low", "high", "pick"]


@given(data=json_values | st.dictionaries(st.sampled_from(fields), json_values))
def test_nonsense_from_the_browser_gives_a_page(data: object) -> None:
    assert page_of(CITY, checked(data)).all == 3


@pytest.mark.parametrize("table", PICKABLE)
def test_every_table_can_be_sorted_and_filtered_by_every_column(table: str) -> None:
    for column in columns_of(table):
        assert column in TABLES[table].columns
        page_of(CITY, checked({"table": table, "sort": column.name}))
        page_of(CITY, checked({"table": table, "column": column.name, "text": "x", "low": "1"}))
