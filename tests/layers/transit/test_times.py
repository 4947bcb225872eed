import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.transit import read_transit
from layers.transit.lines import class_of
from layers.transit.service import choose_date, service_days
from layers.transit.times import _longest_chain, seconds
from tests.layers.transit.tiny import TABLES, write_feed

WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_seconds_of_any_time(h, m, s):
    both = seconds(pd.Series([f"{h}:{m:02d}:{s:02d}", f"{h:02d}:{m:02d}:{s:02d}", None, "7.30"]))
    assert both.tolist()[:2] == [h * 3600 + m * 60 + s] * 2
    assert both.isna().tolist() == [False, False, True, True]


@given(st.lists(st.integers(0, 20), min_size=1, max_size=9))
def test_the_longest_chain_is_as_long_as_trying_all(times):
    """Against all subsets of up to nine times."""
    values = np.array(times, dtype=float)
    chain = _longest_chain(values, values)
    picks = [[i for i in range(len(times)) if n >> i & 1] for n in range(1, 2 ** len(times))]
    best = max(len(p) for p in picks if all(a <= b for a, b in zip(values[p], values[p][1:])))  # noqa: B905
    assert len(chain) == best
    assert np.all(np.diff(values[chain]) >= 0)


def trips_of(**counts):
    return pd.Series(counts, dtype=float)


def days(start, end, **flags):
    calendar = pd.DataFrame(
        {
            "service_id": list(flags),
            **{day: [f[i] for f in flags.values()] for i, day in enumerate(WEEK)},
            "start_date": start,
            "end_date": end,
        }
    ).astype("str")
    none = pd.DataFrame({"service_id": [], "date": [], "exception_type": []}, dtype="str")
    return calendar, none


def test_a_holiday_and_the_thin_end_are_no_typical_day():
    """Six weeks of full service, then months of a night bus only; 1 May runs as a Sunday."""
    calendar, _ = days("20260406", "20260517", full="1111100")
    night, none = days("20260406", "20261231", night="1111111")
    off = pd.DataFrame({"service_id": ["full"], "date": ["20260501"], "exception_type": ["2"]})
    both, found = service_days(pd.concat([calendar, night], ignore_index=True), off.astype("str"))
    assert found == []
    date, kind = choose_date(both, trips_of(full=100, night=5), "weekday")
    assert (f"{date:%Y-%m-%d}", kind) == ("2026-04-07", "weekday")
    assert list(both.on(pd.Timestamp("2026-05-01"))) == ["night"]
    sunday, _ = choose_date(both, trips_of(full=100, night=5), "sunday")
    assert sunday.weekday() == 6
    assert none.empty


def test_school_days_beat_holidays_where_they_are_more():
    school, _ = days("20260406", "20260531", school="1111100")
    base, none = days("20260406", "20260705", base="1111100")
    both, _ = service_days(pd.concat([school, base], ignore_index=True), none)
    date, _ = choose_date(both, trips_of(school=40, base=60), "weekday")
    assert date <= pd.Timestamp("2026-05-31")


def test_a_calendar_without_end_is_no_burden():
    calendar, none = days("19000101", "20991231", all="1111111")
    both, _ = service_days(calendar, none)
    assert both.runs.shape[1] <= 731


def test_the_span_of_feed_info_counts():
    calendar, none = days("20260101", "20261231", all="1111111")
    both, _ = service_days(calendar, none)
    span = pd.DataFrame({"feed_start_date": ["20260601"], "feed_end_date": ["20260630"]})
    date, _ = choose_date(both.within(span), trips_of(all=1), "weekday")
    assert date == pd.Timestamp("2026-06-02")


def test_every_type_of_vehicle_of_the_reference():
    """https://gtfs.org/documentation/schedule/reference and the extended route types of Google."""
    kinds = {
        0: "tram", 1: "subway", 2: "rail", 3: "bus", 4: "ferry", 5: "tram", 6: "other", 7: "other",
        11: "bus", 12: "light_rail", 100: "rail", 106: "rail", 109: "rail", 200: "bus",
        401: "subway", 403: "light_rail", 405: "light_rail", 704: "bus", 715: "bus", 800: "bus",
        900: "tram", 1000: "ferry", 1100: "other", 1200: "ferry", 1300: "other", 1400: "other",
        1501: "taxi", 1700: "other",
    }  # fmt: skip
    found = class_of(pd.Series([str(number) for number in kinds]))
    assert found.tolist() == list(kinds.values())
    assert class_of(pd.Series(["8", "1900", "-1", None])).isna().all()


@st.composite
def timetables(draw):
    """Trips over four stops, some of them by headway."""
    trips, times, every = [], [], []
    for i in range(draw(st.integers(1, 6))):
        halts = draw(st.lists(st.sampled_from("abcd"), min_size=2, max_size=5))
        halts += ["a" if halts[-1] == "d" else "d"]  # it moves
        service = draw(st.sampled_from(["week", "all"]))
        start, clock = draw(st.integers(0, 26)) * 3600, 0
        trips.append(f"L1,{service},t{i},,0,,")
        for place, stop in enumerate(halts):
            clock += draw(st.integers(60, 900))
            time = f"{(start + clock) // 3600}:{(start + clock) // 60 % 60:02d}:00"
            times.append(f"t{i},{time},{time},{stop},{place}")
        runs = draw(st.integers(0, 3))
        if runs:
            every.append(f"t{i},06:00:00,{6 + runs:02d}:00:00,3600,0")
        trips[-1] = (trips[-1], service, len(halts), max(runs, 1))
    return trips, times, every


@given(timetables(), st.sampled_from(["weekday", "sunday"]))
@settings(max_examples=10)
def test_no_departure_is_lost_or_made_up(tmp_path_factory, timetable, day):
    trips, times, every = timetable
    base = "base,1:00:00,1:00:00,a,1", "base,2:00:00,2:00:00,d,2"
    head = {name: TABLES[f"{name}.txt"].splitlines()[0] for name in ("trips", "stop_times")}
    path = write_feed(
        tmp_path_factory.mktemp("feed") / "feed.zip",
        trips="\n".join([head["trips"], *(t[0] for t in trips), "L2,all,base,,,,"]),
        stop_times="\n".join([head["stop_times"], *times, *base]),
        frequencies="\n".join(["trip_id,start_time,end_time,headway_secs,exact_times", *every]),
    )
    data = read_transit(path, day=day)
    runs = [t for t in trips if (day == "weekday" or t[1] == "all")]
    halts = sum((t[2] - 1) * t[3] for t in runs) + 1
    stops = data.tables["stops"]
    assert stops.loc[stops.index != "gtfs:S", "departures"].sum() == halts
    assert data.tables["stop_times"]["boarding"].sum() == halts
    assert data.tables["lines"]["departures"].sum() == sum(t[3] for t in runs) + 1
