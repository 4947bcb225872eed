"""Days of a German year as load profiles tell them apart: weekdays, Saturdays, holidays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Days = NDArray[np.datetime64]

WEEKDAY, SATURDAY, SUNDAY = 0, 1, 2
"""Day types; in the order of `twin.classes.DAY_TYPES`."""

STATES = (
    "BW", "BY", "BE", "BB", "HB", "HH", "HE", "MV", "NI", "NW", "RP", "SL", "SN", "ST", "SH", "TH",
)  # fmt: skip

NATIONAL_DATES = ("01-01", "05-01", "10-03", "12-25", "12-26")
NATIONAL_EASTER = (-2, 1, 39, 50)  # Karfreitag, Ostermontag, Himmelfahrt, Pfingstmontag
STATE_DATES = {
    "01-06": ("BW", "BY", "ST"),  # Heilige Drei Könige
    "03-08": ("BE", "MV"),  # Frauentag
    "08-15": ("SL",),  # Mariä Himmelfahrt; in Bavaria by municipality, left out
    "09-20": ("TH",),  # Weltkindertag
    "10-31": ("BB", "HB", "HH", "MV", "NI", "SN", "ST", "SH", "TH"),  # Reformationstag
    "11-01": ("BW", "BY", "NW", "RP", "SL"),  # Allerheiligen
}
STATE_EASTER = {
    0: ("BB",),  # Ostersonntag
    49: ("BB",),  # Pfingstsonntag
    60: ("BW", "BY", "HE", "NW", "RP", "SL"),  # Fronleichnam
}
ONCE = {
    "2017-10-31": STATES,  # 500 years of Reformation
    "2025-05-08": ("BE",),
    "2028-06-17": ("BE",),
}
LIKE_SATURDAY = ("12-24", "12-31")


def easter(year: int) -> np.datetime64:
    """
    Return Easter Sunday of a year of the Gregorian calendar.

    Source: anonymous algorithm, Meeus (1991), Astronomical Algorithms, chapter 8.

    >>> easter(2025), easter(2015), easter(2000)
    (np.datetime64('2025-04-20'), np.datetime64('2015-04-05'), np.datetime64('2000-04-23'))
    """
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return np.datetime64(f"{year}-{month:02d}-{day + 1:02d}")


def holidays(year: int, *, state: str = "NW") -> Days:
    """
    Return the public holidays of a Land in a year, in order, by the laws in force in 2025.

    Holidays of single municipalities (Augsburg, Mariä Himmelfahrt in Bavaria, Fronleichnam in parts
    of Saxony and Thuringia) are left out.

    Raises
    ------
    ModelError
        No Land of this abbreviation.
    """
    if state not in STATES:
        template = "There is no Land {state}."
        hint = "Give one of {states}."
        raise ModelError(template, hint=hint, state=state, states=", ".join(STATES))
    sunday = easter(year)
    dates = [*NATIONAL_DATES, *(day for day, lands in STATE_DATES.items() if state in lands)]
    moving = [*NATIONAL_EASTER, *(day for day, lands in STATE_EASTER.items() if state in lands)]
    found = [np.datetime64(f"{year}-{date}") for date in dates]
    found += [
        np.datetime64(day) for day, lands in ONCE.items() if state in lands and day[:4] == str(year)
    ]
    found += [sunday + np.timedelta64(days, "D") for days in moving]
    if state == "SN":  # Buß- und Bettag: the Wednesday before 23 November
        found.append(_wednesday_before(np.datetime64(f"{year}-11-23")))
    return np.unique(np.array(found, "datetime64[D]"))


def _wednesday_before(day: np.datetime64) -> np.datetime64:
    back = (int(weekdays(np.array([day]))[0]) - 2 - 1) % 7 + 1
    return day - np.timedelta64(back, "D")


def weekdays(days: Days) -> NDArray[np.int64]:
    """
    Return 0 for Monday to 6 for Sunday.

    >>> weekdays(np.array(["2025-01-01"], "datetime64[D]")).tolist()
    [2]
    """
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday


def day_types(days: Days, *, state: str = "NW") -> NDArray[np.int8]:
    """
    Return WEEKDAY, SATURDAY or SUNDAY for days.

    Public holidays count as Sundays; 24 and 31 December as Saturdays unless they are Sundays.
    Source: BDEW, rules for the standard load profiles.
    """
    days = days.astype("datetime64[D]")
    of_week = weekdays(days)
    types = np.where(of_week == 5, SATURDAY, np.where(of_week == 6, SUNDAY, WEEKDAY))
    years = np.unique(days.astype("datetime64[Y]")).astype(np.int64) + 1970
    eves = np.array([f"{y}-{d}" for y in years for d in LIKE_SATURDAY], "datetime64[D]")
    types = np.where(np.isin(days, eves) & (types != SUNDAY), SATURDAY, types)
    free = [holidays(int(year), state=state) for year in years]
    types = np.where(np.isin(days, np.concatenate(free)), SUNDAY, types)
    return types.astype(np.int8)


def clock_shift(hours: NDArray[np.datetime64]) -> NDArray[np.timedelta64]:
    """
    Return by how much the clocks are ahead of Central European Time in hours given in it.

    Summer time runs from the last Sunday of March, 2 o'clock CET, to the last Sunday of October,
    2 o'clock CET (3 o'clock summer time). Source: directive 2000/84/EC.
    """
    years = hours.astype("datetime64[Y]")
    march = _last_sunday_of(years, 3)
    october = _last_sunday_of(years, 10)
    two = np.timedelta64(2, "h")
    ahead = (hours >= march + two) & (hours < october + two)
    return ahead.astype(np.int64).astype("timedelta64[h]")


def _last_sunday_of(years: NDArray[np.datetime64], month: int) -> Days:
    """Return the last Sunday of a month (1 to 12) of each year."""
    next_month = (years.astype("datetime64[M]").astype(np.int64) + month).astype("datetime64[M]")
    last = (next_month.astype("datetime64[D]").astype(np.int64) - 1).astype("datetime64[D]")
    back = (weekdays(last) + 1) % 7
    return (last.astype(np.int64) - back).astype("datetime64[D]")
