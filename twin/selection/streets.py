"""Which streets a measure means: named, drawn, asked for by attributes, or a share of these."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
import shapely
from pydantic import Field, model_validator

from twin.classes import STREET_CLASSES  # noqa: TC001 - pydantic reads it
from twin.schema import STREETS, Column
from twin.schema.columns import text
from twin.selection.drawn import Around, Line  # noqa: TC001 - pydantic reads it
from twin.selection.model import Area, Condition, Part, Share
from twin.selection.resolve import lots, meets, ranked, round_half_up
from twin.sentences import Problem, WrongValueError, listed, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.sentences import Sentence
    from twin.state import State

    Mask = NDArray[np.bool_]
    Rows = NDArray[np.intp]

PART = "~"
"""Stands between the id of a street and the number of its part, where a measure has cut it."""


def _known() -> dict[str, Column]:
    found = {column.name: column for column in STREETS.columns}
    for column in STREETS.columns:
        if column.source:
            found[column.source] = text(column.source, f"Source: {column.label}")
    return found


STREET_COLUMNS: Mapping[str, Column] = _known()
"""Every column a selection of streets may name."""


class StreetCondition(Condition):
    """One condition on a column of the streets; what is not known meets no condition."""

    known: ClassVar = STREET_COLUMNS


class StreetShare(Share):
    """The part of the streets that has most or least of something, or any part."""

    known: ClassVar = STREET_COLUMNS

    by: str = "length_m"


class StreetSelector(Part):
    """
    Which streets are meant: everything that is given must hold; nothing given means all.

    Streets are the directed links of the table. An id is that of a link or of a way, which stands
    for all its links; where a measure has cut a link, the old id means all parts. A street lies in
    an area, a district or a surrounding with its middle, and along a line where it runs within
    `within_m` of it. With `both_directions` the opposite link of each comes along; without it
    only links that run the way of the drawn line are along it. The share is taken last.
    """

    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    area: Area | None = None
    around: Around | None = None
    line: Line | None = None
    within_m: float = Field(12.0, gt=0, le=500)
    districts: tuple[str, ...] = ()  # ids or names
    classes: tuple[Literal[STREET_CLASSES], ...] = ()  # type: ignore[valid-type]
    where: tuple[StreetCondition, ...] = ()
    share: StreetShare | None = None
    both_directions: bool = True

    @model_validator(mode="after")
    def _line_for_its_width(self) -> StreetSelector:
        usual = type(self).model_fields["within_m"].default  # written out it says nothing new
        if self.within_m != usual and self.line is None:
            raise WrongValueError(
                say("A distance is given, but no line."), say("Draw a line, or leave out within_m.")
            )
        return self

    @property
    def says_nothing(self) -> bool:
        """Whether all streets are meant because nothing is asked for."""
        return not any((
            self.ids, self.names, self.area, self.around, self.line, self.districts, self.classes,
            self.where, self.share,
        ))  # fmt: skip


def select_streets(
    state: State, selector: StreetSelector, *, among: Mask | None = None
) -> pd.Index[str]:
    """Return the ids of the links that a selector means, in the order of the streets table."""
    found: pd.Index[str] = state.city.streets.index[selected_streets(state, selector, among=among)]
    return found


def selected_streets(
    state: State,
    selector: StreetSelector,
    *,
    among: Mask | None = None,
    both: bool | None = None,
) -> Rows:
    """
    Return the rows of the streets table that a selector means, ascending.

    Parameters
    ----------
    state
        The city as the measure meets it.
    selector
        What is asked for; what is not there selects nothing, `street_problems` names it.
    among
        Streets that come into question, as a mask; a share is taken of these.
    both
        Overrides `both_directions`.
    """
    streets = state.city.streets
    rows = np.arange(len(streets)) if among is None else np.flatnonzero(among)
    if selector.ids:
        rows = np.intersect1d(rows, rows_of_ids(streets, selector.ids), assume_unique=True)
    if selector.classes:
        rows = rows[_of_words(streets["class"], selector.classes)[rows]]
    for condition in selector.where:
        rows = rows[meets(streets[condition.column].iloc[rows], condition)]
    if selector.names:
        wanted = {name.casefold() for name in selector.names}
        rows = rows[streets["name"].iloc[rows].str.casefold().isin(wanted).to_numpy()]
    rows = _in_areas(state, selector, rows)
    both = selector.both_directions if both is None else both
    if selector.line is not None:
        line = selector.line.geometry(state.city.crs)
        rows = along(streets, line, rows, within_m=selector.within_m, both=both)
    if both:
        rows = _with_opposite(streets, rows, among)
    return rows if selector.share is None else _share(streets, selector.share, rows)


def _of_words(column: pd.Series[str], words: Iterable[str]) -> Mask:
    categories = list(column.cat.categories)
    found: Mask = np.isin(column.cat.codes.to_numpy(), [categories.index(word) for word in words])
    return found


def rows_of_ids(streets: gpd.GeoDataFrame, ids: Iterable[str]) -> Rows:
    """Return the rows of links named by their own id, by the id of their way, or as parts."""
    wanted = pd.Index(list(ids), dtype="str")
    place = streets.index.get_indexer(wanted)
    found = [place[place >= 0]]
    lost = wanted[place < 0]
    if len(lost):
        found.append(np.flatnonzero(streets["way_id"].isin(lost).to_numpy()))
        found.append(_parts(streets.index, lost))
    return np.unique(np.concatenate(found).astype(np.intp))


def _parts(index: pd.Index[str], ids: pd.Index[str]) -> Rows:
    """Return the rows of the parts that measures have cut links into."""
    cut: Rows = np.flatnonzero(index.str.contains(PART, regex=False))
    if not len(cut):
        return cut
    names, whole = index[cut].to_list(), set(ids)
    mine = [any(old in whole for old in _olds(name)) for name in names]
    found: Rows = cut[np.array(mine, bool)]
    return found


def _olds(name: str) -> list[str]:
    """
    Return the ids that the link had before each cut.

    >>> _olds("a~1~2")
    ['a~1', 'a']
    """
    found = []
    while PART in name:
        name = name.rpartition(PART)[0]
        found.append(name)
    return found


def _in_areas(state: State, selector: StreetSelector, rows: Rows) -> Rows:
    """Keep the streets with their middle in every area that is named."""
    areas: list[Any] = []
    if selector.districts:
        areas.append(shapely.union_all(_districts(state, selector.districts)))
    if selector.area is not None:
        areas.append(selector.area.geometry(state.city.crs))
    if selector.around is not None:
        areas.append(selector.around.geometry(state))
    for area in areas:
        if area is None or area.is_empty:
            return rows[:0]
        lines = np.asarray(state.city.streets.geometry.array)[rows]
        rows = rows[middles_inside(lines, area)]
    return rows


def middles_inside(lines: NDArray[np.object_], area: shapely.Geometry) -> Mask:
    """Tell which lines have their middle in an area; only those near to it are looked at."""
    near = _boxes_meet(lines, shapely.bounds(area))
    middle = shapely.get_coordinates(
        shapely.line_interpolate_point(lines[near], 0.5, normalized=True)
    )
    shapely.prepare(area)
    near[near] = shapely.contains_xy(area, middle[:, 0], middle[:, 1])
    return near


def _boxes_meet(lines: NDArray[np.object_], box: NDArray[np.float64]) -> Mask:
    west, south, east, north = shapely.bounds(lines).T
    found: Mask = (west <= box[2]) & (east >= box[0]) & (south <= box[3]) & (north >= box[1])
    return found


def _districts(state: State, words: Iterable[str]) -> NDArray[np.object_]:
    districts = state.city.districts
    wanted = {name.casefold() for name in words}
    named = districts["name"].str.casefold().isin(wanted) | districts.index.isin(list(words))
    found: NDArray[np.object_] = np.asarray(districts.geometry.array)[named.to_numpy()]
    return found


LEAST_ALONG = 0.5
"""Share of its length that a street must run beside the line, or five widths of it."""


def along(
    streets: gpd.GeoDataFrame,
    line: shapely.LineString,
    rows: Rows,
    *,
    within_m: float,
    both: bool,
) -> Rows:
    """
    Return the streets that run along a line: near to it and in its direction.

    At least half of a street lies within the distance, or a stretch of five times the distance;
    and it turns from the line by less than 45°. What only crosses is left out.
    """
    lines = np.asarray(streets.geometry.array)[rows]
    strip = line.buffer(within_m)
    near = _boxes_meet(lines, shapely.bounds(strip))
    rows, lines = rows[near], lines[near]
    shapely.prepare(strip)
    near = shapely.intersects(strip, lines)
    rows, lines = rows[near], lines[near]
    inside = shapely.intersection(lines, strip)
    beside = shapely.length(inside)
    length = shapely.length(lines)
    near = (beside >= LEAST_ALONG * length) | (beside >= 5 * within_m)
    cosine = _cosine(line, lines, inside)
    turned = cosine if not both else np.abs(cosine)
    found: Rows = rows[near & (turned > np.cos(np.pi / 4))]
    return found


def _cosine(
    line: shapely.LineString, lines: NDArray[np.object_], inside: NDArray[np.object_]
) -> NDArray[np.float64]:
    """Return the cosine of the angle between the line and each street where they are near."""
    middle = shapely.line_interpolate_point(
        line, shapely.line_locate_point(line, shapely.centroid(inside))
    )
    own = _direction(lines, shapely.line_locate_point(lines, middle), shapely.length(lines))
    there = np.full(len(lines), line, object)
    at = shapely.line_locate_point(line, middle)
    drawn = _direction(there, at, np.full(len(lines), line.length))
    found: NDArray[np.float64] = (own * drawn).sum(axis=1)
    return found


def _direction(
    lines: NDArray[np.object_], at: NDArray[np.float64], length: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the direction of lines at a place, over 10 m or the whole."""
    half = np.minimum(5.0, length / 2)
    at = np.clip(at, half, length - half)
    first = shapely.get_coordinates(shapely.line_interpolate_point(lines, at - half))
    last = shapely.get_coordinates(shapely.line_interpolate_point(lines, at + half))
    step = last - first
    found: NDArray[np.float64] = step / np.maximum(np.hypot(*step.T), 1e-9)[:, None]
    return found


def _with_opposite(streets: gpd.GeoDataFrame, rows: Rows, among: Mask | None) -> Rows:
    other = opposite(streets, rows)
    other = other[other >= 0]
    both = np.union1d(rows, other)
    return both if among is None else both[among[both]]


def opposite(streets: gpd.GeoDataFrame, rows: Rows) -> Rows:
    """Return the row of the opposite link of each, -1 where there is none."""
    names = pd.Index(streets["reverse_id"].iloc[rows])
    found: Rows = streets.index.get_indexer(names)
    found[names.isna()] = -1
    return found


def one_of_two(streets: gpd.GeoDataFrame, rows: Rows) -> Rows:
    """Return of two opposite links only the one that stands first in the alphabet."""
    back = streets["reverse_id"].iloc[rows].to_numpy(object)
    known = np.array([isinstance(name, str) for name in back], bool)
    later = np.zeros(len(rows), bool)
    later[known] = back[known] < streets.index[rows].to_numpy(object)[known]
    found: Rows = rows[~(later & np.isin(opposite(streets, rows), rows))]
    return found


def _share(streets: gpd.GeoDataFrame, share: StreetShare, rows: Rows) -> Rows:
    """Take a share of the streets; both directions of one count as one and stay together."""
    first = one_of_two(streets, rows)
    ids = streets.index[first]
    if share.order == "random":
        values = lots(ids, "share")
    else:
        values = streets[share.by].to_numpy(float)[first]
        first, ids, values = (part[~np.isnan(values)] for part in (first, ids, values))
    order = ranked(values, ids, highest=share.order == "highest")
    chosen = first[order[: round_half_up(len(first) * share.percent / 100)]]
    other = opposite(streets, chosen)
    return np.union1d(chosen, np.intersect1d(other[other >= 0], rows))


def street_problems(state: State, selector: StreetSelector) -> list[Problem]:
    """Return what a selector names that is not there, each with the nearest there is."""
    streets = state.city.streets
    ways = pd.Index(streets["way_id"].unique()) if selector.ids else streets.index
    found = [
        Problem("unknown_id", say("There is no street {ids}.", ids=(name,)),
                _nearest(name, [*_beside(streets.index, name), *_beside(ways, name)]))
        for name in _lost_ids(streets, selector.ids)
    ]  # fmt: skip
    names = streets["name"].dropna().unique() if selector.names else ()
    folded = {str(name).casefold(): str(name) for name in names}
    found += [
        Problem("unknown_name", say("There is no street called {ids}.", ids=(word,)),
                _nearest(word.casefold(), folded, folded))
        for word in selector.names if word.casefold() not in folded
    ]  # fmt: skip
    found += district_problems(state, selector.districts)
    return found + ([] if selector.around is None else selector.around.problems(state))


def _lost_ids(streets: gpd.GeoDataFrame, ids: tuple[str, ...]) -> list[str]:
    lost = [name for name in ids if name not in streets.index]
    if lost:
        ways = set(streets["way_id"][streets["way_id"].isin(lost)])
        cut = streets.index[streets.index.str.contains(PART, regex=False)]
        olds = {old for name in cut for old in _olds(name)}
        lost = [name for name in lost if name not in ways and name not in olds]
    return lost


def _beside(index: pd.Index[str], name: str, count: int = 40) -> list[str]:
    """Return the ids that stand nearest to a name in the alphabet."""
    words = np.sort(index.to_numpy(object))
    at = int(np.searchsorted(words, name))
    return list(words[max(at - count, 0) : at + count])


def _nearest(
    word: str, known: Iterable[str], shown: Mapping[str, str] | None = None
) -> Sentence | None:
    near = difflib.get_close_matches(word, dict.fromkeys(known), n=4, cutoff=0.5)
    words = tuple(shown[name] if shown else name for name in near)
    return say("Perhaps: {near}.", near=words) if words else None


def district_problems(state: State, words: Iterable[str]) -> list[Problem]:
    """Return the districts that are named and not there."""
    districts = state.city.districts
    known = {*districts.index, *districts["name"].str.casefold()}
    lost = [word for word in words if word not in known and word.casefold() not in known]
    if not lost:
        return []
    return [
        Problem(
            "unknown_district",
            say("There is no district {ids}.", ids=listed(lost)),
            say("Districts are: {known}.", known=listed(sorted(districts["name"]), 12)),
        )
    ]
