"""The page has a word of sensors only where there are any for who looks."""

from __future__ import annotations

import pytest

from dash_app.pages.explore import inspect, open_page, show_table, start_json
from dash_app.shown import Shown
from tests.dash_app.as_html import as_html
from tests.small_town import small_town


@pytest.mark.parametrize("sensed", [True, False])
def test_layer_and_mode_are_named_where_there_are_sensors(sensed: bool) -> None:
    shown = Shown(small_town(), sensed=lambda: sensed)
    page = open_page(shown, "?lang=en")
    assert ('data-layer="sensors"' in as_html(page["left"])) is sensed
    assert ('data-view="sensors"' in as_html(page["bar"])) is sensed
    assert start_json(shown, "")["sensed"] is sensed


def test_who_looks_for_measurements_finds_the_mode() -> None:
    page = open_page(Shown(small_town()), "?view=sensors")
    assert 'data-view="sensors"' in as_html(page["bar"])


def test_a_sensor_that_is_picked_is_no_row_of_the_city() -> None:
    shown = Shown(small_town())
    asked = {"lang": "en", "table": "sensors", "id": "12"}
    _, place, words = inspect(shown, asked)
    assert (place, words) == (None, "")
    assert show_table(shown, {"lang": "en", "pick": asked})
