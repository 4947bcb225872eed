"""What draws people to a zone, by purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import PURPOSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

CENTRE_CLASSES = ("shop", "daily_needs", "food", "bank_post", "health", "culture", "public_service")
"""Places that stand close together where parking is scarce."""


def place_counts(places: pd.DataFrame, row: NDArray[np.intp], n: int) -> pd.DataFrame:
    """
    Return how many places of each kind there are by zone: (n, kinds).

    A kind is a class of places, or the detail of one where that is a word of its own
    (`supermarket`, `primary_school`): a place counts for both.
    """
    kind = places["class"].astype(object).to_numpy()
    detail = places["detail"].astype(object).fillna("").str.replace(" ", "_").to_numpy()
    rows = pd.DataFrame(
        {"zone": np.concatenate([row, row]), "kind": np.concatenate([kind, detail])}
    )
    repeated = np.concatenate([np.zeros(len(kind), bool), (detail == kind) | (detail == "")])
    counts = pd.crosstab(rows["zone"][~repeated], rows["kind"][~repeated])
    return counts.reindex(range(n), fill_value=0).astype(float)


def attractions(
    counts: pd.DataFrame, zones: Mapping[str, Floats], given: Assumptions
) -> dict[str, Floats]:
    """
    Return the attraction of each zone by purpose: weights x (places, jobs, residents).

    `zones` holds `jobs`, `jobs_<sector>`, `residents` and `education_area` (m²). Work goes by jobs,
    education by places to learn (area of school buildings where no school is on the map).
    """
    found = {"work": zones["jobs"], "education": _education(counts, zones, given)}
    for purpose in PURPOSES[2:]:
        weights = given.by_class(f"demand.attraction_{purpose}")
        found[purpose] = _weighted(counts, zones, weights)
    return found


def _weighted(
    counts: pd.DataFrame, zones: Mapping[str, Floats], weights: Mapping[str, float]
) -> Floats:
    total = np.zeros(len(counts))
    for name, weight in _own_weights(weights).items():
        if name in zones:
            total = total + weight * zones[name]
        elif name in counts:
            total = total + weight * counts[name].to_numpy()
    return total


DETAILS = {"supermarket": "daily_needs", "primary_school": "school", "secondary_school": "school"}
"""Details with a weight of their own, and the class each is part of."""


def _own_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights of details as what they add to their class, which counts them already."""
    return {
        name: weight - weights.get(DETAILS.get(name, ""), 0.0) for name, weight in weights.items()
    }


def _education(counts: pd.DataFrame, zones: Mapping[str, Floats], given: Assumptions) -> Floats:
    places = _weighted(counts, {}, given.by_class("demand.pupils_per_place"))
    return places if places.sum() > 0 else zones["education_area"]
