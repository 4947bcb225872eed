"""Numbers for the words of a category column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def codes_of(column: pd.Series[Any], classes: Sequence[str]) -> NDArray[np.intp]:
    """
    Return the place of each value in `classes`, -1 where it is missing.

    Raises
    ------
    ModelError
        The column holds words that are none of the classes.
    """
    if not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("category")
    words = column.cat.categories.tolist()
    places = {word: place for place, word in enumerate(classes)}
    place = np.array([*(places.get(word, -1) for word in words), -1], dtype="intp")
    codes = column.cat.codes.to_numpy()
    strange = [i for i, word in enumerate(words) if word not in places]
    used = [str(words[i]) for i in strange if (codes == i).any()]
    if used:
        template = "Column {column} holds {words}."
        hint = "Allowed are {allowed}."
        raise ModelError(
            template,
            hint=hint,
            column=column.name,
            words=", ".join(used),
            allowed=", ".join(classes),
        )
    return place[codes]
