"""From a scenario to its results: the chain of models, stage year by stage year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.assumptions import Assumptions, assumptions
from twin.energy.calibration import check_measured
from twin.energy.heat_grid import existing_network_of, existing_networks
from twin.energy.stock import initial_stock
from twin.errors import ModelError
from twin.hashing import hash_parts
from twin.memo import Memo
from twin.scenario import Kept, Plan, Scenario, plan
from twin.simulate.changes import CHANGE_STAGES, Today
from twin.simulate.heat import HEAT_STAGES
from twin.simulate.mobility_tables import MOBILITY_STAGES
from twin.simulate.money import MONEY_STAGES
from twin.simulate.observed import Observed
from twin.simulate.parts import frame_key, parts_of
from twin.simulate.power import POWER_STAGES
from twin.simulate.reach import REACH_STAGES
from twin.simulate.results import Results
from twin.simulate.riders import RIDER_STAGES
from twin.simulate.stage import Chain, Part, Stage
from twin.simulate.streets import STREET_STAGES
from twin.simulate.supply import SUPPLY_STAGES
from twin.simulate.tables import TABLE_STAGES
from twin.simulate.traffic import TRAFFIC_STAGES
from twin.simulate.travel import TRAVEL_STAGES
from twin.simulate.years import year_results
from twin.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from twin.city import City

    Say = Callable[[str, float], None]

STAGES: tuple[Stage, ...] = (
    *HEAT_STAGES, *SUPPLY_STAGES, *POWER_STAGES, *MONEY_STAGES, *TABLE_STAGES,
    *STREET_STAGES, *REACH_STAGES, *TRAVEL_STAGES, *TRAFFIC_STAGES, *MOBILITY_STAGES,
    *CHANGE_STAGES, *RIDER_STAGES,
)  # fmt: skip
"""Every stage of the model; each knows what it needs."""

BASE_THEMES = ("city", "stock", "archetypes", "grid")
"""What the stock of today and the networks that stand are estimated from."""


def simulate(  # noqa: PLR0913 - what a run may be given
    city: City,
    scenario: Scenario,
    given: Assumptions | None = None,
    *,
    memo: Memo | None = None,
    measured: pd.DataFrame | None = None,
    rebase: bool = False,
    held: Results | None = None,
    observed: Observed | None = None,
    years: Collection[int] | None = None,
    cancelled: Callable[[], bool] | None = None,
    partial: bool = False,
    progress: Say | None = None,
) -> Results:
    """
    Return what follows from a scenario: a pure function of city, scenario and assumptions.

    Parameters
    ----------
    city
        The baseline, with weather.
    scenario
        Measures and own assumptions.
    given
        Assumptions; those that ship with the program where left out.
    memo
        Keeps answers of stages; hand in the same one again and only what an edit reaches is
        worked out. The results do not depend on it.
    measured
        Useful heat measured by Baublock; index `block_id`, column `heat_kwh` a year.
    rebase
        Take a scenario that was made for another state of the city.
    held
        Results of the same scenario whose plan is kept: the same buildings in the same years,
        whatever `given` would select. For ranges; what the stock rests on must not differ.
    observed
        Traffic of today that is known: a matrix, counts; ids of `zone_ids`.
    years
        Stage years that are wanted; all of them where left out. Of the years before only what
        history needs is worked out, and the answer to a year is the same to the last bit.
    cancelled
        Asked before each stage of the models that has to be worked out; says that nobody waits for
        the answer any more.
    partial
        Bear stages that fail: what does not rest on them is answered, `YearResults.failed` says
        why the rest is not. Else the first fault is raised.
    progress
        Told each step and the share that is done.

    Raises
    ------
    Cancelled
        `cancelled` said so; the memo keeps the stages that were done.
    ScenarioError, AssumptionError, ModelError
        The scenario does not fit the city, or the city lacks what the models need.
    """
    _check(city, measured)
    wanted = _wanted(scenario, years)
    memo = memo or Memo()
    given = given or assumptions()
    own = given.replaced({k: v for k, v in scenario.assumptions.items() if k in given})
    base = _baseline(city, scenario.stages[0], own, memo)
    planned = (
        _kept(held, own)
        if held
        else plan(city, scenario, given, base=base.state, rebase=rebase, kept=Kept(memo, base.key))
    )
    ratio = _measured_ratio(base, measured, own, memo)
    today = _today(base, observed or Observed(), own, memo)
    today = replace(today, cancelled=cancelled, partial=partial)
    always = {"measured_ratio": ratio, "base_stock": base.stock}
    walk = _Walk(base.stock, base.state.year)
    states = [state for state in planned.states if state.year <= max(wanted)]
    found = {}
    for place, state in enumerate(states):
        if progress:
            progress("Work out the year", place / len(states))
        labels = (f"{scenario.name} {state.year}", str(state.year))
        parts = walk.parts(state, streets=state.year in wanted) | always
        if state.year in wanted:
            parts["laid_before"] = walk.laid()
        chain = Chain(STAGES, parts, state.assumptions, memo, labels, cancelled, partial)
        if state.year in wanted:
            chain = _with_travel(chain, today)
            found[state.year] = year_results(state, chain)
        walk.leave(state, chain)
    if progress:
        progress("Work out the year", 1.0)
    return Results(scenario, found, own, city.info.data_date, planned.notes, planned)


def _wanted(scenario: Scenario, years: Collection[int] | None) -> set[int]:
    """Return the stage years to work out; others than those of the scenario are refused."""
    wanted = set(scenario.stages if years is None else years)
    strange = sorted(wanted.difference(scenario.stages))
    if strange or not wanted:
        template = "The scenario has no stage in {year}."
        known = ", ".join(map(str, scenario.stages))
        year = ", ".join(map(str, strange))
        raise ModelError(template, hint="It has {known}.", year=year, known=known)
    return wanted


class _Walk:
    """What stages leave to the stages after them: the stock, investments, networks laid."""

    def __init__(self, stock: Part, since: int) -> None:
        self.stock, self.since = stock, since
        self.history: tuple[tuple[int, Part], ...] = ()
        self.chain: Chain | None = None  # of the stage before

    def parts(self, state: State, *, streets: bool) -> dict[str, Part]:
        """Return the parts of a state with what earlier stages leave to it."""
        parts = parts_of(state, before=self.stock, since=self.since, streets=streets)
        made = tuple((year, part.value) for year, part in self.history)
        key = hash_parts(text for year, part in self.history for text in (str(year), part.key))
        faults = [part.fault for _, part in self.history if part.fault]
        parts["history"] = Part(made, key, faults[0] if faults else None)
        return parts

    def laid(self) -> Part:
        """Return what heat networks have cost up to the stage before [EUR]; index network_id."""
        if self.chain is None:
            return Part(pd.Series(dtype=float), "nothing")
        part = self.chain.part("network_table")
        return part if part.fault else replace(part, value=part.value["laid_eur"].astype(float))

    def leave(self, state: State, chain: Chain) -> None:
        """Go on from a state."""
        self.history = (*self.history, (state.year, chain.part("invested")))
        self.stock, self.since = chain.parts["stock"], state.year
        self.chain = chain


NO_TRAVEL = Part(None, "")


def zone_ids(city: City, scenario: Scenario, given: Assumptions | None = None) -> pd.Index[str]:
    """Return the traffic zones and gates that matrices of this town are about, in their order."""
    own = (given or assumptions()).replaced(scenario.assumptions)
    memo = Memo()
    base = _baseline(city, scenario.stages[0], own, memo)
    people = _today(base, Observed(), own, memo)["people"]
    if people is None:
        template = "The city {city} has no traffic zones."
        raise ModelError(template, hint="Build it again from sources with streets.", city=city.name)
    found: pd.Index[str] = people.table.index
    return found


def _today(base: _Baseline, observed: Observed, own: Assumptions, memo: Memo) -> Chain:
    """Return the chain of the baseline, which travel of every scenario starts from."""
    parts = base.parts | {"base_stock": base.stock, "travel_before": NO_TRAVEL}
    parts["observed"] = Part(observed, observed.key)
    return Chain(STAGES, parts, own, memo, ("today",))


def _with_travel(chain: Chain, today: Chain) -> Chain:
    """
    Return the chain with the travel of today to start from; where nothing changed it is kept.

    Travel follows from the scenario and the baseline alone, in whatever order scenarios are asked.
    """
    travel = today.part("travel")
    compared = [today.part(name) for name in ("reached", "car_network", "travel", "travel_inputs")]
    parts = {
        **chain.parts,
        "travel_before": travel,
        "observed": today.parts["observed"],
        "gate_table": today.part("gate_table"),
        "today": Part(
            Today(*(part.value for part in compared)), hash_parts(part.key for part in compared)
        ),
    }
    chain = replace(chain, parts=parts, _known={})
    inputs = chain.part("travel_inputs")
    if inputs.fault or inputs.key != compared[-1].key:
        return chain
    return replace(chain, parts={**parts, "travel": travel})


def _kept(held: Results, own: Assumptions) -> Plan:
    """Return a plan under other assumptions; what measures set themselves stays set."""
    states = []
    for state in held.plan.states:
        entries = state.assumptions.entries
        by_measures = {k: v for k, v in entries.items() if held.given.entries.get(k) != v}
        states.append(state.replace(assumptions=own.replaced(by_measures)))
    return replace(held.plan, states=tuple(states))


def _check(city: City, measured: pd.DataFrame | None) -> None:
    if len(city.weather) == 0:
        template = "The city {city} has no weather, and without it there is no heat demand."
        hint = (
            "Build it again with `twin build`; where no file is given a reference year stands in."
        )
        raise ModelError(template, hint=hint, city=city.name)
    if measured is None:
        return
    check_measured(measured)
    unknown = measured.index.difference(city.blocks.index)
    if len(unknown):
        template = "The measured consumption names unknown Baublöcke: {blocks}."
        hint = "Ids of Baublöcke are those of the table blocks of the city."
        raise ModelError(template, hint=hint, blocks=", ".join(map(str, unknown[:5])))


@dataclass(frozen=True, eq=False)
class _Baseline:
    """The city before any measure with the networks that stand."""

    state: State
    parts: dict[str, Part]
    key: str

    @property
    def stock(self) -> Part:
        """Its stock."""
        return self.parts["stock"]


def _baseline(city: City, year: int, own: Assumptions, memo: Memo) -> _Baseline:
    year = min(year, int(own["stock.base_year"]))  # what is due until the first stage is paid in it
    given = own.of(BASE_THEMES)
    key = hash_parts([city.hash, str(year), given.hash])

    def make(_: object) -> _Baseline:
        stock = initial_stock(city, given).sort_index()  # results do not depend on the order
        network = existing_network_of(city, stock, given).reindex(stock.index)
        stock = stock.assign(network_id=stock["network_id"].fillna(network.astype("str")))
        networks = existing_networks(city, stock, given)
        state = State(year, city, stock, given, networks)
        return _Baseline(state, parts_of(state), key)

    found: _Baseline = memo.answer("baseline", key, make)
    return found


def _measured_ratio(
    base: _Baseline, measured: pd.DataFrame | None, own: Assumptions, memo: Memo
) -> Part:
    """Return measured over expected heat of the Baublöcke of the baseline; index block_id."""
    nothing = pd.Series(index=pd.Index([], dtype="str"), dtype=float)
    if measured is None:
        return Part(nothing, "")
    parts = {**base.parts, "measured_ratio": Part(nothing, "")}
    chain = Chain(STAGES, parts, own, memo)
    table = chain["heat_table"]
    expected = (
        (table["space_kwh"] + table["hot_water_kwh"]).groupby(base.state.stock["block_id"]).sum()
    )
    ratio = measured["heat_kwh"] / expected.reindex(measured.index)
    ratio = ratio[np.isfinite(ratio)].rename("ratio")
    return Part(ratio, frame_key(ratio.to_frame()))
