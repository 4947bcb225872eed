"""
Single values of feeds: moments and numbers; what cannot be read is refused with its reason.

Local times: a zone is a name (`Europe/Berlin`), an offset (`+01:00`, `UTC+1`), or `MEZ`, `CET`
(one hour ahead all year) and `MESZ`, `CEST`. In the night in October an hour comes twice; a
single value is taken for the first one (`fold=0`, summer time) unless told otherwise, tables
tell the two apart by the order of their rows. The hour that is left out in March is refused.
"""

from __future__ import annotations

import math
import re
import time
import unicodedata
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.sensors.records import Reason

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_EPOCH = datetime(1970, 1, 1)
MILLISECOND = timedelta(milliseconds=1)
SINCE_MS = 631_152_000_000
"""Begin of 1990; what is said to be older is a clock that was never set."""
AHEAD_MS = 86_400_000
"""A clock may be a day ahead, which also forgives a wrong zone."""
LONGEST_TEXT = 64
DETAIL = 300

NAMED_ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "MEZ": 1, "CET": 1, "MESZ": 2, "CEST": 2, "WET": 0, "EET": 2,
}  # fmt: skip
"""Hours ahead of UTC, all year. `Europe/Berlin` is what changes its clocks."""

OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2}):?([0-5]\d)?")
ISO_BEGIN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:")
GERMAN = re.compile(
    r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})"
    r"(?:(?:\s+|,\s*|T|\s+-\s+|;)(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?(?:\s?Uhr)?)?"
)
COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
SLASHED = re.compile(r"\d{4}/\d{1,2}/\d{1,2}(?!\d)")
MIDNIGHT = re.compile(r"(?<=[T\s])24(:?00(?::?00(?:[.,]0+)?)?)(?=$|[Z+\-\s])")
ENDING = re.compile(r"\s*(Z|UTC|GMT|MEZ|CET|MESZ|CEST)$")
SPACED_OFFSET = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")
EPOCH_TEXT = re.compile(r"[+-]?[0-9]{1,19}(?:\.[0-9]{1,9})?")

FORMS = {"s": 1_000.0, "ms": 1.0, "us": 1e-3, "ns": 1e-6}
"""Numbers since 1970 and the milliseconds in one of them."""


class RefusedError(Exception):
    """A message or value that is not taken, with the reason it is counted under."""

    def __init__(self, reason: Reason, detail: object = "") -> None:
        self.reason: Reason = reason
        self.detail = clean(detail, DETAIL)
        super().__init__(f"{reason}: {self.detail}")


def clean(text: object, most: int = 200) -> str:
    r"""
    Return a text that any database and screen can take: no control characters, one line.

    >>> clean("A 560,\x00 exit \n Spich ")
    'A 560, exit Spich'
    """
    told = str(text)
    if len(told) <= most and told.isascii() and told.isprintable() and "  " not in told:
        return told.strip()
    plain = told[: most * 4].encode("utf-8", "replace").decode("utf-8")
    plain = unicodedata.normalize("NFC", plain)  # one spelling of ü, so that keys are found
    kept = "".join(letter if letter.isprintable() else " " for letter in plain)
    line = " ".join(kept.split())
    return line if len(line) <= most else line[: most - 1] + "…"


@lru_cache(maxsize=256)
def zone_of(name: str | None) -> tzinfo:
    """
    Return the zone of a name or an offset; nothing is UTC.

    Raises
    ------
    SourceError
        It is neither.
    """
    text = (name or "UTC").strip()
    if text.upper() in NAMED_ZONES:
        return timezone(timedelta(hours=NAMED_ZONES[text.upper()]))
    if found := OFFSET.fullmatch(text):
        sign, hours, minutes = found.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if ahead < timedelta(hours=24):
            return timezone(-ahead if sign == "-" else ahead)
    try:
        return ZoneInfo(text)
    except (OSError, ValueError, KeyError) as error:
        template = "{zone} is no time zone known here."
        hint = "Write Europe/Berlin, UTC, or an offset such as +01:00."
        raise SourceError(template, hint=hint, zone=text) from error


def milliseconds(
    value: object,
    zone: str | None = None,
    form: str = "",
    *,
    fold: int = 0,
    now: int | None = None,
    since: int = SINCE_MS,
) -> int:
    """
    Return a moment as milliseconds since 1970 UTC.

    Texts: ISO 8601 with or without zone, `31.10.2013 23:55`, `20131031`, numbers since 1970 (the
    unit told by their size), HTTP dates. Without a zone of its own a text is local time of `zone`
    (UTC where there is none); a date is the begin of its local day; of an interval `a/b` the
    begin counts. `form`: `s`, `ms`, `us`, `ns`, `excel`, or a pattern like `%d.%m.%y %H:%M`.

    >>> milliseconds("31.10.2013 23:55", "Europe/Berlin") == milliseconds("2013-10-31T22:55Z")
    True

    Raises
    ------
    RefusedError
        `no_time`, also for the hour that is left out in spring; `time_past` before `since`;
        `time_future` more than a day after `now` (milliseconds; by default the present).
    """
    try:
        at = _moment(value, zone, form, fold)
    except (ValueError, OverflowError, TypeError) as error:
        raise RefusedError("no_time", _shown(value)) from error
    return in_window(at, value, now=now, since=since)


def in_window(at: float, value: object, *, now: int | None = None, since: int = SINCE_MS) -> int:
    """Return a moment in milliseconds if it can be true; `value` is what the source wrote."""
    if at < since:
        raise RefusedError("time_past", _shown(value))
    if at > (time.time() * 1000 if now is None else now) + AHEAD_MS:
        raise RefusedError("time_future", _shown(value))
    return int(at)


def is_twice(value: object, zone: str | None = None, form: str = "") -> bool:
    """Return whether a local time may mean two moments: the hour that comes twice in autumn."""
    try:
        return _moment(value, zone, form, 0) != _moment(value, zone, form, 1)
    except (ValueError, OverflowError, TypeError, RefusedError):
        return False


def _moment(value: object, zone: str | None, form: str, fold: int) -> float:
    if isinstance(value, datetime):
        return _utc(value, zone, fold)
    if isinstance(value, date):
        return _utc(datetime(value.year, value.month, value.day), zone, fold)
    if isinstance(value, bool) or value is None:
        raise ValueError
    if isinstance(value, str):
        if ISO_BEGIN.match(value) and not form:  # by far the most
            with suppress(ValueError):
                return _utc(datetime.fromisoformat(value), zone, fold)
        return _moment_of_text(value.strip(), zone, form, fold)
    return _since_1970(float(value), zone, form, fold)  # type: ignore[arg-type]


def _moment_of_text(text: str, zone: str | None, form: str, fold: int) -> float:
    if not text or len(text) > LONGEST_TEXT or not text.isascii():
        raise ValueError
    if form and form not in FORMS and form != "excel":
        return _utc(datetime.strptime(text, form), zone, fold)
    if form:
        return _since_1970(float(text.replace(",", ".")), zone, form, fold)
    if found := COMPACT.fullmatch(text):
        return _utc(_built([int(part or 0) for part in found.groups()]), zone, fold)
    if EPOCH_TEXT.fullmatch(text):
        return _since_1970(float(text), zone, form, fold)
    return _utc(_written(text), zone, fold)


def _since_1970(number_of: float, zone: str | None, form: str, fold: int) -> float:
    if not math.isfinite(number_of):
        raise ValueError
    if form == "excel":  # days of local time since the end of 1899
        local = datetime(1899, 12, 30) + timedelta(seconds=round(number_of * 86_400))
        return _utc(local, zone, fold)
    size = abs(number_of)
    told = "s" if size < 1e11 else "ms" if size < 1e14 else "us" if size < 1e17 else "ns"
    return math.floor(number_of * FORMS.get(form, FORMS[told]) + 1e-6)


def _written(text: str) -> datetime:
    """Return the moment of a written date, without zone where it says none."""
    if "/" in text:
        first = text.partition("/")[0]
        is_interval = len(first) >= 8 and not SLASHED.match(text)
        text = first.strip() if is_interval else text.replace("/", "-")
    if found := GERMAN.fullmatch(text):
        return _german(found)
    if ending := ENDING.search(text):
        moment = _written(text[: ending.start()])
        return moment.replace(tzinfo=zone_of(ending[1]))
    text, is_midnight = MIDNIGHT.subn(r"00\1", text)
    try:
        moment = datetime.fromisoformat(SPACED_OFFSET.sub("", text))
    except ValueError:
        if "," not in text or not text[:3].isalpha():
            raise
        moment = parsedate_to_datetime(text)
    return moment + timedelta(days=1) if is_midnight else moment


def _german(found: re.Match[str]) -> datetime:
    day, month, year, hour, minute, second, part = found.groups()
    numbers = [int(n or 0) for n in (year, month, day, hour, minute, second)]
    if len(year) == 2:
        numbers[0] += 2000 if numbers[0] < 70 else 1900
    return _built(numbers) + timedelta(seconds=float(f"0.{part or 0}"))


def _built(parts: list[int]) -> datetime:
    """Return a local time of year, month, day, hour, minute, second; 24:00 ends the day."""
    year, month, day, hour, minute, second = parts
    if hour == 24 and not minute and not second:
        return datetime(year, month, day) + timedelta(days=1)
    return datetime(year, month, day, hour, minute, second)


def _utc(moment: datetime, zone: str | None, fold: int) -> float:
    if moment.tzinfo is not None:
        return (moment - EPOCH) // MILLISECOND
    where = zone_of(zone)
    ahead = where.utcoffset(moment)
    if not isinstance(where, timezone):
        later = where.utcoffset(moment.replace(fold=1))
        if later is not None and ahead is not None and later != ahead:
            ahead = _at_change(moment, zone, ahead, later, fold)
    return (moment - NAIVE_EPOCH - (ahead or timedelta())) // MILLISECOND


def _at_change(
    moment: datetime, zone: str | None, ahead: timedelta, later: timedelta, fold: int
) -> timedelta:
    """Return how far a zone is ahead in an hour that comes twice, or not at all."""
    if later < ahead:
        return later if fold else ahead
    if moment.hour or moment.minute or moment.second:
        detail = f"{moment:%Y-%m-%d %H:%M} is left out in {zone}: the clocks go forward"
        raise RefusedError("no_time", detail)
    return ahead  # a day that begins at one o'clock


PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
GROUPED = {
    ",": re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?"),
    ".": re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?"),
}
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity|1\.#\w+)", re.IGNORECASE)
BLANKS = re.compile(r"[\s\u00a0\u2007\u2009\u202f'\u2019]")
SAID = {
    "true": 1.0, "false": 0.0, "on": 1.0, "off": 0.0, "yes": 1.0, "no": 0.0, "an": 1.0, "aus": 0.0,
    "ja": 1.0, "nein": 0.0,
}  # fmt: skip


def number(
    value: object,
    *,
    decimal: str = "",
    booleans: bool = False,
    words: Mapping[str, float] | None = None,
) -> float:
    """
    Return a value as a finite number.

    `decimal` is the sign before the decimals; where it is not told, a lone sign is taken for it:
    `1,5` and `1.234` are small numbers, `1.234,5` and `1.234.567` are not. Truth values and on,
    off are numbers only with `booleans`. `words` are tried first.

    >>> number("1.234,5"), number("21,5"), number("1.234", decimal=",")
    (1234.5, 21.5, 1234.0)

    Raises
    ------
    RefusedError
        `no_number`, or `not_finite` for NaN, infinity and what no computer can hold.
    """
    if words and isinstance(value, (str, int, float)) and str(value).strip() in words:
        return words[str(value).strip()]
    try:
        found = _number(value, decimal, booleans=booleans)
    except OverflowError as error:
        raise RefusedError("not_finite", _shown(value)) from error
    except (ValueError, TypeError) as error:
        raise RefusedError("no_number", _shown(value)) from error
    if not math.isfinite(found):
        raise RefusedError("not_finite", _shown(value))
    return found


def _number(value: object, decimal: str, *, booleans: bool) -> float:
    if isinstance(value, (bool, str)) or value is None:
        text = str(value).strip().lower()
        if booleans and text in SAID:
            return SAID[text]
        if not isinstance(value, str):
            raise ValueError
        return _number_of_text(value, decimal)
    if isinstance(value, (list, dict, tuple, bytes)):
        raise TypeError
    if type(value).__name__ in {"bool", "bool_"}:  # of numpy
        return _number(bool(value), decimal, booleans=booleans)
    return float(value)  # type: ignore[arg-type]


def _number_of_text(text: str, decimal: str) -> float:
    if len(text) > LONGEST_TEXT:
        raise ValueError
    if decimal != "," and PLAIN.fullmatch(text):
        return float(text)
    bare = BLANKS.sub("", text).replace("\u2212", "-")
    if NOT_FINITE.fullmatch(bare):
        return math.nan
    last = max(",.", key=bare.rfind) if "," in bare and "." in bare else ""
    sign = decimal or last or _lone(bare)
    other = "." if sign == "," else ","
    if other in bare and GROUPED[sign].fullmatch(bare):
        bare = bare.replace(other, "")
    if sign == ",":
        if "." in bare:
            raise ValueError
        bare = bare.replace(",", ".")
    if not PLAIN.fullmatch(bare):
        raise ValueError
    return float(bare)


def _lone(text: str) -> str:
    """Return which sign stands before the decimals where only one kind of it is written."""
    if text.count(",") == 1 or text.count(".") > 1:
        return ","
    return "."


def _shown(value: object) -> str:
    return repr(value[:80]) if isinstance(value, (str, bytes)) else f"{value!s:.80}"
