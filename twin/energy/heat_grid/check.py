"""What is wrong with a plan, and what a finished design must tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import NETWORK_SOURCES
from twin.errors import ModelError
from twin.provenance import Finding

if TYPE_CHECKING:
    from twin.assumptions import Assumptions
    from twin.state import NetworkPlan

COLDEST_C, HOTTEST_C = 5.0, 160.0


def check_plan(plan: NetworkPlan) -> None:
    """
    Refuse a plan that makes no sense.

    Raises
    ------
    ModelError
        Naming every fault of sources and temperatures at once.
    """
    faults = [
        f"{name}: {share}"
        for name, share in plan.sources.items()
        if name not in NETWORK_SOURCES or not 0 <= share <= 1
    ]
    total = sum(plan.sources.values())
    if not abs(total - 1) < 1e-6:
        faults.append(f"sum: {total:.4g}")
    if not COLDEST_C <= plan.return_c < plan.flow_c <= HOTTEST_C:
        faults.append(f"{plan.flow_c:.4g} / {plan.return_c:.4g} °C")
    if faults:
        template = "The heat network {network} cannot work: {faults}."
        hint = (
            "Sources are known ones with shares of 0 to 1 that sum to 1; the flow is hotter than "
            "the return, 5 to 160 °C."
        )
        raise ModelError(template, hint=hint, network=plan.name, faults=", ".join(faults))


def check_customers(connected: pd.DataFrame, known: pd.Index[str]) -> None:
    """
    Refuse customers that the city does not have, that stand twice or whose heat is no number.

    Raises
    ------
    ModelError
        Naming the first few.
    """
    values = connected[["annual_kwh", "peak_kw"]].to_numpy(float)
    bad = ~(np.isfinite(values) & (values >= 0)).all(axis=1)
    strange = (known.get_indexer(connected.index) < 0) | connected.index.duplicated()
    faulty = connected.index[bad | strange]
    if len(faulty):
        template = "{count} buildings cannot be connected to a heat network: {buildings}."
        hint = "Each is a whole building of the city, once, with heat and peak of at least 0."
        named = ", ".join(sorted(map(str, faulty))[:5])
        raise ModelError(template, hint=hint, count=len(faulty), buildings=named)


def layout_findings(
    plan: NetworkPlan,
    houses: pd.DataFrame,
    pipes: pd.DataFrame,
    drawn: pd.Index[str],
    given: Assumptions,
) -> tuple[Finding, ...]:
    """Report customers that are not reached, drawn streets without use and pipes at their limit."""
    used = pd.Index(pipes["section_id"].unique())
    unused = len(drawn.difference(used))
    added = len(used.difference(drawn)) if len(drawn) else 0
    hot = plan.flow_c > given["grid.plastic_limit"]
    plastic = int(pipes["dn"].astype(str).str.startswith("PEX").sum()) if hot else 0
    seen = [
        Finding(
            "network_no_street", "buildings", int((houses["reason"] == "no_street").sum()),
            "{count} of {total} buildings have no street near enough for a heat pipe.", "warning",
            _some(houses, "no_street"), len(houses),
        ),
        Finding(
            "network_separate", "buildings", int((houses["reason"] == "separate_streets").sum()),
            "{count} of {total} buildings lie at streets that do not join those of the network.",
            "warning", _some(houses, "separate_streets"), len(houses),
        ),
        Finding(
            "network_unused_streets", "streets", int(unused),
            "{count} of {total} drawn street sections carry no pipe: dead ends without customers, "
            "or they would close a ring.", "info", total=len(drawn),
        ),
        Finding(
            "network_added_streets", "streets", added,
            "{count} street sections carry a pipe that are not drawn: without them the {total} "
            "drawn ones do not hang together.", "info", total=len(drawn),
        ),
        Finding(
            "network_overloaded", "pipes", int(pipes["overloaded"].sum()),
            "{count} of {total} pipes would have to be larger than the largest one known.",
            "warning", total=len(pipes),
        ),
        Finding(
            "network_plastic", "pipes", plastic,
            "{count} of {total} pipes are of plastic, which does not stand this flow temperature.",
            "warning", total=len(pipes),
        ),
        Finding(
            "network_empty", "buildings", int(not houses["reached"].any()),
            "The heat network has no customers.", "warning",
        ),
    ]  # fmt: skip
    return tuple(finding for finding in seen if finding.count > 0)


def _some(houses: pd.DataFrame, reason: str) -> tuple[str, ...]:
    return tuple(houses.index[houses["reason"] == reason][:5])


def pressure_findings(pressure_kpa: float, given: Assumptions) -> tuple[Finding, ...]:
    """Report a network that one set of pumps at the plant cannot press through."""
    limit = given["grid.max_pressure"]
    if pressure_kpa <= limit:
        return ()
    finding = Finding(
        "network_pressure", "pipes", round(pressure_kpa),
        "The pumps at the plant would have to give {count} kPa, more than {total} kPa: the network "
        "needs further pumps on the way, a second plant or larger pipes.", "warning",
        total=round(limit),
    )  # fmt: skip
    return (finding,)


def law_findings(plan: NetworkPlan, renewable: float, given: Assumptions) -> tuple[Finding, ...]:
    """Report where the sources fall short of the law: 65 % for a new network, 100 % from 2045."""
    percent = int(np.floor(renewable * 100 + 1e-6))
    found = []
    if not plan.exists and renewable < given["grid.renewable_new"] - 1e-9:
        found.append(
            Finding(
                "network_law_new", "networks", percent,
                "{count} % of the heat of a new network would be renewable or unavoidable waste "
                "heat; the law asks for {total} %.", "fault",
                (plan.id,), round(given["grid.renewable_new"] * 100),
            )
        )  # fmt: skip
    if renewable < given["grid.renewable_2045"] - 1e-9:
        found.append(
            Finding(
                "network_law_2045", "networks", percent,
                "{count} % of the heat of the network would be renewable or unavoidable waste "
                "heat; by the end of 2044 the law asks for {total} %.",
                "fault" if plan.start_year >= 2045 else "warning",
                (plan.id,), round(given["grid.renewable_2045"] * 100),
            )
        )  # fmt: skip
    return tuple(found)
