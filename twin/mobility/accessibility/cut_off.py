"""What a measure cuts off: allowed, but said loudly, with numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.sentences import Sentence, Word, listed, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from twin.mobility.tables import Access, ModeNetwork

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CutOff:
    """One thing that had a way and has none any more."""

    code: str  # buildings_without_way, facility_without_way, facility_moved_away
    mode: str
    kind: str  # of FACILITIES, "" for any
    count: int  # buildings or facilities
    residents: float
    sentence: Sentence
    examples: tuple[str, ...] = ()  # at most five ids


def cut_off(
    before: pd.DataFrame, after: pd.DataFrame, residents: pd.Series[float], *, mode: str
) -> list[CutOff]:
    """
    Return what buildings cannot reach any more, one entry a kind of facility, the worst first.

    `before` and `after` are minutes by building and kind (inf: no way). Buildings that lose every
    kind they had are said once, as buildings without any way, not once a kind.
    """
    rows = before.index.intersection(after.index)
    kinds = before.columns.intersection(after.columns, sort=False)
    was = np.isfinite(before.loc[rows, kinds].to_numpy(float))
    stays = np.isfinite(after.loc[rows, kinds].to_numpy(float))
    lived = np.asarray(residents.reindex(rows).fillna(0.0), np.float64)
    lost = was & ~stays
    shut = lost.any(axis=1) & ~stays.any(axis=1)
    found = [_buildings(rows, shut, lived, mode, "")] if shut.any() else []
    for column, kind in enumerate(kinds):
        some = lost[:, column] & ~shut
        if some.any():
            found.append(_buildings(rows, some, lived, mode, str(kind)))
    return sorted(found, key=lambda entry: (-entry.residents, -entry.count, entry.kind))


def _buildings(
    rows: pd.Index[str],
    chosen: NDArray[np.bool_],
    lived: Floats,
    mode: str,
    kind: str,
) -> CutOff:
    count, people = int(chosen.sum()), round(float(lived[chosen].sum()))
    names = tuple(sorted(rows[chosen])[:5])
    values = {"count": count, "residents": people, "mode": Word(mode, "trip_mode")}
    if not kind:
        sentence = say(
            "Nothing is reached any more ({mode}): buildings {count}, residents {residents}.",
            **values,
        )
        return CutOff("buildings_without_way", mode, "", count, people, sentence, names)
    sentence = say(
        "No way leads to {kind} any more ({mode}): buildings {count}, residents {residents}.",
        kind=Word(kind, "facility"), **values,
    )  # fmt: skip
    return CutOff("buildings_without_way", mode, kind, count, people, sentence, names)


def cut_off_facilities(
    facilities: pd.DataFrame,
    before: tuple[ModeNetwork, Access],
    after: tuple[ModeNetwork, Access],
    *,
    kinds: Iterable[str] = ("health", "school", "kindergarten", "daily_needs"),
) -> list[CutOff]:
    """
    Return facilities that could be reached and cannot be any more, hospitals first.

    A facility is reached where one of its ends lies on the main part of the network. It has lost
    its access where that is so no more, or where the street it stood on is closed to the mode and
    the next one lies `FAR_S` or more farther than before (the rest must then be walked).
    """
    mode = before[0].mode
    chosen = facilities["kind"].isin(list(kinds)).to_numpy()
    old, new = (_seconds_to_main(network, access) for network, access in (before, after))
    with np.errstate(invalid="ignore"):
        farther = new - old
    gone = chosen & np.isfinite(old) & ~np.isfinite(new)
    moved = chosen & np.isfinite(old) & np.isfinite(new) & (farther >= FAR_S)
    found = [
        *_facilities(facilities, gone, mode, far=False),
        *_facilities(facilities, moved, mode, far=True),
    ]
    return sorted(found, key=lambda entry: (entry.kind != "health", entry.kind, entry.code))


FAR_S = 120.0
"""Seconds on foot to the next open street that make a facility count as cut off."""


def _seconds_to_main(network: ModeNetwork, access: Access) -> Floats:
    """Return the seconds from each point to its street, inf where that is off the main part."""
    on_main = np.zeros(network.graph.n + 1, bool)
    on_main[network.graph.tails[network.main]] = True
    on_main[network.graph.heads[network.main]] = True
    ends, seconds = access.arriving()
    there = (on_main[ends] & np.isfinite(seconds)).any(axis=1)  # -1, no node, is the last place
    near = seconds.min(axis=1) if access.detour_s is None else access.detour_s
    return np.where(there, near, np.inf)


def _facilities(
    table: pd.DataFrame, chosen: NDArray[np.bool_], mode: str, *, far: bool
) -> list[CutOff]:
    found = []
    once = table[chosen].drop_duplicates("id")
    for kind, of_kind in once.groupby("kind", sort=True):
        hospitals = of_kind["place"] == "hospital"
        names = of_kind["name"].where(of_kind["name"] != "", of_kind["id"])
        for part in (of_kind[hospitals], of_kind[~hospitals]):
            if not len(part):
                continue
            word = "hospital" if part is not of_kind and hospitals[part.index[0]] else str(kind)
            values = {
                "count": len(part), "kind": Word(word, "facility"), "mode": Word(mode, "trip_mode"),
                "names": listed(names[part.index]),
            }  # fmt: skip
            found.append(_facility(values, str(kind), mode, far=far, ids=tuple(part["id"][:5])))
    return found


def _facility(
    values: dict[str, object], kind: str, mode: str, *, far: bool, ids: tuple[str, ...]
) -> CutOff:
    if far:
        sentence = say(
            "The street in front of {names} is closed ({kind}: {count}); "
            "the rest must be walked ({mode}).",
            **values,
        )
    else:
        sentence = say("No way leads to {names} any more ({kind}: {count}; {mode}).", **values)
    code = "facility_moved_away" if far else "facility_without_way"
    return CutOff(code, mode, kind, int(str(values["count"])), 0.0, sentence, ids)
