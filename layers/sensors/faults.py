"""Says every fault of a configuration in words: place, value, what is allowed, what to do."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from layers.sensors.common import NAME
from twin.errors import FaultsError, SourceError
from twin.sentences import Sentence, WrongValueError, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

MOST_FAULTS = 100
SECRET = re.compile(r"password|secret|token|key$", re.IGNORECASE)


class Fault:
    """One thing that is wrong in the file."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence

    def __str__(self) -> str:
        """Return it in English."""
        return str(self.sentence)


class ConfigError(FaultsError, SourceError):
    """A configuration cannot be used; `faults` lists everything that is wrong."""

    faults: tuple[Fault, ...]


def fault_of(
    entry: ErrorDetails, *, known: Mapping[str, Sequence[str]] | None = None, prefix: str = ""
) -> Fault:
    """
    Return what pydantic found in words.

    Parameters
    ----------
    known
        The keys that there are, by place, for those that are not known.
    """
    place = prefix + place_of(entry["loc"])
    limits = entry.get("ctx", {})
    kind = entry["type"]
    if kind == "extra_forbidden":
        return Fault(_unknown(place, entry["loc"], (known or {}).get(place, ())))
    if kind in {"missing", "union_tag_not_found"}:
        name = limits.get("discriminator", "").strip("'")
        return Fault(say("{place} is missing.", place=f"{place}.{name}" if name else place))
    if kind == "union_tag_invalid":
        place, value = f"{place}.kind", shown(limits["tag"])
    else:
        value = shown(entry["input"], place)
    if isinstance(error := limits.get("error"), WrongValueError):
        return Fault(_own(place, value, error))
    allowed = _allowed(entry)
    if allowed is not None:
        return Fault(
            say("{place} is {value}; allowed are {allowed}.", place=place, value=value,
                allowed=allowed)
        )  # fmt: skip
    wanted = _wanted(kind, limits)
    return Fault(
        say("{place} is {value}; it should be {wanted}.", place=place, value=value, wanted=wanted)
    )


def place_of(location: Sequence[str | int]) -> str:
    """
    Return where in a file something stands.

    >>> place_of(("source", 2, "mapping", "values", 0, "unit"))
    'source[2].mapping.values[0].unit'
    """
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{shown(step)}"
    return text.removeprefix(".")


def shown(value: object, place: str = "") -> str:
    """Return a value as it may be repeated: short, on one line, and no password."""
    if SECRET.search(place.rpartition(".")[2]):
        return "***"
    text = "".join(sign if sign.isprintable() else " " for sign in str(value))
    return text if len(text) <= 60 else f"{text[:60]}…"


def _own(place: str, value: str, error: WrongValueError) -> Sentence:
    what, hint = error.problem.what, error.problem.hint
    if hint is not None:
        return say("{place}: {what} {hint}", place=place or value, what=what, hint=hint)
    return say("{place}: {what}", place=place or value, what=what)


def _unknown(place: str, location: Sequence[str | int], known: Sequence[str]) -> Sentence:
    """Say which keys there are, the one that was probably meant first."""
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    names = ", ".join(known)
    if close:
        return say(
            "{place} is no setting; {close} is meant, perhaps. There are: {known}.",
            place=place, close=close[0], known=names,
        )  # fmt: skip
    if names:
        return say("{place} is no setting. There are: {known}.", place=place, known=names)
    return say("{place} is no setting here.", place=place)


def _allowed(entry: ErrorDetails) -> str | None:
    limits = entry.get("ctx", {})
    if entry["type"] == "literal_error":
        return str(limits["expected"]).replace("'", "").replace(" or ", ", ")
    if entry["type"] == "union_tag_invalid":
        return str(limits["expected_tags"]).replace("'", "")
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}  # noqa: RUF100
    found = [f"{sign} {limits[name]:g}" for name, sign in signs.items() if name in limits]
    return " ".join(found) or None


WANTED = {
    "bool": say("true or false"),
    "int": say("a whole number"),
    "float": say("a number"),
    "finite": say("a number"),
    "date": say("a date such as 2026-05-04"),
    "tuple": say('a list of texts, e.g. ["one", "two"]'),
    "list": say('a list of texts, e.g. ["one", "two"]'),
    "model": say("a section of its own"),
    "dict": say("a section of its own"),
    "string_too_long": say("a shorter text"),
    "too_short": say("a list with at least one entry"),
    "too_long": say("a shorter list"),
}
"""What is wanted by the begin of the kind of fault; else a text."""


def _wanted(kind: str, limits: Mapping[str, Any]) -> Sentence:
    if kind == "string_pattern_mismatch" and limits["pattern"] == NAME:
        return say("a short name in small letters, e.g. climate or air-2")
    if kind == "string_pattern_mismatch":
        return say("a text of the form {pattern}", pattern=limits["pattern"])
    found = next((said for begin, said in WANTED.items() if kind.startswith(begin)), None)
    return found or say("a text in quotation marks")


def keys_of(model: type[BaseModel]) -> list[str]:
    """Return the keys that a section may have."""
    return [field.alias or name for name, field in model.model_fields.items()]
