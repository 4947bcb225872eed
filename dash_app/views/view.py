"""What a view is: values of results by row of a table, and how they are drawn and told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from dash_app.i18n import Translator
    from twin.city import City
    from twin.simulate.results import YearResults

    Make = Callable[[YearResults, City, int | None], pd.Series[Any]]
    """From a year, the baseline and an hour of the day to values by id, in any order."""

Kind = Literal["classed", "category", "flow"]


@dataclass(frozen=True)
class View:
    """
    One thing that results say on the map.

    `label`, `help` and the words are English keys of the catalogue. Values of a `category` are
    words of `words`, in this order; those of a `flow` are drawn as width, too.
    """

    name: str
    label: str
    unit: str
    group: Literal["energy", "mobility"]
    topic: str  # one of `TOPICS`: under which heading it is offered
    table: str
    make: Make = field(repr=False, compare=False)
    help: str = ""
    kind: Kind = "classed"
    palette: str = "heat"  # of `scales.PALETTES`
    better: Literal["up", "down", "neither"] = "neither"
    people: bool = True  # speaks of buildings and people: withheld where few addresses are
    fine: bool = False  # of single buildings: for viewers who may see them
    height: bool = False  # may stand up as height, too
    hourly: bool = False  # has a value for each hour of the day
    words: Mapping[str, str] = field(default_factory=dict)  # word, its English label
    word_context: str = ""  # `table.column` of the schema the words are from, where they are
    breaks: tuple[float, ...] = ()  # fixed limits, where custom has some
    hour_breaks: tuple[float, ...] = ()  # the same for an hour of the day
    open_end: bool = False  # minutes: further away is not better, and not without end
    mode: str = ""  # of MODES, where it is about one
    facility: str = ""  # of FACILITIES, where it is about one

    def at_hour(self, hour: int | None) -> int | None:
        """Return the hour where the view has hours; whatever else is asked for is the day."""
        return hour if self.hourly and hour is not None and 0 <= hour < 24 else None

    def unit_at(self, hour: int | None) -> str:
        """Return the unit; vehicles of a day become those of an hour."""
        return self.unit.replace("/24 h", "/h") if self.at_hour(hour) is not None else self.unit


TOPICS: dict[str, str] = {
    "heat": "Heat demand",
    "supply": "Heat supply",
    "sun": "Solar power",
    "power": "Electricity",
    "money": "Costs",
    "car": "Car traffic",
    "bike": "Cycling",
    "transit": "Public transport",
    "trips": "Trips",
    "near": "What is nearby",
    "noise": "Noise",
}
"""Headings under which views are offered, in this order."""


def word_of(view: View, word: str, t: Translator) -> str:
    """Return a word of a category as people read it."""
    if word in view.words:
        return t.text(view.words[word])
    return t.word(word, view.word_context)
