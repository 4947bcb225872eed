"""Places of classes: from the words of a category column to the rows of a table of figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def places(values: pd.Series[Any], classes: Sequence[str], otherwise: int = -1) -> NDArray[np.intp]:
    """
    Return the place of each value in `classes`, `otherwise` where it is missing or none of them.

    >>> places(pd.Series(["b", None, "c"]), ("a", "b")).tolist()
    [1, -1, -1]
    """
    words = values.astype("category")
    at = pd.Index(classes).get_indexer(words.cat.categories)
    at = np.append(np.where(at >= 0, at, otherwise), otherwise)
    return np.asarray(at[words.cat.codes.to_numpy()], np.intp)
