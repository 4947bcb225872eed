import pytest

from layers.transit import read_transit
from tests.layers.transit.test_read import read
from tests.layers.transit.tiny import TABLES, codes, replaced, write_feed
from twin.errors import SourceError


def more(table, *rows):
    return TABLES[f"{table}.txt"] + "".join(row + "\n" for row in rows)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"stop_times": more("stop_times", "gone,1:00:00,1:00:00,a,1")}, {"trip_unknown": 1}),
        ({"stop_times": more("stop_times", "t1,7:20:00,7:20:00,z,5")}, {"stop_unknown": 1}),
        ({"stop_times": more("stop_times", "t1,7:20:00,7:20:00,a,4")}, {"sequence_twice": 1}),
        ({"stop_times": more("stop_times", "t1,7:20:00,7:20:00,a,x")}, {"sequence_bad": 1}),
        ({"stop_times": more("stop_times", "t1,,,a,5")}, {"time_missing_at_end": 1}),
        ({"stop_times": more("stop_times", "t1,7:20:00")}, {"line_ragged": 1}),
        ({"trips": more("trips", "L1,week,t9,,,,")}, {"trip_short": 1}),
        ({"trips": more("trips", "L1,week,t1,,,,")}, {"trip_twice": 1}),
        ({"trips": more("trips", "L9,week,t9,,,,")}, {"line_unknown": 1}),
        ({"trips": more("trips", "L1,never,t9,,,,")}, {"service_unknown": 1}),
        ({"routes": more("routes", "L1,A,1,,3,")}, {"line_twice": 1}),
        ({"routes": replaced("routes", (",109,", ",4711,"))}, {"line_type": 1}),
        ({"stops": more("stops", "a,Again,50.8,7.15,,,")}, {"stop_twice": 1}),
        ({"stops": more("stops", "e,Aufzug,50.8,7.15,2,S,")}, {"no_stop": 1}),
        ({"stops": replaced("stops", (",0,S,", ",0,Z,"))}, {"station_unknown": 1}),
        ({"stops": more("stops", "e,Ende,50.8,7.15,,,")}, {"stop_idle": 1}),
        (
            {"calendar": more("calendar", "x,1,1,1,1,1,0,0,20260401,20260301")},
            {"calendar_bad": 1},
        ),
        (
            {"calendar": more("calendar", "week,1,1,1,1,1,0,0,20260302,20260329")},
            {"calendar_twice": 1},
        ),
        (
            {"calendar_dates": "service_id,date,exception_type\nweek,2026-03-03,2\n"},
            {"exception_bad": 1},
        ),
    ],
)
def test_each_fault_is_counted(tmp_path, changes, expected):
    """The rest of the timetable stays as it was."""
    data = read(tmp_path, **changes)
    assert codes(data) == expected
    assert data.tables["stop_times"]["arrival_s"].tolist() == pytest.approx(
        [25200, 25500, 25800, 26100, 28800, 29400, 29700, 85800, 87000]
    )


def at(data, trip):
    rows = data.tables["stop_times"]
    rows = rows[rows["trip_id"] == f"gtfs:{trip}"]
    return [(a / 60, d / 60) for a, d in zip(rows["arrival_s"], rows["departure_s"], strict=True)]


def test_a_departure_before_the_arrival(tmp_path):
    times = replaced("stop_times", ("07:05:00,07:06:00,b", "07:05:00,07:04:00,b"))
    data = read(tmp_path, stop_times=times)
    assert codes(data) == {"dwell_negative": 1}
    assert at(data, "t1") == [(420, 420), (425, 425), (430, 430), (435, 435)]


def test_times_that_run_backwards(tmp_path):
    """c at 06:10 and b at 19:05 are wrong, whichever way: the one wrong time goes."""
    for wrong in ("06:10:00,06:10:00,c", "19:10:00,19:10:00,c"):
        times = replaced("stop_times", ("07:10:00,07:10:00,c", wrong))
        data = read(tmp_path, stop_times=times)
        assert codes(data) == {"backwards": 1, "time_interpolated": 1}
        (_, (_, b), (c, _), (d, _)) = at(data, "t1")
        assert (b, d) == (426, 435)
        assert c == pytest.approx((426 + 435) / 2, abs=0.1)


def test_a_clock_that_starts_anew_at_midnight(tmp_path):
    data = read(
        tmp_path, stop_times=replaced("stop_times", ("24:10:00,24:10:00", "00:10:00,00:10:00"))
    )
    assert codes(data) == {"midnight": 1}
    assert at(data, "t3") == [(1430, 1430), (1450, 1450)]


def test_rows_out_of_order_are_no_fault(tmp_path):
    head, *rows = TABLES["stop_times.txt"].splitlines()
    data = read(tmp_path, stop_times="\n".join([head, *rows[::-1]]))
    assert codes(data) == {}
    assert data.tables["stop_times"].equals(read(tmp_path).tables["stop_times"])


def test_swapped_coordinates(tmp_path):
    right = read(tmp_path).tables["stops"]
    one = read(tmp_path, stops=replaced("stops", ("50.8,7.17", "7.17,50.8")))
    assert codes(one) == {"swapped": 1}
    assert one.tables["stops"].equals(right)
    all_of_them = TABLES["stops.txt"].replace("stop_lat,stop_lon", "stop_lon,stop_lat")
    swapped = read(tmp_path, stops=all_of_them)
    assert codes(swapped) == {"swapped": 5}
    assert swapped.tables["stops"].equals(right)


def test_stops_without_a_place(tmp_path):
    """The platform takes the place of its station; b lies nowhere and goes with its halts."""
    stops = replaced(
        "stops", ("a,Bahnhof,50.8,7.15", "a,Bahnhof,0,0"), ("Markt,50.8,7.16", "Markt,,")
    )
    data = read(tmp_path, stops=stops)
    assert codes(data) == {"place_borrowed": 1, "no_place": 1, "stop_left_out": 2}
    table = data.tables["stops"]
    assert table.loc["gtfs:a"].geometry == table.loc["gtfs:S"].geometry
    assert "gtfs:b" not in table.index
    assert len(data.tables["stop_times"]) == 7


def test_trips_that_go_nowhere(tmp_path):
    stops = replaced("stops", ("50.8,7.17", "50.8,7.15"))
    data = read(tmp_path, stops=stops)  # t3 runs from a to c, now one place
    assert codes(data) == {"trip_nowhere": 1, "stop_idle": 0} or codes(data) == {"trip_nowhere": 1}
    assert set(data.tables["lines"].index) == {"gtfs:L1"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stop_times": None, "trips": None}, "lacks trips.txt, stop_times.txt"),
        ({"calendar": None}, "lacks calendar.txt"),
        ({"calendar": TABLES["calendar.txt"].splitlines()[0]}, "names no date"),
        ({"stops": "stop_id,stop_lat,stop_lon\na,0,0\n"}, "No stop of the timetable has a usable"),
        ({"stops": ""}, "No stop of the timetable has a usable"),
        ({"trips": TABLES["trips.txt"].splitlines()[0]}, "no trips on a weekday"),
    ],
)
def test_a_feed_that_is_none(tmp_path, changes, message):
    with pytest.raises(SourceError, match=message):
        read(tmp_path, **changes)


def test_a_day_that_is_none(tmp_path):
    path = write_feed(tmp_path / "feed.zip")
    with pytest.raises(SourceError, match="2027-01-01; it holds from 2026-03-02 to 2026-03-29"):
        read_transit(path, day="2027-01-01")
    with pytest.raises(SourceError, match="neither a kind of day nor a date"):
        read_transit(path, day="Tuesday")


def test_files_that_are_none(tmp_path):
    broken = tmp_path / "broken.zip"
    path = write_feed(tmp_path / "feed.zip")
    broken.write_bytes(path.read_bytes()[:-200])
    garbled = bytearray(path.read_bytes())
    garbled[120:200] = b"x" * 80
    (tmp_path / "garbled.zip").write_bytes(garbled)
    for name in ("broken.zip", "garbled.zip"):
        with pytest.raises(SourceError, match="damaged"):
            read_transit(tmp_path / name)
    with pytest.raises(SourceError, match="does not exist"):
        read_transit(tmp_path / "none.zip")
    with pytest.raises(SourceError, match="No timetable"):
        read_transit([])
