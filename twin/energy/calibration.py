"""
From calculated demand to expected consumption: a factor for each building, in the open.

People in houses that need much heat less, in those that need little heat more than the calculation
assumes (prebound and rebound). Where consumption by Baublock was measured, its sum is met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.provenance import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

__all__ = ["calibration", "calibration_findings", "check_measured", "prebound"]

ESTIMATED = "estimated:prebound"
MEASURED = "measured:block"
COLUMN = "heat_kwh"


def prebound(calculated_kwh_m2: Floats, given: Assumptions) -> Floats:
    """
    Return expected over calculated heat, by the calculated useful heat [kWh/(m²a)].

    The relation was found for delivered heat, hence `stock.delivered_per_useful`. It is linear
    between its points and constant beyond, and expected heat never falls when calculated rises.
    """
    table = given.by_class("stock.prebound")
    points = sorted(table, key=float)
    delivered = calculated_kwh_m2 * given["stock.delivered_per_useful"]
    factor = np.interp(delivered, [float(p) for p in points], [table[p] for p in points])
    return np.asarray(factor, float)


def calibration(
    stock: pd.DataFrame,
    calculated_kwh_m2: pd.Series[float],
    given: Assumptions,
    *,
    measured: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Return `factor` and `factor_source` of each building: times calculated is expected heat.

    Parameters
    ----------
    stock
        Follows `twin.schema.STOCK`.
    calculated_kwh_m2
        Useful heat for rooms and hot water of each building and m² of heated area.
    measured
        By block_id: column `heat_kwh`, useful heat of a year, and, if it has one, `source`. The sum
        of the block's buildings then equals it; blocks without heated buildings are passed over,
        see `calibration_findings`.

    Raises
    ------
    ModelError
        Measured heat below zero, missing, or doubled.
    """
    each = _each(stock, calculated_kwh_m2)
    table = pd.DataFrame({"factor": prebound(each, given), "factor_source": ESTIMATED}, stock.index)
    if measured is None or measured.empty:
        return table
    check_measured(measured)
    expected = _by_block(stock, table["factor"].to_numpy() * each)
    ratio = measured[COLUMN] / expected.reindex(measured.index)
    ratio = ratio[np.isfinite(ratio)]
    own = stock["block_id"].map(ratio)
    label = _labels(stock, measured)
    return table.assign(
        factor=table["factor"] * own.fillna(1.0),
        factor_source=table["factor_source"].mask(own.notna(), label),
    )


def calibration_findings(
    stock: pd.DataFrame,
    calculated_kwh_m2: pd.Series[float],
    given: Assumptions,
    *,
    measured: pd.DataFrame,
) -> tuple[Finding, ...]:
    """Return what is odd about measured consumption: blocks that no building explains."""
    each = _each(stock, calculated_kwh_m2)
    expected = _by_block(stock, prebound(each, given) * each).reindex(measured.index).fillna(0.0)
    ratio = measured[COLUMN] / expected.where(expected > 0)
    nobody = measured.index[(expected <= 0) & (measured[COLUMN] > 0)]
    little = measured.index[ratio < given["stock.measured_least"]]
    much = measured.index[ratio > given["stock.measured_most"]]
    found = (
        (
            "block_without_heat",
            nobody,
            "{count} of {total} measured blocks hold no heated building.",
        ),
        (
            "block_below_expected",
            little,
            "{count} of {total} blocks use far less heat than expected.",
        ),
        (
            "block_above_expected",
            much,
            "{count} of {total} blocks use far more heat than expected.",
        ),
    )
    return tuple(
        Finding(code, "blocks", len(ids), text, "warning", tuple(map(str, ids[:5])), len(measured))
        for code, ids, text in found
        if len(ids)
    )


def _each(stock: pd.DataFrame, calculated_kwh_m2: pd.Series[float]) -> Floats:
    values = calculated_kwh_m2.reindex(stock.index).fillna(0.0)
    return np.asarray(values, np.float64)


def _by_block(stock: pd.DataFrame, heat_kwh_m2: Floats) -> pd.Series[float]:
    """Return heat by block [kWh]; added up in the order of ids, whatever the order of rows."""
    heat = pd.Series(heat_kwh_m2 * stock["heated_area_m2"].to_numpy(float), stock.index)
    ordered = heat.sort_index()
    return ordered.groupby(stock["block_id"].reindex(ordered.index)).sum()


def _labels(stock: pd.DataFrame, measured: pd.DataFrame) -> pd.Series[str]:
    """Return the label of each building's block: its own source, else `measured:block`."""
    if "source" not in measured:
        return pd.Series(MEASURED, stock.index)
    return stock["block_id"].map(measured["source"]).fillna(MEASURED)


def check_measured(measured: pd.DataFrame) -> None:
    """Raise one error that names every block whose measured heat cannot be used."""
    heat = measured[COLUMN].to_numpy("float64", na_value=np.nan)
    wrong = ~(np.isfinite(heat) & (heat >= 0)) | measured.index.duplicated()
    if wrong.any():
        ids = ", ".join(map(str, measured.index[wrong][:10]))
        template = "The measured heat of {count} blocks cannot be used: {ids}."
        hint = "Give one number of kWh a year for each block, zero or more."
        raise ModelError(template, hint=hint, count=int(wrong.sum()), ids=ids)
