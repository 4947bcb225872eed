"""Puts the answers of one year together, and what stands in for those that could not be given."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.classes import ACTORS
from twin.errors import TwinError
from twin.hashing import hash_parts
from twin.simulate.results import YearResults
from twin.simulate.supply import NETWORK_COLUMNS
from twin.simulate.tables import COSTS, PEAKS, PROFILES, Profiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.indicators.definition import Level
    from twin.simulate.stage import Chain
    from twin.simulate.supply import Networks
    from twin.state import State

TABLES = ("building_table", "cost_table", "hours", "network_table", "actors", "sums")
"""Answers that say everything of a year."""


def year_results(state: State, chain: Chain) -> YearResults:
    """Return the results of a year; stages that failed, where that is borne, leave gaps."""
    each = _or(chain, "building_table", None)
    if each is None:
        each = pd.DataFrame(index=state.stock.index)
    costs = _or(chain, "cost_table", None)
    if costs is None:
        costs = pd.DataFrame(np.nan, state.stock.index, list(COSTS))
    sums = chain["sums"]
    profiles = _or(chain, "hours", None) or _no_profiles(state, sums)
    networks = _or(chain, "networks", None)
    return YearResults(
        year=state.year,
        state=state,
        buildings=pd.concat([each, costs], axis=1),
        hourly=profiles.hourly,
        sums=sums,
        peaks=profiles.peaks,
        networks=_or(chain, "network_table", _nothing(NETWORK_COLUMNS, "network_id")),
        pipes=_pipes(state, networks),
        money=_or(chain, "actors", _nothing((*ACTORS, "total"), "what")),
        key=hash_parts(_key(chain, name) for name in TABLES),
        answers=replace(chain, cancelled=None),  # what is asked later is wanted
        findings=_findings(networks),
        said=_or(chain, "said", ()),
        failed=chain.failed,
    )


def _or(chain: Chain, name: str, instead: Any) -> Any:
    """Return an answer, or something instead of one that could not be given and need not be."""
    try:
        return chain[name]
    except TwinError:
        if not chain.partial:
            raise
        return instead


def _key(chain: Chain, name: str) -> str:
    try:
        return chain.key(name)
    except TwinError:
        return f"no {name}"  # only where that is borne: the table was asked for before


def _no_profiles(state: State, sums: Mapping[Level, pd.DataFrame]) -> Profiles:
    hourly = pd.DataFrame(np.nan, state.city.weather.index, list(PROFILES))
    areas = [(level, area) for level, table in sums.items() for area in table.index]
    index = pd.MultiIndex.from_tuples(areas, names=["level", "area"])
    return Profiles(hourly, pd.DataFrame(np.nan, index, list(PEAKS)))


def _nothing(columns: tuple[str, ...], name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns), index=pd.Index([], name=name, dtype="str"))


def _pipes(state: State, networks: Networks | None) -> Any:
    designs = networks.designs if networks else {}
    pipes = [design.pipes.assign(network_id=key) for key, design in designs.items()]
    laid = [table for table in pipes if len(table)]
    return pd.concat(laid) if laid else state.city.streets.iloc[:0][["geometry"]]


def _findings(networks: Networks | None) -> tuple[Any, ...]:
    designs = networks.designs.values() if networks else ()
    return tuple(
        ("" if design.plan.exists else design.plan.name, finding)
        for design in designs
        for finding in design.findings
    )
