"""How well modelled values fit measured ones, in numbers and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

Step = Literal["hour", "month"]
Level = Literal["good", "poor", "unknown"]

LIMITS: dict[Step, tuple[float, float]] = {"hour": (30.0, 10.0), "month": (15.0, 5.0)}
"""Highest CV(RMSE) and NMBE of a calibrated model [%], ASHRAE Guideline 14-2014."""
LEAST: dict[Step, int] = {"hour": 24, "month": 6}
"""Values below which nothing is said (own rule; Guideline 14 wants a year of them)."""
GOOD_GEH, GOOD_SHARE = 5.0, 85.0
"""GEH below 5 on 85 % of the counted hours (DMRB 12.2.1; TAG unit M3.1; HBS 2015 knows GEH)."""
LEAST_HOURS = 12


class Verdict(NamedTuple):
    """Whether a model is good enough, and the sentence that says so with its numbers."""

    level: Level
    said: Sentence


@dataclass(frozen=True)
class Fit:
    """
    Measures of fit over pairs of measured and modelled values; NaN where they are not defined.

    `bias`, `mae`, `rmse` are in the unit of the values, `cv_rmse` and `nmbe` in % of the measured
    mean. A bias above zero: the model is too high.
    """

    n: int
    mean_observed: float
    mean_modelled: float
    bias: float
    mae: float
    rmse: float
    cv_rmse: float
    nmbe: float
    r2: float  # of determination: 1 - squared errors / squared distances from the mean; can be < 0
    correlation: float


def fit_of(observed: ArrayLike, modelled: ArrayLike) -> Fit:
    """
    Return how well modelled values fit measured ones.

    bias = mean(m - o); CV(RMSE) = sqrt(sum (m - o)^2 / (n - 1)) / mean(o); NMBE = sum (m - o) /
    ((n - 1) mean(o)), both in %. Source: ASHRAE Guideline 14-2014 with p = 1; it writes NMBE with
    the other sign, its limits are for the absolute value.

    >>> fit = fit_of([100, 200, 300], [110, 190, 330])
    >>> fit.bias, round(fit.cv_rmse, 2), round(fit.nmbe, 2)
    (10.0, 11.73, 7.5)

    Parameters
    ----------
    observed, modelled
        Of the same length and in one unit; two series are brought together by their index. Pairs
        in which one is missing are left out.

    Raises
    ------
    ModelError
        They are of different lengths.
    """
    o, m = _pairs(observed, modelled)
    n = len(o)
    if not n:
        return Fit(0, *[float("nan")] * 9)
    wrong = m - o
    mean, squares = float(o.mean()), float(np.square(wrong).sum())
    spread, spread_m = float(np.square(o - mean).sum()), float(np.square(m - m.mean()).sum())
    together = float(((o - mean) * (m - m.mean())).sum())
    return Fit(
        n,
        mean,
        float(m.mean()),
        float(wrong.mean()),
        float(np.abs(wrong).mean()),
        float(np.sqrt(squares / n)),
        _ratio(100.0 * np.sqrt(squares / max(n - 1, 1)), mean) if n > 1 else float("nan"),
        _ratio(100.0 * float(wrong.sum()) / max(n - 1, 1), mean) if n > 1 else float("nan"),
        1.0 - _ratio(squares, spread),
        _ratio(together, float(np.sqrt(spread * spread_m))),
    )


def verdict(fit: Fit, step: Step = "hour") -> Verdict:
    """Return whether a model of energy is calibrated after ASHRAE Guideline 14."""
    if fit.n < LEAST[step]:
        return Verdict(
            "unknown",
            say(
                "Values that can be compared: {count}; at least {least} are needed to judge.",
                count=fit.n,
                least=LEAST[step],
            ),
        )
    if not np.isfinite(fit.cv_rmse):
        return Verdict("unknown", say("The measured mean is not above 0; no share of it is told."))
    most_cv, most_bias = LIMITS[step]
    values = {
        "cv": three_digits(fit.cv_rmse),
        "most_cv": most_cv,
        "nmbe": three_digits(fit.nmbe),
        "most_nmbe": most_bias,
    }
    if fit.cv_rmse <= most_cv and abs(fit.nmbe) <= most_bias:
        return Verdict(
            "good",
            say(
                "Good: scatter CV(RMSE) {cv} % (at most {most_cv} %), bias NMBE {nmbe} % (at most"
                " {most_nmbe} % up or down); limits of ASHRAE Guideline 14.",
                **values,
            ),
        )
    return Verdict(
        "poor",
        say(
            "Not good enough: scatter CV(RMSE) {cv} % (at most {most_cv} %), bias NMBE {nmbe} % (at"
            " most {most_nmbe} % up or down); limits of ASHRAE Guideline 14.",
            **values,
        ),
    )


def geh_verdict(geh: ArrayLike) -> Verdict:
    """Return whether modelled traffic is good enough, from the GEH of counted hours."""
    values = np.asarray(geh, np.float64)
    values = values[np.isfinite(values)]
    if len(values) < LEAST_HOURS:
        return Verdict(
            "unknown",
            say(
                "Counted hours to compare: {count}; at least {least} are needed to judge.",
                count=len(values),
                least=LEAST_HOURS,
            ),
        )
    share = 100.0 * float((values < GOOD_GEH).mean())
    told = {"share": three_digits(share), "count": len(values), "aim": GOOD_SHARE}
    if share >= GOOD_SHARE:
        return Verdict(
            "good",
            say(
                "Good: GEH is below 5 in {share} % of {count} counted hours; {aim} % are asked for"
                " (DMRB, TAG M3.1).",
                **told,
            ),
        )
    return Verdict(
        "poor",
        say(
            "Not good enough: GEH is below 5 in {share} % of {count} counted hours; {aim} % are"
            " asked for (DMRB, TAG M3.1).",
            **told,
        ),
    )


def three_digits(value: float) -> float:
    """
    Return a number as it is said: three digits of it.

    >>> three_digits(1234.5), three_digits(0.012345)
    (1230.0, 0.0123)
    """
    return float(f"{value:.3g}")


def _ratio(value: float, by: float) -> float:
    return float(value / by) if by > 0 else float("nan")


def _pairs(observed: ArrayLike, modelled: ArrayLike) -> tuple[Floats, Floats]:
    if isinstance(observed, pd.Series) and isinstance(modelled, pd.Series):
        both = pd.concat([observed, modelled], axis=1, join="inner")
        o, m = both.to_numpy(np.float64).T
    else:
        o, m = (np.asarray(values, np.float64).ravel() for values in (observed, modelled))
    if len(o) != len(m):
        template = "{observed} measured values cannot be compared with {modelled} modelled ones."
        hint = "Give both for the same hours."
        raise ModelError(template, hint=hint, observed=len(o), modelled=len(m))
    there = np.isfinite(o) & np.isfinite(m)
    return o[there], m[there]
