"""
Plays recorded days, so that a demo, a council meeting and a test need no live feed.

A recording is a long table (CSV or Parquet) with the columns

* `stream`: name of the stream, free, e.g. `Am Bach/vehicles`,
* `time`: ISO 8601; without an offset it is local time of `zone`; or milliseconds UTC,
* `value`: a number in the unit of the stream,

and, beside it, a description of its streams: `day.csv` has `day.streams.toml`, `.json` or `.csv`.
In TOML each is a `[[stream]]` with `stream`, `property` and, where they are not the usual ones of
the property or are known, `name unit statistic lon lat height_m interval_s low high alert_below
alert_above people public street direction line device licence attribution`. JSON is a list of such
objects or an object by `stream`; CSV has one column for each.

Instead of a file, `database` names a store of this program and `since`, `until` a period of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from pydantic import AfterValidator, Field, model_validator

from layers.sensors.common import Beside, Checked, Common
from layers.sensors.records import Delivery, Flag, Reading
from layers.sensors.replay_days import DAY_MS, Days, between, days_of, local_day, midnight
from layers.sensors.replay_record import Record, read_file
from layers.sensors.replay_store import read_store
from twin.sentences import Sentence, WrongValueError, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from threading import Event

    from layers.sensors.common import Sink

CHUNK = 2_000
"""Readings of a delivery; all that are told at the same moment stay together."""

LONGEST_BREAK_MS = 35 * DAY_MS
"""After a longer break what was missed before is not played any more."""

TICK_S = 0.5


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        what = say("{zone} is no time zone; allowed is e.g. Europe/Berlin or UTC.", zone=name)
        raise WrongValueError(what) from error
    return name


class ReplayConfig(Common):
    """
    A source that plays recorded days.

    With `shift = "today"` a recorded day is laid on today's local clock, on start the day up to now
    is filled in at once; with `"none"` values keep the times they were recorded at.
    """

    kind: Literal["replay"] = "replay"
    file: Beside = ""
    streams: Beside = ""  # description of the streams of the file; else beside it
    database: Beside = ""  # a store of this program instead of a file
    since: date | None = None  # first and last recorded day (local dates) that are played
    until: date | None = None
    properties: tuple[str, ...] = ()  # only these
    speed: Annotated[float, Field(gt=0, le=1_000_000)] | Literal["max"] = 1.0
    shift: Literal["today", "none"] = "today"
    loop: bool | None = None  # again and again; as it stands with shift = "today"
    days_before: int = Field(default=0, ge=0, le=400)  # filled in on the first start as well
    zone: Annotated[str, AfterValidator(_zone)] = "Europe/Berlin"

    @property
    def is_looped(self) -> bool:
        """Tell whether it is played again and again."""
        return self.shift == "today" if self.loop is None else self.loop

    @model_validator(mode="after")
    def _is_possible(self) -> ReplayConfig:
        if bool(self.file) == bool(self.database):
            raise WrongValueError(say("A replay needs either file or database, one of both."))
        if self.loop and self.shift == "none":
            raise WrongValueError(say('loop needs shift = "today": the same times come only once.'))
        if self.speed == "max" and self.is_looped:
            raise WrongValueError(say('speed = "max" needs an end: set loop = false.'))
        if self.since and self.until and self.until < self.since:
            raise WrongValueError(say("until is before since."))
        return self


@dataclass(frozen=True)
class Tape:
    """A record made ready to be played: `days` where it is laid on today, else as it stands."""

    record: Record
    days: Days | None

    def between(self, after: int, until: int, first: date | None) -> Iterator[pd.DataFrame]:
        """Give stream, at, value, released of what is told after a moment up to another."""
        if self.days is not None:
            yield from between(self.days, after, until, first)
            return
        released = self.record.table["released"].to_numpy()
        low, high = np.searchsorted(released, [after, until], side="right")
        for begin in range(low, high, 50 * CHUNK):
            yield self.record.table.iloc[begin : min(begin + 50 * CHUNK, high)]

    def begin_and_end(self, first: date, *, once: bool, days_before: int) -> tuple[int, float]:
        """Return before which moment nothing is told, and after which nothing more."""
        if self.days is None:
            released = self.record.table["released"]
            return (int(released.min()) - 1, float(released.max())) if len(released) else (0, 0.0)
        zone = self.days.zone
        begin = midnight(first - timedelta(days=days_before), zone) - 1
        last = midnight(first + timedelta(days=len(self.days.dates)), zone)
        return begin, float(last + self.days.most_delay_ms) if once else float("inf")


class ReplaySource:
    """Plays a record; where it stands is kept as the moment up to which all was told."""

    def __init__(
        self,
        config: ReplayConfig,
        base: Path | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        files = {key: str((base or Path()) / value) for key in ("file", "streams", "database")
                 if (value := getattr(config, key)) and "://" not in value}  # fmt: skip
        self.config = config.model_copy(update=files)
        self._clock = clock

    @property
    def name(self) -> str:
        """Name of the source in the configuration."""
        return self.config.name

    def run(self, sink: Sink, stop: Event) -> None:
        """Play until `stop` is set or the record has come to its end."""
        sink.state("starting")
        tape = read_tape(self.config)
        play = _Play(self, tape, sink.cursor(self._cursor) or {})
        self._tell_refusals(sink, tape.record, play)
        sink.put(Delivery(self.name, streams=tape.record.streams))
        sink.state("connected", say("Plays the recording {record}.", record=self._what))
        while not stop.is_set():
            until = play.until(self._clock())
            for rows in tape.between(play.told, until, play.first):
                for part in _chunks(rows):
                    sink.put(self._delivery(part, play))
                    if stop.is_set():
                        return
            play.told = max(play.told, until)
            if play.told >= play.end:
                sink.state("stopped", say("The recording has been played to its end."))
                return
            stop.wait(TICK_S)

    def check(self, seconds: float) -> Checked:
        """Read the record, and the last value of each stream as it stands now."""
        tape = read_tape(self.config)
        play = _Play(self, tape, {})
        until = int(min(play.until(self._clock()), play.end))
        parts = list(tape.between(max(play.told, until - DAY_MS), until, play.first))
        last = pd.concat(parts).drop_duplicates("stream", keep="last") if parts else None
        readings = () if last is None else self._readings(last, tape.record)
        refused = [r for one, count in tape.record.refused for r in repeat(one, count)]
        notes = tuple(_notes(tape, self.config))
        return Checked(tape.record.streams, readings, tuple(refused), notes)

    @property
    def _cursor(self) -> str:
        return f"played:{self.config.shift}"

    @property
    def _what(self) -> str:
        return Path(self.config.file).name if self.config.file else self.name

    def _tell_refusals(self, sink: Sink, record: Record, play: _Play) -> None:
        """Count what could not be read once, not again at every start."""
        if play.fingerprint != record.fingerprint:
            play.fingerprint, play.refused = record.fingerprint, 0
        faults = chain.from_iterable(repeat(one, count) for one, count in record.refused)
        left = islice(faults, play.refused, None)
        while part := tuple(islice(left, CHUNK)):
            play.refused += len(part)
            sink.put(Delivery(self.name, refused=part, cursor=(self._cursor, play.state())))

    def _delivery(self, rows: pd.DataFrame, play: _Play) -> Delivery:
        play.told = int(rows["released"].iloc[-1])
        readings = self._readings(rows, play.tape.record)
        return Delivery(self.name, readings, cursor=(self._cursor, play.state()))

    def _readings(self, rows: pd.DataFrame, record: Record) -> tuple[Reading, ...]:
        keys = [stream.key for stream in record.streams]
        columns = (rows[name].tolist() for name in ("stream", "at", "value", "released"))
        return tuple(
            Reading(keys[stream], at, float(value), int(Flag.REPLAYED), released)
            for stream, at, value, released in zip(*columns, strict=True)
        )


class _Play:
    """Where the playing stands: `told` is the moment up to which all was handed over."""

    def __init__(self, source: ReplaySource, tape: Tape, kept: Mapping[str, Any]) -> None:
        config, now = source.config, source._clock()
        zone = ZoneInfo(config.zone)
        self.tape = tape
        self.fingerprint = str(kept.get("fingerprint", ""))
        self.refused = int(kept.get("refused", 0))  # of this file, how many were told
        begun = date.fromisoformat(kept["first"]) if "first" in kept else None
        self._first = begun or local_day(round(1000 * now), zone)
        once = not config.is_looped
        self.first = self._first if once and config.shift == "today" else None
        before = 0 if self.first else config.days_before
        begin, self.end = tape.begin_and_end(self._first, once=once, days_before=before)
        self.told = int(kept.get("told", begin))
        self._speed = config.speed
        self._real = config.shift == "today" and config.speed == 1
        if config.shift == "today":
            now_ms = round(1000 * now)
            self.told = max(self.told, now_ms - LONGEST_BREAK_MS - before * DAY_MS)
            self._anchor = (now, max(self.told, now_ms))
        else:
            self._anchor = (now, self.told)

    def until(self, now: float) -> int:
        """Return up to which moment may be told now."""
        if self._speed == "max":
            return int(self.end)
        if self._real:
            return int(min(round(1000 * now), self.end))
        began, at = self._anchor
        return int(min(at + max(0.0, now - began) * 1000 * float(self._speed), self.end))

    def state(self) -> dict[str, Any]:
        """Return what is kept over a restart."""
        return {
            "told": self.told,
            "first": self._first.isoformat(),
            "fingerprint": self.fingerprint,
            "refused": self.refused,
        }


def read_tape(config: ReplayConfig) -> Tape:
    """
    Read what a configuration names and make it ready to be played.

    Raises
    ------
    SourceError
        A file or database is missing, of another kind or has nothing in the period.
    """
    zone = ZoneInfo(config.zone)
    if config.file:
        description = Path(config.streams) if config.streams else None
        record = read_file(Path(config.file), description, source=config.name, zone=zone)
    else:
        record = read_store(
            config.database, source=config.name, span=_span(config, zone),
            properties=config.properties,
        )  # fmt: skip
    record = _chosen(record, config, zone)
    table = record.table.assign(released=record.table["at"] + record.table["delay"])
    if config.shift == "none":
        ordered = table.sort_values(["released", "at", "stream"], kind="stable", ignore_index=True)
        plain = Record(record.streams, ordered, record.refused, record.fingerprint)
        return Tape(plain, None)
    return Tape(record, days_of(record.table, zone))


def _span(config: ReplayConfig, zone: ZoneInfo) -> tuple[int | None, int | None]:
    """Return from when to before when is played, milliseconds UTC."""
    since = midnight(config.since, zone) if config.since else None
    until = midnight(config.until + timedelta(days=1), zone) if config.until else None
    return since, until


def _chosen(record: Record, config: ReplayConfig, zone: ZoneInfo) -> Record:
    """Return the part of a record that is played."""
    table = record.table
    since, until = _span(config, zone)
    if since is not None:
        table = table[table["at"] >= since]
    if until is not None:
        table = table[table["at"] < until]
    streams = record.streams
    if config.properties:
        kept = [n for n, stream in enumerate(streams) if stream.property in config.properties]
        table = table[table["stream"].isin(kept)]
        table = table.assign(stream=np.searchsorted(kept, table["stream"]))
        streams = tuple(streams[n] for n in kept)
    return Record(streams, table.reset_index(drop=True), record.refused, record.fingerprint)


def _chunks(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Give rows in parts that never separate what is told at the same moment."""
    released = rows["released"].to_numpy()
    begin = 0
    while begin < len(rows):
        last = released[min(begin + CHUNK, len(rows)) - 1]
        end = int(np.searchsorted(released, last, side="right"))
        yield rows.iloc[begin:end]
        begin = end


def _notes(tape: Tape, config: ReplayConfig) -> Iterator[Sentence]:
    table = tape.record.table
    if not len(table):
        yield say("The recording has no values in the period.")
        return
    zone = ZoneInfo(config.zone)
    first, last = (local_day(int(at), zone).isoformat() for at in table["at"].iloc[[0, -1]])
    yield say(
        "{count} values were recorded from {first} to {last}.",
        count=len(table), first=first, last=last,
    )  # fmt: skip
    if tape.days is not None:
        yield say("{count} recorded days take turns.", count=len(tape.days.dates))
