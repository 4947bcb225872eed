"""Answers that are kept: the least recently used go first, by number and by what they weigh."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from typing import TYPE_CHECKING

from twin.weight import arrays_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from twin.simulate.results import Results


class Kept:
    """
    Results by hash; not safe for threads, its owner locks.

    Parameters
    ----------
    most
        Scenarios kept; those `pinned` come on top.
    most_bytes
        What all of them may weigh; beyond it pinned ones go, too, but never the newest.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self.most, self.most_bytes = most, most_bytes
        self._results: OrderedDict[str, Results] = OrderedDict()
        self._weights: dict[str, dict[int, dict[int, int]]] = {}  # by scenario, year and place

    def __contains__(self, hash_: object) -> bool:
        """Tell whether there is an answer."""
        return hash_ in self._results

    def __len__(self) -> int:
        """Count the scenarios."""
        return len(self._results)

    def get(self, hash_: str) -> Results | None:
        """Return an answer, which makes it the one used last."""
        if hash_ in self._results:
            self._results.move_to_end(hash_)
        return self._results.get(hash_)

    def put(self, hash_: str, results: Results) -> None:
        """Keep the years of an answer beside those that are there already."""
        before = self._results.pop(hash_, None)
        years = {**(before.years if before else {}), **results.years}
        ordered = {year: years[year] for year in sorted(years)}
        self._results[hash_] = dataclasses.replace(results, years=ordered)

    def drop(self, *, base: Callable[[str], bool], pinned: Callable[[str], bool]) -> list[str]:
        """
        Let the oldest go until number and weight are within their limits; return who went.

        `base` never goes, `pinned` only for its weight.
        """
        gone = [
            key
            for key in list(self._results)[:-1]
            if not base(key) and not pinned(key)
        ][: max(0, len(self._results) - self.most)]  # fmt: skip
        for key in gone:
            del self._results[key]
        while self.weight() > self.most_bytes:
            loose = [key for key in list(self._results)[:-1] if not base(key)]
            if not loose:
                break
            oldest = min(loose, key=pinned)  # the order of use breaks ties
            del self._results[oldest]
            gone.append(oldest)
        return gone

    def measure(self) -> None:
        """Weigh the years that are new; only the owner's one writing thread may, without a lock."""
        for key, results in list(self._results.items()):
            known = self._weights.get(key, {})
            self._weights[key] = {
                year: known[year] if year in known else arrays_in(found)
                for year, found in results.years.items()
            }
        for key in [key for key in self._weights if key not in self._results]:
            del self._weights[key]

    def weight(self) -> int:
        """Return the bytes of all tables that were measured, what several share counted once."""
        whole: dict[int, int] = {}
        for key in self._results:
            for places in self._weights.get(key, {}).values():
                whole |= places
        return sum(whole.values())
