"""How the report speaks: words and numbers come from whoever asks for it."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Number = Callable[[float | None, str], str]


@dataclass(frozen=True)
class Words:
    """One language: `say` turns an English text into it, `number` writes a value with its unit."""

    lang: str
    say: Callable[[str], str]
    number: Number

    def fill(self, template: str, **values: object) -> str:
        """Return a sentence with its places filled, numbers in the notation of the language."""
        shown = {
            name: self.number(value, "")
            if isinstance(value, int | float) and not isinstance(value, bool)
            else ("–" if value is None else value)
            for name, value in values.items()
        }
        return self.say(template).format(**shown)

    def percent(self, share: float | None) -> str:
        """Return a share of 1 in per cent, to a tenth."""
        return self.number(None if share is None else round(100 * share, 1), "%")


def plain_number(value: float | None, unit: str = "") -> str:
    """
    Return a number the English way.

    >>> plain_number(12345.678, "m²"), plain_number(None), plain_number(-0.25)
    ('12,346\u202fm²', '–', '-0.25')
    """
    if value is None or math.isnan(value):
        return "–"
    places = 0 if value == int(value) or abs(value) >= 1000 else 2 if abs(value) < 10 else 1
    text = f"{value:,.{places}f}"
    return f"{text}\u202f{unit}" if unit else text


def safe(text: object) -> str:
    """
    Return text that a browser shows as it stands.

    >>> safe('<b> & "')
    '&lt;b&gt; &amp; &quot;'
    """
    return html.escape(str(text), quote=True)
