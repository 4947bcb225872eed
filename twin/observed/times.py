"""Times of measured values: the clock without summer time."""

from __future__ import annotations

import pandas as pd

from twin.errors import ModelError

ZONE = "Etc/GMT-1"  # UTC + 1 all the year; the sign is that of POSIX


def local_standard(index: pd.Index) -> pd.DatetimeIndex:
    """Return times of Central European Time without summer time, zone taken off."""
    times = index if isinstance(index, pd.DatetimeIndex) else pd.to_datetime(index, utc=True)
    if times.tz is None:
        template = "The measured values have no time zone."
        hint = "Give their times in UTC."
        raise ModelError(template, hint=hint)
    return times.tz_convert(ZONE).tz_localize(None)
