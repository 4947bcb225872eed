"""Building stocks of a few and of many rows for the tests of this folder."""

import numpy as np
import pandas as pd

from twin.classes import BUILDING_USES, SIZE_CLASSES


def stock_of(**columns):
    """Return a stock with these columns; the others say residential, empty, block b0."""
    count = max((len(c) for c in columns.values() if not isinstance(c, str)), default=1)
    usual = {"use": "residential", "size_class": "detached", "heated_area_m2": 0.0,
             "dwellings": 0.0, "residents": 0.0, "block_id": "b0"}  # fmt: skip
    index = pd.Index([f"h{i:05}" for i in range(count)], name="building_id")
    return pd.DataFrame({**usual, **columns}, index=index)


def many(count, *, blocks=40, seed=1):
    """Return a stock of mixed uses, the same for a seed."""
    draw = np.random.default_rng(seed)
    use = draw.choice(BUILDING_USES, count, p=_mostly_homes())
    homes = np.isin(use, ["residential", "mixed"])
    dwellings = np.where(homes, draw.integers(1, 9, count), 0).astype(float)
    return stock_of(
        use=use,
        size_class=draw.choice(SIZE_CLASSES, count),
        heated_area_m2=draw.uniform(0, 900, count).round(1),
        dwellings=dwellings,
        residents=(dwellings * draw.uniform(1, 3, count)).round(2),
        block_id=np.char.add("b", draw.integers(0, blocks, count).astype(str)),
    )


def _mostly_homes():
    others = len(BUILDING_USES) - 1
    return [0.7, *[0.3 / others] * others]
