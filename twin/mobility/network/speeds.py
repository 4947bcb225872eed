"""How fast cars, bicycles and people on foot move on a street, free of junctions and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.mobility.network.links import by_category

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

COBBLED = ("cobble", "sett", "pebble", "unhewn")
LOOSE = (
    "sand", "grass", "ground", "dirt", "earth", "mud", "gravel", "unpaved", "stone_chips",
    "woodchips",
)  # fmt: skip
COMPACTED = ("compacted", "fine_gravel", "fine gravel", "grass_paver", "lanes")
KINDS = (("cobbled", COBBLED), ("compacted", COMPACTED), ("loose", LOOSE))
UNPAVED_CLASSES = ("track", "path", "bridleway")


def car_speed_kmh(streets: pd.DataFrame, given: Assumptions, mode: str = "car") -> Floats:
    """
    Return the free speed of cars or lorries [km/h] by street.

    A share of the speed limit by class (`network.car_speed_share`), at most the speed such
    vehicles drive where nothing else binds them.
    """
    limit = streets["speed_kmh"].to_numpy(float)
    speed = limit * by_category(given, "network.car_speed_share", streets["class"])
    top = np.full(len(speed), given[f"network.speed_top.{mode}"])
    if mode == "truck":
        fast = streets["class"].isin(["motorway", "trunk"]).to_numpy()
        top = np.where(fast, top, given["network.rural_truck"])
    return np.asarray(np.minimum(speed, top), float)


def bike_speed_kmh(gradient_percent: Floats, given: Assumptions) -> Floats:
    """
    Return the riding speed on asphalt [km/h] by gradient (in the direction of riding).

    v = v_flat - 1.44 km/h per % uphill, + 0.86 km/h per % downhill, within limits; Parkin and
    Rotheram 2010 (as generally quoted). Missing gradients count as flat.
    """
    slope = np.nan_to_num(gradient_percent)
    up = given["network.bike_gradient_slope.uphill"] * np.maximum(slope, 0)
    down = given["network.bike_gradient_slope.downhill"] * np.maximum(-slope, 0)
    least, most = (given[f"network.bike_speed_limits.{end}"] for end in ("least", "most"))
    return np.clip(given["network.bike_speed"] - up + down, least, most)


def walk_speed_kmh(gradient_percent: Floats, given: Assumptions) -> Floats:
    """
    Return the walking speed [km/h] by gradient (in the direction of walking).

    v = v_flat exp(-3.5 (|s + 0.05| - 0.05)), s rise per way: Tobler's hiking function of 1993,
    scaled to the speed on the flat; fastest 5 % downhill. Missing gradients count as flat.
    """
    slope = np.nan_to_num(gradient_percent) / 100
    decay = given["network.walk_gradient_decay"]
    return np.asarray(
        given["network.walk_speed"] * np.exp(-decay * (np.abs(slope + 0.05) - 0.05)), float
    )


def surface_kind(streets: pd.DataFrame) -> NDArray[np.object_]:
    """
    Return "paved", "cobbled", "compacted" or "loose" by street.

    Where the surface is not known tracks and paths count as compacted, streets as paved.
    """
    words = pd.Categorical(streets["surface"].astype(object))
    lower = words.categories.astype(str).str.lower()
    kinds = [next((kind for kind, parts in KINDS if _has(word, parts)), "paved") for word in lower]
    known = np.array([*kinds, ""], object)[words.codes]
    unknown = np.where(streets["class"].isin(UNPAVED_CLASSES).to_numpy(), "compacted", "paved")
    return np.where(known == "", unknown, known).astype(object)


def _has(word: str, parts: tuple[str, ...]) -> bool:
    """Tell whether any part is in a word."""
    return any(part in word for part in parts)
