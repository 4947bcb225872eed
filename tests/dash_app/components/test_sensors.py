"""What the panels of sensors say: states in words, gaps and doubts, clock changes, comparisons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from dash_app.components.sensors.feeds import feed_list
from dash_app.components.sensors.fit_climate import climate_parts
from dash_app.components.sensors.fit_energy import energy_parts
from dash_app.components.sensors.fit_parts import played_again
from dash_app.components.sensors.fit_traffic import traffic_parts
from dash_app.components.sensors.history import history
from dash_app.components.sensors.inspector import Picked, sensor_panel
from dash_app.components.sensors.listing import MOST_ROWS, sensor_list
from dash_app.components.sensors.map_legend import BREAKS, deviation_scales
from dash_app.components.sensors.scatter import geh_band
from dash_app.components.sensors.table import sensor_table
from dash_app.components.sensors.time_axis import axis_of
from dash_app.components.sensors.words import (
    FLAGS,
    REASONS,
    age_words,
    clock_words,
    unit_words,
    value_words,
)
from dash_app.i18n import translator
from dash_app.i18n.catalogue import catalogue
from dash_app.sensing.adjusting import Progress
from dash_app.sensing.board import Board, Feed, Sensor, Series, Wanted, chosen, state_of, wanted_of
from dash_app.sensing.boards import quarters
from dash_app.sensing.fits import Traffic
from dash_app.sensing.fits_climate import ClimateFit
from dash_app.sensing.fits_energy import EnergyFit
from layers.sensors.records import Datastream, Flag, Reason
from tests.dash_app.components.seen import by_class, drawings, marks, text_of, with_data

if TYPE_CHECKING:
    from collections.abc import Sequence

DE, EN = translator("de"), translator("en")
NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def stream(name: str = "Rathaus", property_: str = "air_temperature", **more: Any) -> Datastream:
    told = {"unit": "Cel", "interval_s": 600.0, "lon": 13.2, "lat": 53.5, **more}
    return Datastream(f"t/{name}/{property_}", "t", name, property_, **told)


def sensor(number: int = 1, value: float | None = 13.4, **more: Any) -> Sensor:
    one = more.pop("stream", None) or stream()
    told = {"at": ms(NOW) - 300_000, "state": "fresh", "age_s": 300.0, **more}
    return Sensor(number, one, value, **told)


def board(*sensors: Sensor, **more: Any) -> Board:
    return Board(sensors, now=ms(NOW), **more)


# ---- words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "german"),
    [
        (None, "noch kein Wert"), (-30.0, "gerade eben"), (-86_400.0, "in der Zukunft datiert"),
        (59.9, "gerade eben"), (60.0, "vor 1 Minute"), (200.0, "vor 3 Minuten"),
        (3_600.0, "vor 1 Stunde"), (2 * 86_400.0, "vor 2 Tagen"), (5 * 365 * 86_400.0,
                                                                    "vor 4 Jahren"),
    ],
)  # fmt: skip
def test_ages_in_words(seconds: float | None, german: str) -> None:
    assert age_words(DE, seconds) == german


def test_the_hour_that_comes_twice_says_which_one_it_is() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    texts = [clock_words(DE, first + timedelta(hours=n)) for n in range(3)]
    assert texts[0] != texts[1]
    assert "Sommerzeit" in texts[0]
    assert "Winterzeit" in texts[1]
    assert texts[2] == "25.10.2026, 03:30 Uhr"


def test_units_and_values_as_people_write_them() -> None:
    assert unit_words(DE, "{vehicle}", statistic="count", interval_s=3600.0) == "Kfz/h"
    assert unit_words(DE, "{vehicle}", statistic="count", interval_s=300.0) == "Kfz in 5 min"
    assert unit_words(DE, "ug/m3") == "µg/m³"
    assert unit_words(DE, "{odd thing}") == ""
    assert value_words(DE, -0.0384, "°C") == "−0,04\u202f°C"
    assert value_words(DE, float("nan"), "°C") == "–"
    assert value_words(DE, 1013.2, "hPa") == "1.013\u202fhPa"


def test_every_flag_and_reason_has_words_in_german() -> None:
    german = catalogue("de")
    assert set(FLAGS) == set(Flag) - {Flag.NONE}
    assert set(REASONS) == set(Reason.__args__)  # type: ignore[attr-defined]
    said = [words for _, words in FLAGS.values()]
    said += [text for pair in REASONS.values() for text in pair]
    assert [text for text in said if ("", text) not in german] == []


def test_a_browser_is_not_trusted() -> None:
    asked = {"tab": ["x"], "sort": "nonsense", "page": -7, "back": True, "text": "a" * 900,
             "span": None, "only": {}, "down": "yes"}  # fmt: skip
    found = wanted_of(asked)
    assert found == Wanted(text="a" * 80)
    assert wanted_of("nothing") == Wanted()


# ---- list -------------------------------------------------------------------------------------


def test_states_are_words_and_signs() -> None:
    hot = sensor(1, 41.0, stream=stream(alert_above=35.0), flags=int(Flag.RANGE | Flag.JUMP))
    late = sensor(2, 5.0, stream=stream("Bad <script>"), state="silent", age_s=90_000.0)
    few = sensor(3, None, stream=stream("Markt", "pedestrians", unit="{person}"), few=True)
    text = text_of(sensor_list(DE, board(hot, late, few), Wanted()))
    for words in (
        "über der Schwelle", "auffällig", "verstummt", "vor 1 Tag", "unter 5", "41\u202f°C",
        "Bad <script>", "3 Sensoren", "auffällig (2)",
    ):  # fmt: skip
        assert words in text, words
    for name in ("alert", "odd", "silent", "few"):
        assert by_class(sensor_list(DE, board(hot, late, few), Wanted()), f"icon-sense-{name}")


def test_filters_and_order() -> None:
    sensors = [
        sensor(1, 5.0, stream=stream("Zoo")),
        sensor(2, None, at=None, age_s=None, state="never", stream=stream("Amt")),
        sensor(3, 7.0, stream=stream("Ring", "vehicles", unit="{vehicle}"), state="old"),
    ]
    words = {1: "zoo lufttemperatur", 2: "amt lufttemperatur", 3: "ring kfz"}

    def numbers(**wanted: Any) -> list[int]:
        return [one.number for one in chosen(board(*sensors), Wanted(**wanted), words)]

    assert numbers() == [3, 2, 1]  # traffic before climate, then by name
    assert numbers(text="ZOO luft") == [1]
    assert numbers(group="traffic") == [3]
    assert numbers(only="noticed") == [3]
    assert numbers(sort="value") == [1, 3, 2]
    assert numbers(sort="value", down=True) == [3, 1, 2], "what has no value stays last"
    assert numbers(group="nonsense") == []


def test_a_long_list_is_cut_and_says_so() -> None:
    many = [sensor(n, float(n), stream=stream(f"S {n:04d}")) for n in range(1, MOST_ROWS + 51)]
    found = sensor_list(DE, board(*many), Wanted(), picked=MOST_ROWS + 50)
    rows = by_class(found, "sense-row")
    assert len(rows) == MOST_ROWS + 1, "the picked one is there as well"
    assert "150 von 200 Sensoren" in text_of(found)
    page = sensor_table(DE, board(*many), wanted_of({"page": 99, "sort": "name"}))
    assert "Sensoren 101 bis 200 von 200" in text_of(page)
    assert "Keine" not in text_of(page)
    head = with_data(page, sense="sort", to="name")[0]
    assert getattr(head, "data-down") == "true"


def test_nothing_connected_says_what_to_do() -> None:
    text = text_of(sensor_list(DE, board(), Wanted()))
    assert "twin sensors run" in text
    assert "docs/sensors.md" in text
    shut = text_of(sensor_list(DE, board(hidden=4), Wanted()))
    assert "Melden Sie sich an" in shut
    assert "twin sensors" not in shut
    away = text_of(sensor_list(DE, board(problem="Die Datenbank ist weg."), Wanted()))
    assert "Die Datenbank ist weg." in away


def test_feeds_say_what_was_refused_and_what_to_do() -> None:
    refused = (("time_future", 1_204, ms(NOW) - 60_000, "year 2099"), ("fault", 1, None, ""))
    since = ms(NOW) - 7_200_000
    feed = Feed("mqtt", "waiting", "Der Broker ist fort.", since, None, 3, refused)
    text = text_of(feed_list(DE, board(feeds=(feed,))))
    for words in (
        "nicht erreichbar", "Der Broker ist fort.", "vor 2 Stunden", "1.205 Werte",
        "1.204 × Die Zeit liegt in der Zukunft", "Zeitzone der Quelle", "year 2099",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize(
    ("minutes", "state"), [(20, "fresh"), (30, "old"), (99, "old"), (101, "silent")]
)
def test_how_fresh_a_value_is(minutes: int, state: str) -> None:
    assert state_of(stream(), ms(NOW) - minutes * 60_000, ms(NOW)) == state
    assert state_of(stream(), None, ms(NOW)) == "never"


# ---- history ------------------------------------------------------------------------------------


def test_days_of_clock_changes_are_as_long_as_they_are() -> None:
    hours = {}
    for day in ("2026-03-29", "2026-10-25", "2026-11-22"):
        axis = axis_of(DE, "day", ms(datetime.fromisoformat(f"{day}T12:00:00+00:00")))
        hours[day] = (axis.until - axis.since) / 3_600_000
        places = [place for place, _ in axis.texts]
        assert places[0] == axis.since
        assert places[-1] == axis.until
        # six o'clock is an hour nearer, or further, on the day of the change
        assert (places[1] - places[0]) / 3_600_000 == hours[day] - 18
    assert list(hours.values()) == [23, 25, 24]
    week = axis_of(DE, "week", ms(datetime(2026, 10, 28, tzinfo=UTC)))
    assert (week.until - week.since) / 3_600_000 == 7 * 24 + 1
    year = axis_of(DE, "year", ms(NOW), back=1)
    assert year.words == "01.12.2024 bis 30.11.2025"
    assert [text for _, text in year.texts][:2] == ["Dez", "Jan"]


def series_of(values: Sequence[float], flags: dict[int, int] | None = None) -> Series:
    begin = pd.Timestamp("2026-11-21T23:00Z")  # midnight of the town
    index = begin + pd.to_timedelta(np.arange(len(values)) * 10, unit="min")
    table = pd.DataFrame({"value": values, "flags": 0}, index=index)
    for row, flag in (flags or {}).items():
        table.iloc[row, 1] = flag
    return Series(table)


def test_a_gap_is_a_gap_and_a_doubt_has_a_shape() -> None:
    axis = axis_of(DE, "day", ms(NOW))
    whole = series_of(np.arange(100.0), {3: int(Flag.RANGE), 9: int(Flag.STUCK | Flag.LATE)})
    cut = Series(whole.table.drop(whole.table.index[40:60]))
    (drawn,) = drawings(history(DE, sensor(), cut, axis))
    assert len(marks(drawn, "path", "line")) == 2
    assert len(marks(drawn, "path", "is-range")) == 1
    assert len(marks(drawn, "path", "is-stuck")) == 1
    (joined,) = drawings(history(DE, sensor(), whole, axis))
    assert len(marks(joined, "path", "line")) == 1
    text = text_of(history(DE, sensor(), cut, axis))
    assert "außerhalb des Erwarteten (1)" in text
    nothing = text_of(history(DE, sensor(), Series(whole.table.iloc[:0], few=3), axis))
    assert "3 Werte liegen unter 5 Personen" in nothing


def test_thresholds_are_drawn_for_single_values_alone() -> None:
    axis = axis_of(DE, "day", ms(NOW))
    one = sensor(stream=stream(alert_above=50.0, low=10.0, high=60.0))
    (drawn,) = drawings(history(DE, one, series_of(np.arange(100.0)), axis))
    assert len(marks(drawn, "line", "sense-limit")) == 1
    assert len(marks(drawn, "rect", "sense-expected")) == 1
    count = sensor(stream=stream("Z", "vehicles", unit="{vehicle}", statistic="count",
                                 alert_above=50.0))  # fmt: skip
    table = series_of(np.arange(24.0)).table.assign(low=1.0, high=2.0)
    (bars,) = drawings(history(DE, count, Series(table, "hour"), axis))
    assert marks(bars, "line", "sense-limit") == []
    assert len(marks(bars, "path", "datum")) == 1


def test_minutes_become_quarters_of_an_hour() -> None:
    index = pd.date_range("2026-11-22T10:00Z", periods=40, freq="1min")
    table = pd.DataFrame({"value": 2.0, "flags": 0}, index=index)
    table.iloc[5, 1] = int(Flag.JUMP)
    found = quarters(table.drop(table.index[[16, 17, 18]]), 60.0)
    assert found["value"].tolist()[:2] == [30.0, 30.0], "twelve of fifteen minutes are scaled up"
    assert np.isnan(found["value"].iloc[2]), "ten of fifteen are too few"
    assert found["flags"].tolist() == [int(Flag.JUMP), 0, 0]


def test_the_inspector_keeps_what_is_private() -> None:
    one = sensor(stream=stream(device="70B3D5", licence="CC BY 4.0", attribution="Stadt"))
    axis = axis_of(DE, "day", ms(NOW))
    texts = {
        inside: text_of(sensor_panel(DE, Picked(one, series_of([1.0]), axis, inside=inside),
                                     Wanted()))
        for inside in (True, False)
    }  # fmt: skip
    assert "70B3D5" in texts[True]
    assert "70B3D5" not in texts[False]
    assert "t/Rathaus" not in texts[False]
    for words in ("CC BY 4.0", "Stadt", "gemessen", "13,4", "10 min", "vor 5 Minuten"):
        assert words in texts[False], words


def test_what_is_played_again_is_not_called_measured() -> None:
    one = sensor(stream=stream(replayed=True, attribution="Erfunden"))
    axis = axis_of(DE, "day", ms(NOW))
    panel = sensor_panel(DE, Picked(one, series_of([1.0]), axis, inside=False), Wanted())
    assert not by_class(panel, "badge-measured")
    told = text_of(panel)
    assert "Nachgespielt aus einer Aufzeichnung" in told
    assert "Erfunden" in told


# ---- measurement and model ------------------------------------------------------------------


def test_a_comparison_says_that_recorded_days_are_in_it() -> None:
    live, recorded = sensor(1), sensor(2, stream=stream(replayed=True))
    assert played_again(DE, board(live)) == []
    (told,) = played_again(DE, board(live, recorded))
    assert "Nachgespielte Werte" in text_of(told)


def test_the_band_is_where_geh_is_five() -> None:
    counted = np.array([1.0, 40.0, 900.0])
    for edge in geh_band(counted):
        geh = np.sqrt(2 * (edge - counted) ** 2 / (edge + counted))
        inside = edge > 0  # the lower edge ends at no vehicles
        assert geh[inside] == pytest.approx(5.0)


def test_nothing_to_compare_says_what_to_do() -> None:
    progress = Progress()
    traffic = traffic_parts(EN, Traffic(None, None), run=("", 0), planner=True, progress=progress,
                            on_map=False)  # fmt: skip
    for parts, word in (
        (traffic, "vehicles"), (climate_parts(EN, ClimateFit((), None)), "air_temperature"),
        (energy_parts(EN, EnergyFit((), ())), "Baublock"),
    ):  # fmt: skip
        assert word in text_of(parts)


def test_classes_of_the_map_stay_where_they_are() -> None:
    values = pd.Series([-88.0, -5.0, 10.0, 400.0, np.nan])
    scale = deviation_scales(values)["light"]
    assert scale.breaks == BREAKS
    assert scale.counts == (1, 0, 0, 1, 1, 0, 1)
    assert scale.missing == 1
