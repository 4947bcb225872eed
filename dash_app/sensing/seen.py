"""
The only place that decides what somebody may see of what sensors say.

Everybody sees public datastreams by number and name: value, unit, place, licence, age, flags.
Key, source, device and what else a source told (`extra`) are for those who work with the twin,
and so are datastreams that are not public. Electricity and heat of fewer than `min_addresses`
addresses are a household's own affair: without a word of the configuration that they are public
(`extra["public"]`) or of how many addresses share them (`extra["addresses"]`) they are shown only
to viewers with `fine`.

Counts of persons below `min_count` are withheld from everybody without `fine`. So that none
follows from others by subtraction, the public gets them

- by whole hours alone, once an hour is over: no single values, no time of the last one, no number
  of values, no lowest and highest one;
- rounded to multiples of `min_count`: two counters that make up a third, or an hour that grows by
  a late message, tell nothing about single persons;
- by day as the sum of the hours that are shown;
- the same at every address: list, day played again, history, table, events.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dash_app.sensing.moments import ZONE
from dash_app.workspace.privacy import fine_allowed
from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Flag

if TYPE_CHECKING:
    from datetime import datetime

    from dash_app.settings import Settings
    from dash_app.workspace.viewer import Viewer
    from layers.sensors.records import Datastream

HOUR_S = 3_600
HOUR = pd.Timedelta(hours=1)
GRACE = pd.Timedelta(minutes=10)
"""After its end an hour of persons is told: late messages shall have come by then."""

TOLD = Flag.RANGE | Flag.STUCK | Flag.JUMP | Flag.SUSPECT | Flag.SKEW | Flag.REPLAYED
"""Flags of an hour of persons that are told; the others say when single messages came."""

HOUSEHOLD = ("electric_", "heat_")
"""What properties of meters begin with that tell how people live."""

COLUMNS = ("value", "low", "high", "n", "flags", "withheld")
"""Columns of every table of values; `low`, `high` and `n` of single values are missing."""


@dataclass(frozen=True)
class Seen:
    """
    A datastream as somebody may see it; `stream` has no key, source or device where it must not.

    `counted`: a count of persons of which only rounded whole hours are shown. `stream` says so:
    its interval is an hour, and no threshold is told that single values cross.
    """

    number: int
    stream: Datastream
    counted: bool = False
    first: datetime | None = None
    last: datetime | None = None
    inside: bool = False  # key, source and device are told


def seen(number: int, stream: Datastream, viewer: Viewer, settings: Settings) -> Seen | None:
    """Return a datastream as a viewer may see it; None where they may not."""
    if not _allowed(stream, viewer, settings):
        return None
    counted = counts_people(stream) and not fine_allowed(viewer, settings)
    shown = stream if viewer.may_edit else _without_origin(number, stream)
    if counted:
        is_sum = stream.statistic in {"count", "meter"}
        shown = replace(
            shown, statistic="count" if is_sum else "mean", interval_s=float(HOUR_S),
            alert_below=None, alert_above=None,
        )  # fmt: skip
    return Seen(number, shown, counted=counted, inside=viewer.may_edit)


def counts_people(stream: Datastream) -> bool:
    """Tell whether a datastream counts persons, as it says itself or as its property does."""
    known = PROPERTIES.get(stream.property)
    return stream.people or (known is not None and known.people)


def of_few(stream: Datastream, settings: Settings) -> bool:
    """Tell whether a datastream may be the electricity or heat of a single household."""
    if not stream.property.startswith(HOUSEHOLD) or stream.extra.get("public") is True:
        return False
    addresses = stream.extra.get("addresses")
    if not isinstance(addresses, (int, float)) or isinstance(addresses, bool):
        return True
    return not addresses >= settings.privacy.min_addresses  # also what is no number


def hours_shown(
    hours: pd.DataFrame, stream: Datastream, now: pd.Timestamp, limit: int
) -> pd.DataFrame:
    """
    Return whole hours of a count of persons as the public may see them.

    Parameters
    ----------
    hours
        By begin of the hour (UTC): `mean`, `sum`, `flags`, as the store rolls them up.
    stream
        As it is in the store.
    now
        Hours that ended less than `GRACE` before are left out.

    Returns
    -------
    pd.DataFrame
        `COLUMNS` by begin of the hour; `value` is missing where `withheld`.
    """
    over = hours[hours.index <= now - HOUR - GRACE]
    value = _counted(over, stream)
    away = ~(value.to_numpy(float) >= limit)  # also what is no number
    flags = over["flags"].to_numpy(np.int64) & int(TOLD)
    table = pd.DataFrame(
        {
            "value": np.where(away, np.nan, np.floor(value / limit + 0.5) * limit),
            "low": np.nan,
            "high": np.nan,
            "n": np.nan,
            "flags": np.where(away, flags & int(Flag.REPLAYED), flags),
            "withheld": away,
        },
        index=over.index,
    )
    return _without_holes(table) if stream.interval_s is None else table


def days_shown(hours: pd.DataFrame, statistic: str) -> pd.DataFrame:
    """
    Return days of the town's clock made of the hours that are shown, and of nothing else.

    `hours` as of `hours_shown`. A count is summed up, anything else averaged; a day without any
    hour that is shown is withheld. By begin of the day, UTC.
    """
    if hours.empty:
        return hours
    here = pd.DatetimeIndex(hours.index).tz_convert(ZONE)
    begin = here.normalize().tz_convert("UTC")
    grouped = hours.assign(begin=begin).groupby("begin")
    value = grouped["value"].sum(min_count=1) if statistic == "count" else grouped["value"].mean()
    flags = grouped["flags"].agg(lambda column: int(np.bitwise_or.reduce(column.to_numpy())))
    missing = np.full(len(value), np.nan)
    return pd.DataFrame(
        {"value": value, "low": missing, "high": missing, "n": missing, "flags": flags,
         "withheld": value.isna()}
    )  # fmt: skip


def _allowed(stream: Datastream, viewer: Viewer, settings: Settings) -> bool:
    if of_few(stream, settings) and not fine_allowed(viewer, settings):
        return False
    return stream.public or viewer.may_edit


def _without_origin(number: int, stream: Datastream) -> Datastream:
    return replace(
        stream, key=str(number), source="", device="", extra={}, name=_name(number, stream)
    )


def _name(number: int, stream: Datastream) -> str:
    """Return the name, without the number of the device where a source has put it there."""
    plain = re.sub(r"[^0-9a-z]", "", stream.device.casefold())
    told = re.sub(r"[^0-9a-z]", "", stream.name.casefold())
    hidden = len(plain) >= 6 and plain in told
    return f"{stream.property.replace('_', ' ')} {number}" if hidden else stream.name


def _counted(hours: pd.DataFrame, stream: Datastream) -> pd.Series[float]:
    """Return what was counted in each hour; of a meter the store tells what went through."""
    is_sum = stream.statistic in {"count", "meter"}
    return hours["sum" if is_sum else "mean"].astype(float)


def _without_holes(table: pd.DataFrame) -> pd.DataFrame:
    """Fill hours without any message as withheld: who reports single persons is silent at none."""
    if table.empty:
        return table
    every = pd.date_range(table.index[0], table.index[-1], freq="h", name=table.index.name)
    filled = table.drop(columns=["flags", "withheld"]).reindex(every)
    flags = table["flags"].reindex(every, fill_value=0)
    return filled.assign(flags=flags, withheld=table["withheld"].reindex(every, fill_value=True))
