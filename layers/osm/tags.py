"""Reads tag values: numbers as people write them, and classes from the table `tags.toml`."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Tags = dict[str, str]
Rule = dict[str, Any]


@cache
def table() -> dict[str, Any]:
    """Return the whole of `tags.toml`."""
    text = files("layers.osm").joinpath("tags.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def tag(frame: pd.DataFrame, key: str) -> pd.Series[Any]:
    """Return the values of one tag key for every row of a raw frame, missing where untagged."""
    values = [tags.get(key) for tags in frame["tags"]]
    return pd.Series(values, index=frame.index, dtype="str")


def first_tag(frame: pd.DataFrame, keys: Iterable[str]) -> pd.Series[Any]:
    """Return for every row the value of the first of `keys` that is tagged."""
    columns = [tag(frame, key) for key in keys]
    found = columns[0]
    for column in columns[1:]:
        found = found.fillna(column)
    return found


def has_tag(frame: pd.DataFrame, key: str, values: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return which rows carry one of `values` at `key`, case ignored."""
    wanted = frozenset(values)
    found = [
        (text := tags.get(key)) is not None and text.lower() in wanted for tags in frame["tags"]
    ]
    return np.array(found, dtype=bool)


def with_any(frame: pd.DataFrame, keys: Iterable[str]) -> pd.DataFrame:
    """Return the rows that carry at least one of `keys`."""
    wanted = frozenset(keys)
    return frame[np.array([not wanted.isdisjoint(tags) for tags in frame["tags"]], dtype=bool)]


def among(values: Iterable[Any], keys: Iterable[Any]) -> np.ndarray[Any, Any]:
    """Return which of `values` are in `keys` (much faster than `isin` on text with many keys)."""
    known = set(keys)
    return np.array([value in known for value in values], dtype=bool)


def classify(frame: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """
    Return `class` and `detail` (the tag value that decided) by an ordered list of rules.

    A rule names a class and, for each key, the values that mean it; `"*"` is any value but "no".
    The first rule that matches wins; rows without a match hold missing values.
    """
    keys = list(dict.fromkeys(key for rule in rules for key in rule if key != "class"))
    rows = with_any(frame, keys)
    best = np.full(len(rows), len(rules))
    detail = np.full(len(rows), None, dtype=object)
    for key in keys:
        values = tag(rows, key)
        if values.notna().any():
            rank = _ranks(values, rules, key)
            better = rank < best
            best = np.where(better, rank, best)
            detail[better] = values.to_numpy(dtype=object)[better]
    classes = np.array([*(rule["class"] for rule in rules), None], dtype=object)[best]
    found = pd.DataFrame(
        {
            "class": pd.Series(classes, rows.index, "str"),
            "detail": pd.Series(detail, rows.index, "str"),
        }
    )
    return found.reindex(frame.index)


def _ranks(values: pd.Series[Any], rules: Sequence[Rule], key: str) -> np.ndarray[Any, Any]:
    """Return the number of the first rule that each value of `key` meets."""
    none = len(rules)
    known: dict[str, int] = {}
    for number, rule in enumerate(rules):
        for value in rule.get(key, ()):
            known.setdefault(value, number)
    other = known.pop("*", none)
    lower = values.str.strip().str.lower()
    fallback = np.where(lower.notna() & (lower != "no"), other, none)
    rank = lower.map(known).to_numpy(dtype=float, na_value=np.nan)
    return np.fmin(rank, fallback).astype(int)


def choose(condition: Any, yes: Any, no: Any) -> np.ndarray[Any, Any]:
    """Return `yes` where the condition holds, else `no`, as an array of objects."""
    yes, no = (np.asarray(value, dtype=object) for value in (yes, no))
    return np.asarray(np.where(condition, yes, no))


# ------------------------------------------------------------------------------- numbers

_NUMBER = re.compile(r"^\s*(?:ca\.?|~|approx\.?|about)?\s*([+-]?\d+(?:[.,]\d+)?)\s*(.*?)\s*$")
_FEET = re.compile(
    r"^\s*(\d+(?:[.,]\d+)?)\s*(?:'|′|ft|feet)\s*(?:(\d+(?:[.,]\d+)?)\s*(?:\"|″|in)?)?$"
)
_METRES = {"": 1.0, "m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "cm": 0.01,
           "km": 1000.0, "mm": 0.001}  # fmt: skip


def parse_number(text: str) -> float:
    """
    Return a plain number, decimal comma allowed; NaN for anything else.

    >>> parse_number("2"), parse_number("2,5"), parse_number("3;4"), parse_number("many")
    (2.0, 2.5, nan, nan)
    """
    match = _NUMBER.match(text)
    return float(match[1].replace(",", ".")) if match and not match[2] else float("nan")


def parse_length(text: str) -> float:
    r"""
    Return a length in metres; NaN where the text is none.

    >>> [parse_length(t) for t in ("12", "12,5", "12 m", "1200cm", "3;4", "1e9", "-3")]
    [12.0, 12.5, 12.0, 12.0, nan, nan, -3.0]
    >>> round(parse_length("40'"), 2), round(parse_length("5'11\""), 2)
    (12.19, 1.8)
    """
    if feet := _FEET.match(text):
        inches = float((feet[2] or "0").replace(",", "."))
        return float(feet[1].replace(",", ".")) * 0.3048 + inches * 0.0254
    match = _NUMBER.match(text)
    factor = _METRES.get(match[2].lower()) if match else None
    return float(match[1].replace(",", ".")) * factor if match and factor else float("nan")


def parse_direction(text: str) -> float:
    """
    Return a compass direction in degrees, 0 to below 360, from a number or a point like "NNW".

    >>> parse_direction("NW"), parse_direction("370"), parse_direction("up")
    (315.0, 10.0, nan)
    """
    points = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW",
              "NW", "NNW")  # fmt: skip
    if text.strip().upper() in points:
        return points.index(text.strip().upper()) * 22.5
    number = parse_number(text.strip().removesuffix("°"))
    return number % 360 if abs(number) < 1e6 else float("nan")


_YEAR = re.compile(
    r"^(?:~|ca\.?|circa|um|early|mid|late|before|after|vor|nach)?\s*(\d{4})(?:s|[-./].*)?$", re.I
)
_CENTURY = re.compile(r"^(?:early |mid |late )?C(\d{1,2})$", re.I)


def parse_year(text: str) -> float:
    """
    Return the year of a date; of a decade or century its middle; NaN for anything else.

    >>> [parse_year(t) for t in ("1923", "1923-05-01", "~1890", "1970s", "C18", "old")]
    [1923.0, 1923.0, 1890.0, 1975.0, 1750.0, nan]
    """
    text = text.strip()
    if century := _CENTURY.match(text):
        return (int(century[1]) - 1) * 100 + 50.0
    match = _YEAR.match(text)
    if not match:
        return float("nan")
    return float(match[1]) + (5 if text.lower().endswith("s") else 0)


def parse_each(values: pd.Series[Any], parse: Callable[[str], float]) -> pd.Series[Any]:
    """Return `parse` of every text, each different text parsed once; NaN where missing."""
    return map_each(values, parse).astype("float64")


def map_each(values: pd.Series[Any], translate: Callable[[str], Any]) -> pd.Series[Any]:
    """Return `translate` of every text, called once for each different text."""
    known: Mapping[str, Any] = {text: translate(text) for text in values.dropna().unique()}
    return values.map(known)


def between(values: pd.Series[Any], low: float, high: float) -> pd.Series[Any]:
    """Return the values inside the range, NaN for those outside."""
    return values.where((values >= low) & (values <= high))
