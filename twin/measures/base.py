"""What a measure is: one typed change, done little by little from a start year on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from twin.selection import Part, Selector, describe, lots, problems, ranked, selected_rows
from twin.selection.columns import column_values, heat_demand
from twin.sentences import Problem, Sentence, WrongValueError, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.state import State

Mask = NDArray[np.bool_]
"""A yes or no for each row of the stock."""

Order = Literal["worst_first", "largest_first", "random"]

SOURCE = "estimated:scenario"
"""What the source columns say of values that a measure has set."""

NEVER = 9999
"""Year in which a building is done that the pace never reaches."""


def no_buildings() -> pd.Series[int]:
    """Return a schedule without buildings."""
    return schedule_of(np.zeros(0, np.int64), pd.Index([], dtype="str"))


def schedule_of(years: NDArray[np.int64], ids: pd.Index[str]) -> pd.Series[int]:
    """Return years by id."""
    found: pd.Series[int] = pd.Series(years, index=ids, dtype="int64")
    return found


@dataclass(frozen=True, eq=False)
class Begun:
    """
    A measure that has begun: what it will do, decided once on the city it met then.

    `years` says by building id in which year each is done (`NEVER` where the pace does not get
    there), in the order of doing; `more` holds what the kind of measure decided besides.
    """

    years: pd.Series[int] = field(default_factory=no_buildings)
    index: pd.Index[str] | None = None  # of the stock met then, and the rows in it: a short cut
    rows: NDArray[np.intp] | None = None
    faults: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def due(self, since: int, year: int) -> pd.Series[int]:
        """Return the years by id of the buildings done after `since` and until `year`."""
        values = self.years.to_numpy()
        return self.years[(values > since) & (values <= year)]


class Measure(Part, ABC):
    """
    One change to the city, from `start_year` on.

    With `pace_percent` that share of the selected buildings follows every year; with `end_year`
    equal shares until then; with neither everything is done in the start year. The work of a year
    counts at its end: after year y `min(1, pace * (y - start_year + 1))` is done.
    """

    id: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")
    enabled: bool = True
    note: str = ""
    start_year: int = Field(2026, ge=1990, le=2150)
    pace_percent: float | None = Field(None, gt=0, le=100)
    end_year: int | None = Field(None, ge=1990, le=2150)

    on_streets: ClassVar[bool] = False  # of a state it reads the city and the assumptions alone

    @property
    def is_a(self) -> str:
        """The kind of measure."""
        return str(getattr(self, "kind", ""))

    @model_validator(mode="after")
    def _pace_agrees(self) -> Measure:
        if self.end_year is None:
            return self
        if self.end_year < self.start_year:
            raise WrongValueError(
                say("It ends in {end}, before it starts in {start}.",
                    end=str(self.end_year), start=str(self.start_year)),
                say("Choose a later end_year."),
            )  # fmt: skip
        years = self.end_year - self.start_year + 1
        if self.pace_percent is not None and self.pace_percent * years < 100 - 1e-9:
            raise WrongValueError(
                say("{pace} % a year from {start} reaches {reached} % by {end}, not all.",
                    pace=self.pace_percent, start=str(self.start_year),
                    reached=self.pace_percent * years, end=str(self.end_year)),
                say("Give pace_percent or end_year; to reach all by {end} takes {needed} % a year.",
                    end=str(self.end_year), needed=100 / years),
            )  # fmt: skip
        return self

    @property
    def pace(self) -> float:
        """Share of the selected buildings done a year, 0 to 1."""
        if self.pace_percent is not None:
            return self.pace_percent / 100
        if self.end_year is not None:
            return 1 / (self.end_year - self.start_year + 1)
        return 1.0

    def share_done(self, year: int) -> float:
        """
        Return the share of the work that is done at the end of a year.

        >>> from twin.measures import Retrofit
        >>> [Retrofit(id="a", start_year=2026, pace_percent=2).share_done(y) for y in (2025, 2030)]
        [0.0, 0.1]
        """
        return float(min(1.0, max(0.0, round(self.pace * (year - self.start_year + 1), 12))))

    def _years(self, position: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the year in which the share done passes each position (0 to 1, exclusive)."""
        years = self.start_year - 1 + np.ceil(np.round(position / self.pace, 9)).astype(np.int64)
        return np.where(years > NEVER, NEVER, np.maximum(years, self.start_year))

    @abstractmethod
    def begin(self, state: State) -> Begun:
        """Decide what will be done, on the city met when it begins; faults are in the answer."""

    @abstractmethod
    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Return the state after the work done after `since` and until `year`."""

    def problems(self, state: State, year: int) -> list[Problem]:
        """Return every reason why this cannot be applied to a state."""
        return [] if year < self.start_year else list(self.begin(state).faults)

    def apply(self, state: State, year: int) -> State:
        """Return the state with everything done that is due until a year; `state` stays."""
        if year < self.start_year:
            return state
        return self.advance(state, self.begin(state), since=self.start_year - 1, year=year)

    @abstractmethod
    def summary(self) -> Sentence:
        """Return the measure in one line."""

    def _when(self) -> Sentence:
        start, end = str(self.start_year), str(self.end_year)
        if self.pace_percent is not None:
            return say("{pace} % a year from {start}", pace=self.pace_percent, start=start)
        if self.end_year is not None and self.end_year > self.start_year:
            return say("from {start} to {end}", start=start, end=end)
        return say("in {start}", start=start)

    def _since(self) -> Sentence:
        return say("from {start}", start=str(self.start_year))


class BuildingMeasure(Measure):
    """A measure on buildings that a selector names."""

    select: Selector = Selector()
    order: Order = "random"

    @abstractmethod
    def eligible(self, state: State) -> Mask:
        """Tell for each row of the stock whether the measure can do anything there."""

    def begin(self, state: State) -> Begun:
        """Select once among the buildings where it makes sense, and put them in order."""
        faults = problems(state, self.select)
        rows = selected_rows(state, self.select, among=self.eligible(state))
        if len(rows) == 0 and not faults:
            faults = [self._nothing(state)]
        if faults:
            return Begun(faults=tuple(faults))
        return self._scheduled(state, rows)

    def _scheduled(self, state: State, rows: NDArray[np.intp]) -> Begun:
        """Return the order of work; kinds that decide more than that add it here."""
        return begin_with(state, self.schedule(state, rows))

    def _nothing(self, state: State) -> Problem:
        found = len(selected_rows(state, self.select))
        if found == 0:
            return Problem(
                "empty",
                say("The selection ({selection}) holds no building.",
                    selection=describe(self.select)),
                say("Widen the selection."),
            )  # fmt: skip
        return Problem(
            "not_applicable",
            say("The measure does not fit any of the {count} selected buildings.", count=found),
            self._fits(),
        )

    def _fits(self) -> Sentence | None:
        """Return in words which buildings the measure is for."""
        return None

    def schedule(self, state: State, rows: NDArray[np.intp]) -> pd.Series[int]:
        """
        Return by id the year in which each row is done, in the order of doing.

        By lot, each building's year comes from its own lot (hash of measure and building), so that
        no other building changes it; the number done a year is then right on average. Otherwise
        the buildings are ranked, and of n the first round(n * share) are done.
        """
        ids = state.stock.index[rows]
        if self.order == "random":
            position = lots(ids, self.id)
            order = np.argsort(position, kind="stable")
            return schedule_of(self._years(position[order]), ids[order])
        order = ranked(self.urgency(state, rows), ids, highest=True)
        position = (np.arange(len(ids)) + 0.5) / max(len(ids), 1)
        return schedule_of(self._years(position), ids[order])

    def urgency(self, state: State, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return what decides the order: specific heat demand, or heated area; highest first."""
        if self.order == "worst_first":
            return heat_demand(state, rows, per_area=True).to_numpy(float)
        return column_values(state, "heated_area_m2", rows).to_numpy(float)


def begin_with(state: State, years: pd.Series[int], **more: Any) -> Begun:
    """Return what has begun on the stock of a state, with the way to its rows."""
    index = state.stock.index
    return Begun(years=years, index=index, rows=index.get_indexer(years.index), **more)


def heated(state: State) -> Mask:
    """Tell which rows of the stock are heated."""
    mask: Mask = state.stock["heated_area_m2"].to_numpy() > 0
    return mask


def changed(stock: pd.DataFrame, rows: NDArray[np.intp], values: Mapping[str, Any]) -> pd.DataFrame:
    """
    Return the stock with columns set in some rows; the other columns are shared.

    Values are one for all rows or, as an array, one a row. Types stay.
    """
    columns = {name: _with(stock[name], rows, value) for name, value in values.items()}
    return stock.assign(**columns)


def _with(column: pd.Series[Any], rows: NDArray[np.intp], value: Any) -> pd.Series[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy(copy=True)
        known = column.cat.categories
        several = isinstance(value, np.ndarray)
        np.put(codes, rows, known.get_indexer(value) if several else list(known).index(value))
        made = pd.Categorical.from_codes(codes, dtype=column.dtype)
        return pd.Series(made, index=column.index)
    if column.dtype == float:
        numbers = column.to_numpy(float).copy()
        np.put(numbers, rows, value)
        return pd.Series(numbers, index=column.index)
    texts = column.array.copy()
    order = np.argsort(rows)  # in order it is several times as fast as `mask`
    texts[rows[order]] = value[order] if isinstance(value, np.ndarray) else value
    return pd.Series(texts, index=column.index)


def due_rows(
    state: State, begun: Begun, *, since: int, year: int
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return rows of the stock whose turn it is, and the year of each."""
    values: NDArray[np.int64] = np.asarray(begun.years, np.int64)
    due = (values > since) & (values <= year)
    if begun.rows is not None and begun.index is not None and begun.index.is_(state.stock.index):
        return begun.rows[due], values[due]
    rows = state.stock.index.get_indexer(begun.years.index[due])
    there = rows >= 0
    return rows[there], values[due][there]
