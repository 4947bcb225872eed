"""Measurement and model: what is compared for whom, kept until an hour of new values is there."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from dash_app.sensing.fits_climate import ClimateFit, climate_fit, stations_of
from dash_app.sensing.fits_energy import EnergyFit, energy_fit, loads_of
from dash_app.sensing.fits_traffic import (
    DAYS,
    LOADS,
    LoadRanks,
    TrafficFit,
    counters_of,
    load_ranks,
    traffic_fit,
)
from dash_app.sensing.moments import local_day
from dash_app.workspace.privacy import fine_allowed, withheld
from layers.sensors.quality import DOUBTFUL
from twin.observed.weather import daily_means

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dash_app.sensing.seen import Seen
    from dash_app.sensing.sensed import Sensed
    from dash_app.settings import Settings
    from dash_app.workspace.viewer import Viewer
    from twin.city import City
    from twin.simulate.results import YearResults

Kind = Literal["traffic", "climate", "energy"]
KINDS: tuple[Kind, ...] = ("traffic", "climate", "energy")

MOST_KEPT = 24


@dataclass(frozen=True)
class Scene:
    """What a comparison is made of, and for whom."""

    sensed: Sensed
    city: City
    settings: Settings
    viewer: Viewer
    run: str  # hash of the scenario
    year: YearResults


@dataclass(frozen=True, eq=False)
class Traffic:
    """Counters against flows, and relative loads against flows where there are some."""

    counted: TrafficFit | None
    loads: LoadRanks | None


Comparison = Traffic | ClimateFit | EnergyFit


class Fits:
    """
    Comparisons at hand; safe to use from any thread.

    One is made anew once a sensor has said something in a new hour, a sensor has come or gone, or
    the run is another one. What several ask for at once is made once.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._making: dict[tuple[Any, ...], Lock] = {}
        self._known: OrderedDict[tuple[Any, ...], Comparison] = OrderedDict()

    def peek(self, kind: Kind, scene: Scene) -> Comparison | None:
        """Return a comparison if it is at hand."""
        key = key_of(kind, scene)
        with self._lock:
            return self._known.get(key)

    def get(self, kind: Kind, scene: Scene) -> Comparison:
        """Return a comparison; make it where it is not at hand."""
        key = key_of(kind, scene)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
            own = self._making.setdefault(key, Lock())
        with own:
            with self._lock:
                if key in self._known:
                    return self._known[key]
            made = MAKERS[kind](scene)
            with self._lock:
                self._known[key] = made
                self._making.pop(key, None)
                while len(self._known) > MOST_KEPT:
                    self._known.popitem(last=False)
        return made


def chosen(kind: Kind, streams: Mapping[int, Seen]) -> dict[int, Seen]:
    """Return the datastreams that a comparison is about."""
    if kind == "climate":
        return stations_of(streams)
    if kind == "energy":
        return loads_of(streams) | stations_of(streams)
    return counters_of(streams) | _loads(streams)


def _loads(streams: Mapping[int, Seen]) -> dict[int, Seen]:
    return {n: one for n, one in streams.items() if one.stream.property == LOADS}


def key_of(kind: Kind, scene: Scene) -> tuple[Any, ...]:
    """Return what a comparison depends on: kind, run, what is seen, hour of the readings."""
    streams = chosen(kind, scene.sensed.streams(scene.viewer))
    newest = newest_of(scene, streams)
    hour = "" if newest is None else newest.strftime("%Y-%m-%dT%H")
    fine = fine_allowed(scene.viewer, scene.settings)
    seen = hash(
        tuple((number, one.stream.street, one.stream.lon) for number, one in streams.items())
    )
    return kind, scene.run, scene.year.key, fine, seen, hour


def newest_of(scene: Scene, streams: Mapping[int, Seen]) -> datetime | None:
    """Return the time of the newest value of some datastreams."""
    latest = scene.sensed.latest(scene.viewer, numbers=list(streams))
    if not len(latest):
        return None
    found: datetime = pd.Timestamp(latest["at"].max()).to_pydatetime()
    return found


def _hours(
    scene: Scene, streams: Mapping[int, Seen], span: Callable[[datetime], datetime]
) -> pd.DataFrame:
    """
    Return the whole hours of datastreams from `span(newest)` to the newest one.

    The hour that is still under way is left out. Counts of persons have no hours here.
    """
    newest = newest_of(scene, streams)
    numbers = [number for number, one in streams.items() if not one.counted]
    if newest is None or not numbers:
        return pd.DataFrame({"number": [], "at": [], "mean": [], "sum": [], "n": [], "flags": []})
    interval = min((streams[n].stream.interval_s or 0.0) for n in numbers)
    end = newest + timedelta(seconds=min(interval, 3_600.0))  # of its interval it tells the begin
    end = min(end, scene.sensed.now()).replace(minute=0, second=0, microsecond=0)
    return scene.sensed.store.table(numbers=numbers, since=span(newest), until=end, step="hour")


def _make_traffic(scene: Scene) -> Traffic:
    streams = scene.sensed.streams(scene.viewer)
    counters, loads = counters_of(streams), _loads(streams)

    def weeks(newest: datetime) -> datetime:
        return local_day(newest).end - timedelta(days=DAYS)

    hours = _hours(scene, counters, weeks)
    counted = traffic_fit(counters, hours, scene.year, scene.city) if counters else None
    if not loads:
        return Traffic(counted, None)
    of_loads = _hours(scene, loads, weeks)
    return Traffic(counted, load_ranks(loads, of_loads, scene.year, scene.city))


def _make_climate(scene: Scene) -> ClimateFit:
    streams = stations_of(scene.sensed.streams(scene.viewer))
    hours = _hours(scene, streams, _new_year)
    return climate_fit(streams, hours, scene.city, scene.year)


def _make_energy(scene: Scene) -> EnergyFit:
    streams = scene.sensed.streams(scene.viewer)
    loads, stations = _described(scene, loads_of(streams)), stations_of(streams)
    hidden = pd.Series(data=False, index=scene.city.blocks.index)
    if not fine_allowed(scene.viewer, scene.settings):
        hidden = withheld(scene.city, "blocks", scene.settings)
    hours = _hours(scene, loads, lambda newest: newest - timedelta(days=365))
    weather = _hours(scene, stations, lambda newest: newest - timedelta(days=365))
    return energy_fit(loads, hours, scene.year, scene.city, hidden=hidden, daily_c=_daily(weather))


def _described(scene: Scene, loads: Mapping[int, Seen]) -> dict[int, Seen]:
    """Give loads that may be seen what the configuration tells of them: power, Baublock."""
    known = {row.number: row.stream.extra for row in scene.sensed.rows_seen(scene.viewer)}
    return {
        number: replace(one, stream=replace(one.stream, extra=known.get(number, {})))
        for number, one in loads.items()
    }


def _daily(hours: pd.DataFrame) -> pd.Series[float] | None:
    """Return the daily means of the station with most hours; None where there is none."""
    if not len(hours):
        return None
    most = hours["number"].value_counts().index[0]
    own = hours[(hours["number"] == most) & ((hours["flags"].astype("int64") & DOUBTFUL) == 0)]
    means: pd.Series[float] = daily_means(own.set_index("at")["mean"].astype(float))["mean_c"]
    return means


def _new_year(newest: datetime) -> datetime:
    """Return the begin of the year by Central European Time."""
    year = (newest + timedelta(hours=1)).year
    return datetime(year, 1, 1, tzinfo=UTC) - timedelta(hours=1)


MAKERS: Mapping[Kind, Callable[[Scene], Comparison]] = {
    "traffic": _make_traffic,
    "climate": _make_climate,
    "energy": _make_energy,
}
