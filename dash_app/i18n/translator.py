"""One translator a language: sentences, words of the schema, numbers, dates, errors, sources."""

from __future__ import annotations

import math
import os
import re
import string
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Literal

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from dash_app.i18n.catalogue import DEFAULT_LANG, LANGUAGES, catalogue
from twin.raster import RASTERS
from twin.schema import TABLES
from twin.sentences import Sentence, Word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.errors import TwinError
    from twin.provenance import Finding

NARROW_SPACE = "\u202f"
"""Between a number and its unit; never breaks the line."""


LARGEST = 1e15
"""Numbers from here on are slips of the hand; they are written with a power of ten."""


@dataclass(frozen=True)
class Translator:
    """Says things in one language. Get one with `translator`."""

    lang: str

    def text(self, msgid: str, /, context: str = "", **values: object) -> str:
        """Return the sentence in this language, numbers in `values` in its notation."""
        return self._say(msgid, values, context)

    def plural(self, one: str, many: str, count: int, /, **values: object) -> str:
        """Return `one` or `many` as `count` asks for; both may hold `{count}`."""
        forms = self._forms("", one) or (one, many)
        form = forms[0] if count == 1 else forms[-1]
        return self._fill(form, {"count": count, **values})

    def word(self, value: str, context: str = "") -> str:
        """
        Return a word of the schema as people read it.

        `context` is `table.column`, for words that mean several things.

        >>> translator("en").word("living_street"), translator("de").word("1919_1948")
        ('living street', '1919–1948')
        """
        forms = self._forms(context, value)
        if forms:
            return forms[0]
        return re.sub(r"(?<=\d)_(?=\d)", "–", value).replace("_", " ")

    def number(self, value: float | None, unit: str = "", *, digits: int = 3) -> str:
        """
        Return a number with sensible digits and its unit.

        Whole numbers keep every digit, all others `digits` significant ones and no more.

        >>> translator("de").number(12345.678, "MWh/a"), translator("de").number(0.123456)
        ('12.346\u202fMWh/a', '0,123')
        """
        if value is None or math.isnan(value):
            return "–"
        text = self._decimal(float(value), digits)
        return f"{text}{NARROW_SPACE}{unit}" if unit else text

    def date(self, value: str | date, style: Literal["medium", "day"] = "medium") -> str:
        """Return a date (ISO text or `date`) as this language writes it; other text as it is."""
        try:
            day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
        except ValueError:
            return str(value)
        patterns = {
            ("de", "day"): "d. MMMM", ("en", "day"): "d MMMM",
            ("de", "medium"): "dd.MM.yyyy", ("en", "medium"): "d MMM yyyy",
        }  # fmt: skip
        return str(format_date(day, patterns[self.lang, style], locale=self._locale))

    def time(self, minutes: int) -> str:
        """Return minutes after midnight as a clock time, 24 hours."""
        clock = datetime(2000, 1, 1, minutes // 60 % 24, minutes % 60)
        text = str(format_time(clock, "HH:mm", locale=self._locale))
        return self.text("{time} h", time=text)

    def error(self, error: TwinError) -> str:
        """Return an error in words: what happened, what to do, then every fault on its line."""
        parts = [error.template, error.hint]
        sentence = " ".join(self._say(part, error.values) for part in parts if part)
        faults = [
            fault if isinstance(fault, str) else self.sentence(fault.sentence)
            for fault in getattr(error, "faults", ())  # of a table, of a scenario
        ]
        return "\n  - ".join([sentence, *faults])

    def sentence(self, said: Sentence) -> str:
        """Return a sentence that came as data: of a measure, a fault, a difference."""
        return self._say(said.template, said.values)

    def finding(self, finding: Finding) -> str:
        """Return the sentence of one entry of the quality report."""
        column = TABLES[finding.table].column(finding.column).label if finding.column else ""
        return self.text(
            finding.message, count=finding.count, total=finding.total, column=self.text(column)
        )

    def unit(self, unit: str) -> str:
        """Return a unit as people write it; most are the same in every language."""
        return self._say(unit, {}, "unit")

    def table(self, name: str) -> str:
        """Return what people call a table or raster of a city."""
        return self.text(TABLES[name].label if name in TABLES else RASTERS.get(name, name))

    def kind(self, source: str) -> str:
        """Return the kind of a `*_source` label as one word: measured, estimated ..."""
        return self.word(source.partition(":")[0], "source")

    def how(self, source: str) -> str:
        """Return how a value was found, e.g. "by neighbours"; empty where the label is silent."""
        kind, _, how = source.partition(":")
        return self.word(how, f"how.{kind}") if how else ""

    def _say(self, msgid: str, values: Mapping[str, object], context: str = "") -> str:
        forms = self._forms(context, msgid)
        return self._fill(forms[0] if forms else msgid, values)

    def _forms(self, context: str, msgid: str) -> tuple[str, ...] | None:
        found = catalogue(self.lang)
        return found.get((context, msgid)) or found.get(("", msgid))

    @property
    def _locale(self) -> Locale:
        return Locale("de", "DE") if self.lang == "de" else Locale("en", "GB")

    def _decimal(self, value: float, digits: int | None) -> str:
        if abs(value) >= LARGEST:
            return f"{value:.3g}".replace(".", "," if self.lang == "de" else ".")
        places = 6
        if value == int(value):
            places = 0
        elif digits is not None:
            places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        return str(format_decimal(round(value, places), "#,##0." + "#" * 12, locale=self._locale))

    def _fill(self, template: str, values: Mapping[str, object]) -> str:
        if not values:
            return template
        return _LocalFormatter(self).vformat(template, (), values)


class _LocalFormatter(string.Formatter):
    """`str.format` that writes numbers in the notation of a language."""

    def __init__(self, words: Translator) -> None:
        self.words = words

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, Word):
            return self.words.word(value.value, value.context)
        if isinstance(value, Sentence):
            return self.words.sentence(value)
        if isinstance(value, tuple):
            return ", ".join(self.format_field(part, "") for part in value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return format(str(value) if value is not None else "–", format_spec)
        if not format_spec:
            return self.words._decimal(float(value), None)
        text = format(value, format_spec)
        swap = str.maketrans(",.", ".,") if self.words.lang == "de" else {}
        return text.translate(swap).replace("%", f"{NARROW_SPACE}%")


@cache
def translator(lang: str) -> Translator:
    """
    Return the translator for "de" or "en"; anything else gives German.

    >>> translator("de").text("Page {page} of {pages}", page=1, pages=1234)
    'Seite 1 von 1.234'
    """
    return Translator(lang if lang in LANGUAGES else DEFAULT_LANG)


def preferred_lang(wanted: str | None = None) -> str:
    """
    Return the language to speak: `wanted` where we have it, else that of the environment.

    `wanted` may be a code ("en"), a locale ("en_GB.UTF-8") or a browser's Accept-Language. Without
    it `LANGUAGE`, `LC_ALL`, `LC_MESSAGES` and `LANG` are asked in this order. German where nothing
    says otherwise.

    >>> preferred_lang("en-GB,en;q=0.8,de;q=0.5"), preferred_lang("fr"), preferred_lang("de_AT")
    ('en', 'de', 'de')
    """
    names = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    asked = wanted or next((os.environ[name] for name in names if os.environ.get(name)), "")
    codes = (part.strip()[:2].lower() for part in re.split(r"[,:]", asked))
    return next((code for code in codes if code in LANGUAGES), DEFAULT_LANG)
