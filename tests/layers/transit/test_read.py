import zipfile

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import box

from layers.source_data import Area
from layers.transit import looks_like_transit, read_transit
from tests.layers.transit.tiny import TABLES, codes, replaced, write_feed
from twin.errors import SourceError
from twin.schema import TABLES as SCHEMA
from twin.validation import _broken_references, validate


def read(tmp_path, *, day="weekday", **changes):
    data = read_transit(write_feed(tmp_path / "feed.zip", **changes), day=day)
    for name, table in data.tables.items():
        validate(SCHEMA[name], table, crs=data.crs)
    assert _broken_references(data.tables) == []
    return data


def test_the_tables_of_a_day(tmp_path):
    data = read(tmp_path)
    stops, lines, trips = (data.tables[name] for name in ("stops", "lines", "trips"))
    assert data.crs == "EPSG:25832"
    assert codes(data) == {}
    # by hand: t1 leaves a, b, c; t2 leaves d, b; t3 leaves a; the station has what its platform has
    assert stops["departures"].to_dict() == {
        "gtfs:S": 2, "gtfs:a": 2, "gtfs:b": 2, "gtfs:c": 1, "gtfs:d": 1,
    }  # fmt: skip
    assert stops["class"].astype(str).to_dict() == {
        "gtfs:S": "bus", "gtfs:a": "bus", "gtfs:b": "bus", "gtfs:c": "bus", "gtfs:d": "bus",
    }  # fmt: skip
    assert stops["step_free"].astype(str).tolist() == ["yes", "yes", "no", "unknown", "unknown"]
    assert stops["parent_id"].dropna().to_dict() == {"gtfs:a": "gtfs:S"}
    first = lines.loc["gtfs:L1"]
    assert (first["name"], first["long_name"]) == ("501", "Bahnhof - Wald, über Markt")
    assert (first["operator"], first["colour"], first["class"]) == ("Stadtwerke", "#ffcc00", "bus")
    assert lines["departures"].to_dict() == {"gtfs:L1": 2, "gtfs:L2": 1}
    assert lines.loc["gtfs:L2", "class"] == "rail"
    assert trips["headsign"].to_dict() == {
        "gtfs:t1": "Wald",
        "gtfs:t2": "Bahnhof",
        "gtfs:t3": "Kirche",
    }
    assert trips["step_free"].astype(str).tolist() == ["yes", "no", "unknown"]


def test_stops_lie_where_pyproj_puts_them(tmp_path):
    stops = read(tmp_path).tables["stops"]
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True).transform(7.16, 50.8)
    assert stops.loc["gtfs:b"].geometry.distance(shapely.Point(x, y)) < 0.001


def test_times_past_midnight_stay_with_their_day(tmp_path):
    times = read(tmp_path).tables["stop_times"]
    assert times.loc["gtfs:t3:0001", "departure_s"] == 23 * 3600 + 50 * 60
    assert times.loc["gtfs:t3:0002", "arrival_s"] == 24 * 3600 + 10 * 60
    assert times["boarding"].tolist() == [True, True, True, False, True, True, False, True, False]
    assert times["alighting"].tolist() == [False, True, True, True, False, True, True, False, True]


@pytest.mark.parametrize(
    ("day", "trips", "date"),
    [
        ("weekday", {"gtfs:t1", "gtfs:t2", "gtfs:t3"}, "2026-03-03"),
        ("saturday", {"gtfs:t3"}, "2026-03-07"),
        ("sunday", {"gtfs:t3"}, "2026-03-08"),
        ("2026-03-28", {"gtfs:t3"}, "2026-03-28"),
    ],
)
def test_kinds_of_days(tmp_path, day, trips, date):
    data = read(tmp_path, day=day)
    assert set(data.tables["trips"].index) == trips
    assert data.source.date == date
    assert date in data.source.note
    kind = day if day in {"weekday", "sunday"} else "saturday"
    assert set(data.tables["trips"]["day_type"]) == {kind}


def test_dates_alone_are_a_calendar(tmp_path):
    """GTFS allows a feed without calendar.txt; the exception adds a day."""
    dates = "service_id,date,exception_type\nweek,20260304,1\nall,20260307,1\n"
    data = read(tmp_path, calendar=None, calendar_dates=dates)
    assert set(data.tables["trips"].index) == {"gtfs:t1", "gtfs:t2"}
    assert data.source.date == "2026-03-04"
    with pytest.raises(SourceError, match=r"no trips on a sunday.*weekday, saturday"):
        read(tmp_path, calendar=None, calendar_dates=dates, day="sunday")


def test_exceptions_beat_the_calendar(tmp_path):
    dates = "service_id,date,exception_type\nweek,20260310,2\nweek,20260314,1\n"
    assert set(read(tmp_path, calendar_dates=dates, day="2026-03-10").tables["trips"].index) == {
        "gtfs:t3"
    }
    assert len(read(tmp_path, calendar_dates=dates, day="2026-03-14").tables["trips"]) == 3


def test_headways_become_trips(tmp_path):
    """07:00 to 07:30 every 10 minutes are 07:00, 07:10, 07:20: the end is not served."""
    head = "trip_id,start_time,end_time,headway_secs,exact_times\n"
    rows = head + "t1,07:00:00,07:30:00,600,0\nt2,08:00:00,08:20:01,1200,1\n"
    data = read(tmp_path, frequencies=rows)
    trips, times = data.tables["trips"], data.tables["stop_times"]
    assert set(trips.index) == {
        "gtfs:t1@25200", "gtfs:t1@25800", "gtfs:t1@26400", "gtfs:t2@28800", "gtfs:t2@30000",
        "gtfs:t3",
    }  # fmt: skip
    assert times.loc["gtfs:t1@25800:0002", "arrival_s"] == 25200 + 600 + 300
    assert times.loc["gtfs:t1@25800:0002", "departure_s"] == 25200 + 600 + 360
    by_trip = times.groupby("trip_id")["time_source"].first()
    assert by_trip["gtfs:t1@25800"] == "estimated:headway"
    assert by_trip["gtfs:t2@30000"] == "tagged"
    assert data.tables["lines"].loc["gtfs:L1", "departures"] == 5
    assert data.tables["stops"].loc["gtfs:b", "departures"] == 5


def test_unusable_headways_are_counted(tmp_path):
    head = "trip_id,start_time,end_time,headway_secs,exact_times\n"
    rows = "t1,07:00:00,06:00:00,600,\nt1,07:00:00,08:00:00,0,\nnone,07:00:00,08:00:00,600,\n"
    again = "t2,07:00:00,08:00:00,1800,\nt2,07:30:00,08:30:00,1800,\n"
    data = read(tmp_path, frequencies=head + rows + again)
    assert codes(data) == {"frequency_bad": 2, "frequency_trip_unknown": 1, "frequency_twice": 1}
    assert data.tables["lines"].loc["gtfs:L1", "departures"] == 1 + 3


def test_missing_times_lie_on_the_way(tmp_path):
    """b and c are a third and two thirds of the way: 07:00 to 07:15 gives 07:05 and 07:10."""
    times = replaced(
        "stop_times", ("t1,07:05:00,07:06:00,b", "t1,,,b"), ("t1,07:10:00,07:10:00,c", "t1,,,c")
    )
    data = read(tmp_path, stop_times=times)
    rows = data.tables["stop_times"].loc["gtfs:t1:0001":"gtfs:t1:0004"]
    assert np.allclose(rows["arrival_s"], [25200, 25500, 25800, 26100], atol=1)
    assert rows["time_source"].tolist() == ["tagged", *["estimated:interpolated"] * 2, "tagged"]
    assert codes(data) == {"time_interpolated": 2}


def test_the_distance_of_the_feed_decides(tmp_path):
    times = (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled\n"
        "t1,07:00:00,07:00:00,a,1,0\nt1,,,b,2,9\nt1,07:10:00,07:10:00,c,3,10\n"
    )
    data = read(tmp_path, stop_times=times)
    assert data.tables["stop_times"].loc["gtfs:t1:0002", "arrival_s"] == 25200 + 540


def test_shapes_give_the_course(tmp_path):
    shapes = "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n" + "".join(
        f"s,{50.8 + 0.001 * (i % 2)},{7.15 + i * 0.005},{10 - i}\n" for i in range(7)
    )
    trips = replaced(
        "trips",
        ("Wald,0,,1", "Wald,0,s,1"),
        ("Bahnhof,1,,2", "Bahnhof,1,s,2"),
        ("t3,,0,", "t3,,0,gone"),
    )
    data = read(tmp_path, shapes=shapes, trips=trips)
    lines = data.tables["lines"]
    assert lines["course_source"].tolist() == ["tagged:shapes", "estimated:stops"]
    assert len(shapely.get_coordinates(lines.loc["gtfs:L1"].geometry)) == 7
    assert codes(data) == {"shape_unknown": 1}


def test_a_short_variant_adds_nothing_to_the_course(tmp_path):
    """t2 runs back over a part of the way of t1."""
    assert read(tmp_path).tables["lines"].loc["gtfs:L1"].geometry.geom_type == "LineString"


def test_transfers(tmp_path):
    rows = (
        "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id\n"
        "a,b,2,180,,\na,b,2,600,t1,t2\na,c,0,,,\nb,c,3,,,\nb,d,1,,,\n,,4,,t1,t2\n,,5,,t2,t1\n"
        "a,none,2,60,,\na,d,9,,,\nc,d,2,-5,,\n"
    )
    data = read(tmp_path, transfers=rows)
    moves = data.tables["transfers"]
    pairs = moves["from_stop"] + ">" + moves["to_stop"]
    assert dict(zip(pairs, moves["kind"].astype(str), strict=True)) == {
        "gtfs:a>gtfs:b": "minimum_time", "gtfs:a>gtfs:c": "recommended",
        "gtfs:b>gtfs:c": "impossible", "gtfs:b>gtfs:d": "timed", "gtfs:c>gtfs:d": "minimum_time",
        "gtfs:d>gtfs:d": "in_seat", "gtfs:a>gtfs:a": "in_seat_off",
    }  # fmt: skip
    assert moves["min_time_s"].dropna().tolist() == [180.0]
    assert codes(data) == {"transfer_stop_unknown": 1, "transfer_bad": 1}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("folder", ["", "feed 2026/"])
def test_encodings_and_folders(tmp_path, encoding, folder):
    plain = read(tmp_path)
    other = read(tmp_path, encoding=encoding, folder=folder)
    for name, table in plain.tables.items():
        pd.testing.assert_frame_equal(table, other.tables[name])
    assert ("encoding" in codes(other)) == (encoding != "utf-8-sig")


def test_a_folder_is_a_feed(tmp_path):
    with zipfile.ZipFile(write_feed(tmp_path / "feed.zip")) as archive:
        archive.extractall(tmp_path / "one" / "deep")
    data, same = read(tmp_path), read_transit(tmp_path / "one")
    for name, table in data.tables.items():
        pd.testing.assert_frame_equal(table, same.tables[name])
    assert looks_like_transit(tmp_path / "one" / "deep")
    assert not looks_like_transit(tmp_path / "one")  # it may hold other data too


def test_spaces_semicolons_and_more_columns(tmp_path):
    plain = read(tmp_path)
    routes = TABLES["routes.txt"].replace('"Bahnhof - Wald, über Markt"', "x").replace(",", ";")
    times = "\r\n".join(line + " ,x" for line in TABLES["stop_times.txt"].splitlines()) + "\r\n\r\n"
    other = read(tmp_path, routes=routes, stop_times=times)
    pd.testing.assert_frame_equal(plain.tables["stop_times"], other.tables["stop_times"])
    assert codes(other) == {}


def test_only_trips_that_halt_in_the_area(tmp_path):
    """A box around d meets t1 and t2, with all their stops, but not t3."""
    path = write_feed(tmp_path / "feed.zip")
    data = read_transit(path, area=Area(box(7.175, 50.79, 7.185, 50.81), "EPSG:4326"))
    assert set(data.tables["trips"].index) == {"gtfs:t1", "gtfs:t2"}
    assert set(data.tables["stops"].index) == {f"gtfs:{s}" for s in "Sabcd"}
    assert set(data.tables["lines"].index) == {"gtfs:L1"}
    assert len(data.tables["stop_times"]) == 7
    nothing = read_transit(path, area=Area(box(8, 50, 8.1, 50.1), "EPSG:4326"))
    assert all(len(table) == 0 for table in nothing.tables.values())
    assert codes(nothing) == {"nothing_here": 1}


def test_several_feeds_keep_their_ids_apart(tmp_path):
    one = write_feed(tmp_path / "VRS.zip")
    two = write_feed(tmp_path / "vrr.zip", stops=replaced("stops", ("Markt", "Platz")))
    data, back = read_transit([one, two]), read_transit([two, one])
    assert {"gtfs:vrs:a", "gtfs:vrr:a"} <= set(data.tables["stops"].index)
    assert len(data.tables["trips"]) == 6
    assert _broken_references(data.tables) == []
    for name, table in data.tables.items():
        pd.testing.assert_frame_equal(table, back.tables[name])
    (tmp_path / "other").mkdir()
    again = write_feed(tmp_path / "other" / "VRS.zip", agency=TABLES["agency.txt"] + "\n")
    assert len(read_transit([one, again]).tables["stops"]) == 10


def test_what_is_a_feed(tmp_path):
    assert looks_like_transit(write_feed(tmp_path / "feed.zip"))
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("stops.txt", "")
    text = tmp_path / "a.txt"
    text.write_text("stop_id")
    assert not any(looks_like_transit(p) for p in (other, text, tmp_path / "none", tmp_path))


def test_progress_ends_and_can_cancel(tmp_path):
    path = write_feed(tmp_path / "feed.zip")
    steps = []
    read_transit(path, progress=lambda step, share: steps.append((step, share)))
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert steps[-1] == ("Done", 1.0)

    def cancel(step, _share):
        if step == "Reading the timetable":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_transit(path, progress=cancel)
