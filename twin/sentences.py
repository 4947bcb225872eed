"""Sentences for people that are data: a template of the message catalogue and its values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Word:
    """A word of the schema (`gas_boiler`) that each language says in its own way."""

    value: str
    context: str = ""  # table.column, for words that mean several things

    def __str__(self) -> str:
        """Return the English word."""
        return self.value.replace("_", " ")


@dataclass(frozen=True)
class Sentence:
    """
    An English template with its values; values may be words, sentences and tuples of these.

    >>> str(say("{what} from {year}", what=Word("air_heat_pump"), year="2030"))
    'air heat pump from 2030'
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the English sentence."""
        if not self.values:
            return self.template
        return self.template.format(**{name: _plain(v) for name, v in self.values.items()})


def say(template: str, /, **values: object) -> Sentence:
    """Return a sentence; the template is written directly in the call, as it is a catalogue key."""
    return Sentence(template, values)


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return ", ".join(str(_plain(part)) for part in value)
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else f"{value:.6g}"
    return value


def listed(values: Iterable[object], most: int = 5) -> tuple[object, ...]:
    """
    Return the first values of many, with an ellipsis where some are left out.

    >>> listed("abcdefg", 3)
    ('a', 'b', 'c', '…')
    """
    found = tuple(values)
    return found if len(found) <= most else (*found[:most], "…")


@dataclass(frozen=True)
class Problem:
    """What is wrong and what to do about it; `code` is for programs."""

    code: str
    what: Sentence
    hint: Sentence | None = None

    def __str__(self) -> str:
        """Return both as English sentences."""
        return " ".join(str(part) for part in (self.what, self.hint) if part)


class WrongValueError(ValueError):
    """A field has a value that its model cannot take; pydantic carries it to the reader."""

    def __init__(self, what: Sentence, hint: Sentence | None = None) -> None:
        self.problem = Problem("value", what, hint)
        super().__init__(str(self.problem))
