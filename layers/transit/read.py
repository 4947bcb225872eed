"""Reads what a feed says of one day: its trips, their stop times, stops, shapes, transfers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.transit.feed import read_table
from layers.transit.frequencies import clean_frequencies
from layers.transit.lines import ROUTE_COLUMNS, clean_routes
from layers.transit.notes import noted
from layers.transit.service import WEEKDAYS, choose_date, service_days
from layers.transit.stops import STOP_COLUMNS, clean_stops
from layers.transit.times import seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from layers.source_data import Area, Progress
    from layers.transit.feed import Feed
    from twin.provenance import Finding

TRIP_COLUMNS = (
    "trip_id", "route_id", "service_id", "trip_headsign", "direction_id", "shape_id",
    "wheelchair_accessible",
)  # fmt: skip
TIME_COLUMNS = (
    "trip_id", "stop_id", "arrival_time", "departure_time", "stop_sequence", "pickup_type",
    "drop_off_type", "shape_dist_traveled",
)  # fmt: skip
TRANSFER_COLUMNS = (
    "from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time", "from_trip_id",
    "to_trip_id",
)  # fmt: skip
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class RawTransit:
    """One day of a feed: rows point to each other by number, positions are in degrees."""

    stops: pd.DataFrame  # + station, parent (row), lon, lat
    routes: pd.DataFrame  # + class, operator
    trips: pd.DataFrame  # of the day; + route (row)
    times: pd.DataFrame  # of the day; trip, stop (rows), sequence, arrival_s, departure_s …
    served: pd.DataFrame  # stop (row), class, halts: of all days
    frequencies: pd.DataFrame  # trip (row), start_s, end_s, headway_s, exact
    shapes: pd.DataFrame  # shape_id, lon, lat, sequence
    transfers: pd.DataFrame  # as text
    info: pd.DataFrame  # feed_info
    date: pd.Timestamp
    day_type: str
    findings: tuple[Finding, ...]


def read_raw(
    feed: Feed, *, day: str, area: Area | None = None, progress: Progress | None = None
) -> RawTransit:
    """Read one day of a feed; with `area` only trips that halt there, each of them whole."""
    say = progress or (lambda _step, _share: None)
    say("Reading stops and lines", 0.0)
    agencies = read_table(feed, "agency.txt", ("agency_id", "agency_name", "agency_timezone"))
    europe = bool(agencies["agency_timezone"].str.startswith("Europe/").any())
    raw_stops = read_table(feed, "stops.txt", STOP_COLUMNS)
    stops, swapped, of_stops = clean_stops(raw_stops, europe=europe)
    routes, of_routes = clean_routes(read_table(feed, "routes.txt", ROUTE_COLUMNS), agencies)
    trips, of_trips = _trips(read_table(feed, "trips.txt", TRIP_COLUMNS), routes)
    say("Choosing the day", 0.1)
    every, of_frequencies = _frequencies(feed, trips)
    date, day_type, services, of_days = _day(feed, trips, every, day)
    on_day = trips["service_id"].isin(services).to_numpy()
    say("Reading the timetable", 0.2)
    rows = _stop_times(
        feed, trips, on_day, stops, lambda share: say("Reading the timetable", 0.2 + 0.6 * share)
    )
    times, served = _times(rows, trips)
    of_times = _dangling(rows, raw_stops["stop_id"], stops)
    keep, outside = _in_area(times, on_day, stops, area)
    say("Reading the courses of lines", 0.8)
    shapes = _shapes(feed, trips.loc[keep, "shape_id"], swapped=swapped)
    row = np.cumsum(keep) - 1
    findings = [*of_stops, *of_routes, *of_trips, *of_days, *of_frequencies, *of_times, *outside]
    transfers = read_table(feed, "transfers.txt", TRANSFER_COLUMNS)
    return RawTransit(
        stops,
        routes,
        trips[keep].reset_index(drop=True),
        _renumbered(times, keep, row),
        served.assign(**{"class": routes["class"].to_numpy()[served["route"]]}),
        _renumbered(every, keep, row),
        shapes,
        transfers,
        read_table(
            feed, "feed_info.txt", ("feed_publisher_name", "feed_publisher_url", "feed_version")
        ),
        date,
        day_type,
        (*findings, *_of_files(feed)),
    )


def _renumbered(rows: pd.DataFrame, keep: Array, row: Array) -> pd.DataFrame:
    kept: pd.DataFrame = rows[keep[rows["trip"].to_numpy()]]
    return kept.assign(trip=row[kept["trip"].to_numpy()]).reset_index(drop=True)


def _trips(raw: pd.DataFrame, routes: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return trips, each once, with the row of their route."""
    again = raw["trip_id"].duplicated()
    message = "{count} trips stand twice; the first counts."
    found = noted("trip_twice", "trips", raw["trip_id"][again], message)
    row = pd.Index(routes["route_id"]).get_indexer(raw["route_id"])
    lost = (row < 0) | raw["route_id"].isna().to_numpy()
    message = "{count} of {total} trips name a line that the feed does not have; left out."
    found += noted("line_unknown", "trips", raw["trip_id"][lost], message, total=len(raw))
    good = ~again & ~lost & raw["trip_id"].notna()
    return raw.assign(route=row)[good].reset_index(drop=True), found


def _frequencies(feed: Feed, trips: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    columns = ("trip_id", "start_time", "end_time", "headway_secs", "exact_times")
    raw = read_table(feed, "frequencies.txt", columns)
    row = pd.Index(trips["trip_id"]).get_indexer(raw["trip_id"])
    return clean_frequencies(raw.assign(trip=row))


def _day(
    feed: Feed, trips: pd.DataFrame, every: pd.DataFrame, day: str
) -> tuple[pd.Timestamp, str, pd.Index[Any], list[Finding]]:
    """Return the date that is read, its kind and the services that run on it."""
    span = read_table(feed, "feed_info.txt", ("feed_start_date", "feed_end_date"))
    days, found = service_days(
        read_table(feed, "calendar.txt", ("service_id", *WEEKDAYS, "start_date", "end_date")),
        read_table(feed, "calendar_dates.txt", ("service_id", "date", "exception_type")),
    )
    runs = np.ones(len(trips))
    counted = every.groupby("trip")["runs"].sum()
    runs[counted.index.to_numpy(dtype=np.int64)] = counted.to_numpy()
    lost = ~trips["service_id"].isin(days.services)
    message = "{count} of {total} trips name a service that no calendar knows; they never run."
    found += noted("service_unknown", "trips", trips["trip_id"][lost], message, total=len(trips))
    date, kind = choose_date(
        days.within(span), pd.Series(runs).groupby(trips["service_id"]).sum(), day
    )
    return date, kind, days.on(date), found


def _stop_times(
    feed: Feed,
    trips: pd.DataFrame,
    on_day: Array,
    stops: pd.DataFrame,
    told: Callable[[float], None],
) -> pd.DataFrame:
    """
    Return the stop times of the day and those that dangle, rows of trips and stops as numbers.

    Of other days only who halts where is kept (trip -2): route, stop and `halts`.
    """
    trip_ids, stop_ids = pd.Index(trips["trip_id"]), pd.Index(stops["stop_id"])
    route = trips["route"].to_numpy()

    def keep(batch: pa.RecordBatch) -> pd.DataFrame:
        coded = _coded(batch, trip_ids, stop_ids)
        wanted = (coded["trip"] < 0) | on_day[coded["trip"]]
        other = coded.loc[~wanted & (coded["stop"] >= 0), ["trip", "stop"]]
        rest = _counted(other.assign(route=route[other["trip"]], halts=1)).assign(trip=-2)
        return pd.concat([coded[wanted].assign(route=-1, halts=1), rest], ignore_index=True)

    return read_table(feed, "stop_times.txt", TIME_COLUMNS, keep=keep, told=told)


def _times(rows: pd.DataFrame, trips: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the stop times of the day that have trip and stop, and who halts where on any day."""
    rest = rows.loc[rows["trip"] == -2, ["route", "stop", "halts"]]
    good = (rows["trip"] >= 0) & (rows["stop"] >= 0)
    times = rows[good].drop(columns=["route", "halts", "unknown"]).reset_index(drop=True)
    route = trips["route"].to_numpy()[times["trip"]]
    mine = pd.DataFrame({"route": route, "stop": times["stop"], "halts": 1})
    return times, _counted(pd.concat([rest, mine]))


def _counted(halts: pd.DataFrame) -> pd.DataFrame:
    """Return each pair of route and stop once, with the sum of `halts`."""
    return halts.groupby(["route", "stop"])[["halts"]].sum().reset_index().astype("int64")


def _coded(batch: pa.RecordBatch, trip_ids: pd.Index[Any], stop_ids: pd.Index[Any]) -> pd.DataFrame:
    """Return stop times as numbers: rows of trips and stops (-1: unknown), seconds, flags."""
    text = {name: batch.column(name).dictionary_encode() for name in TIME_COLUMNS}

    def by_text(name: str, values: Any, missing: object) -> Array:
        codes = text[name].indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
        known = np.append(values, np.array([missing], dtype=np.asarray(values).dtype))
        return np.asarray(known[codes])

    def words(name: str) -> Any:
        return text[name].dictionary.to_pandas().astype("str")

    out: dict[str, Any] = {
        "trip": by_text("trip_id", trip_ids.get_indexer(words("trip_id")), -1),
        "stop": by_text("stop_id", stop_ids.get_indexer(words("stop_id")), -1),
    }
    for name, column in (("arrival_s", "arrival_time"), ("departure_s", "departure_time")):
        out[name] = by_text(column, seconds(words(column)).to_numpy(), np.nan)
    for name, column in (("sequence", "stop_sequence"), ("along", "shape_dist_traveled")):
        numbers = pd.to_numeric(words(column), errors="coerce").to_numpy(dtype=float)
        out[name] = by_text(column, numbers, np.nan)
    for name, column in (("boarding", "pickup_type"), ("alighting", "drop_off_type")):
        out[name] = by_text(column, (words(column) != "1").to_numpy(dtype=bool), True)
    out["unknown"] = np.where(
        out["stop"] < 0, by_text("stop_id", words("stop_id").to_numpy(dtype=object), ""), ""
    )
    return pd.DataFrame(out)


def _dangling(rows: pd.DataFrame, entries: pd.Series[Any], stops: pd.DataFrame) -> list[Finding]:
    message = "{count} stop times belong to trips that the feed does not have; left out."
    lost = rows["trip"] == -1
    found = noted("trip_unknown", "stop_times", [], message, count=int(lost.sum()))
    stray = rows["unknown"][(rows["trip"] >= 0) & (rows["stop"] < 0)]
    known = stray.isin(entries) & ~stray.isin(stops["stop_id"])
    message = "{count} stop times name entries that are no usable stops; left out."
    found += noted("stop_left_out", "stop_times", stray[known], message)
    message = "{count} stop times name stops that the feed does not have; left out."
    return [*found, *noted("stop_unknown", "stop_times", stray[~known], message)]


def _in_area(
    times: pd.DataFrame, on_day: Array, stops: pd.DataFrame, area: Area | None
) -> tuple[Array, list[Finding]]:
    """Tell which trips of the day halt in the area."""
    if area is None:
        return on_day, []
    halts = times["trip"].to_numpy()[stops_in(stops, area)[times["stop"].to_numpy()]]
    keep = np.zeros(len(on_day), dtype=bool)
    keep[halts] = True
    message = "The timetable has no trips that halt in the area."
    return keep, [] if keep.any() else noted("nothing_here", "trips", [], message, count=1)


def stops_in(stops: pd.DataFrame, area: Area) -> Array:
    """Tell which stops lie in the area."""
    shape = area.within("EPSG:4326")
    shapely.prepare(shape)
    return np.asarray(shapely.intersects_xy(shape, stops["lon"], stops["lat"]))


def _shapes(feed: Feed, wanted: pd.Series[Any], *, swapped: bool) -> pd.DataFrame:
    ids = pd.Index(wanted.dropna().unique())

    def keep(batch: pa.RecordBatch) -> pd.DataFrame:
        frame = batch.to_pandas().astype("str")
        frame = frame[frame["shape_id"].isin(ids)]
        lon, lat = ("shape_pt_lat", "shape_pt_lon") if swapped else ("shape_pt_lon", "shape_pt_lat")
        columns = {"lon": lon, "lat": lat, "sequence": "shape_pt_sequence"}
        numbers = {k: pd.to_numeric(frame[c], errors="coerce") for k, c in columns.items()}
        out: pd.DataFrame = frame[["shape_id"]].assign(**numbers)
        return out

    columns = ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
    return read_table(feed, "shapes.txt", columns, keep=keep)


def _of_files(feed: Feed) -> list[Finding]:
    """Tell of lines that are no rows and of tables that are not in UTF-8."""
    message = "{count} lines of the tables have another number of columns than the header; skipped."
    seen = [f"{table}: {count}" for table, count in sorted(feed.skipped.items())]
    found = noted("line_ragged", "stop_times", seen, message, count=sum(feed.skipped.values()))
    message = "{count} tables are not in UTF-8, as GTFS asks; read in the encoding found."
    seen = [f"{table}: {encoding}" for table, encoding in sorted(feed.recoded.items())]
    return [*found, *noted("encoding", "stops", seen, message, severity="info")]
