"""Who gains and who loses when ways get shorter or longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.mobility.accessibility.profile import PERSON, whole_persons

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Wholes = NDArray[np.int64]

HUNDREDTH = 100  # minutes are summed in whole hundredths: sums do not depend on the order


def gains(
    before: pd.DataFrame,
    after: pd.DataFrame,
    people: pd.DataFrame,
    given: Assumptions,
    *,
    threshold_min: float | None = None,
) -> pd.DataFrame:
    """
    Return by kind of facility and group of residents who gains, who loses, and how much.

    Parameters
    ----------
    before, after
        Minutes to the nearest facility by building and kind; inf where there is no way. Buildings
        and kinds that only one of them has are left out (nobody can compare them).
    people
        Persons by building and group, see `people.groups`.
    threshold_min
        Change that counts, in minutes; `accessibility.gain_threshold` where not given. One who had
        no way and has one gains, one who loses the last way loses.

    Returns
    -------
    DataFrame
        Index (kind, *levels of the groups); persons: `residents`, `gain`, `lose`, `new_way`,
        `lost_way` (the last two also counted in gain and lose), `no_way` (afterwards);
        `minutes_before`, `minutes_after`, `change_min`: means by residents over those who have a
        way both times, missing where nobody has.
    """
    least = given["accessibility.gain_threshold"] if threshold_min is None else threshold_min
    kinds = before.columns.intersection(after.columns, sort=False)
    rows = before.index.intersection(after.index).intersection(people.index).sort_values()
    old = before.loc[rows, kinds].to_numpy(float)
    new = after.loc[rows, kinds].to_numpy(float)
    weight = whole_persons(people.loc[rows])
    sums = _sums(old, new, weight, least)
    index = [(kind, *_parts(group)) for kind in kinds for group in people.columns]
    names = ["kind", *(people.columns.names if people.columns.nlevels > 1 else ["group"])]
    table = pd.DataFrame(
        {name: values.T.ravel() / PERSON for name, values in sums.items()},
        pd.MultiIndex.from_tuples(index, names=names),
    )
    both = table.pop("both").where(lambda people: people > 0)
    for name in ("minutes_before", "minutes_after"):
        table[name] = table[name] / HUNDREDTH / both
    return table.assign(change_min=table["minutes_after"] - table["minutes_before"])


def _parts(group: object) -> tuple[object, ...]:
    return group if isinstance(group, tuple) else (group,)


def _sums(
    old: NDArray[np.float64], new: NDArray[np.float64], weight: Wholes, least: float
) -> dict[str, Wholes]:
    """Return sums of thousandth persons (groups, kinds), of minutes times a hundred."""
    was, stays = np.isfinite(old), np.isfinite(new)
    both = was & stays
    change = np.where(both, new, 0.0) - np.where(both, old, 0.0)

    def persons(chosen: NDArray[np.bool_]) -> Wholes:
        return weight.T @ chosen.astype(np.int64)

    def minutes(values: NDArray[np.float64]) -> Wholes:
        whole: Wholes = np.rint(np.where(both, values, 0.0) * HUNDREDTH).astype(np.int64)
        return weight.T @ whole

    return {
        "residents": persons(np.ones_like(both)),
        "gain": persons((change <= -least) & both | ~was & stays),
        "lose": persons((change >= least) & both | was & ~stays),
        "new_way": persons(~was & stays),
        "lost_way": persons(was & ~stays),
        "no_way": persons(~stays),
        "both": persons(both),
        "minutes_before": minutes(old),
        "minutes_after": minutes(new),
    }
