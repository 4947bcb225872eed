"""The city in every stage year of a scenario."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.energy.heat_grid import existing_network_of, existing_networks
from twin.energy.stock import initial_stock
from twin.measures import Begun, BuildingMeasure, Demolition, HeatNetwork, Measure
from twin.scenario.errors import Fault, ScenarioError
from twin.scenario.steps import Kept, Steps
from twin.selection import selected_rows
from twin.selection.model import unknown_word
from twin.selection.resolve import member
from twin.sentences import Problem, Word, listed, say
from twin.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.scenario.model import Scenario


@dataclass(frozen=True, eq=False)
class Plan:
    """
    A scenario worked out on a city.

    `states` has one state a stage year; `schedules` says by measure id in which year each building
    is done; `notes` are worth knowing, but no faults.
    """

    states: tuple[State, ...]
    schedules: Mapping[str, pd.Series[int]]
    notes: tuple[Fault, ...] = ()


def states(
    city: City,
    scenario: Scenario,
    given: Assumptions,
    *,
    base: State | None = None,
    rebase: bool = False,
) -> tuple[State, ...]:
    """Return the city in every stage year; see `plan`."""
    return plan(city, scenario, given, base=base, rebase=rebase).states


def plan(
    city: City,
    scenario: Scenario,
    given: Assumptions,
    *,
    base: State | None = None,
    rebase: bool = False,
    kept: Kept | None = None,
) -> Plan:
    """
    Work a scenario out on a city, stage after stage.

    The state of a stage is that of the stage before, on which every enabled measure, in the order
    of the list, does what has fallen due since. What a measure applies to is decided once, in the
    first stage that it is active in, on the state it meets there; so stages nest: who is done in
    2030 is done in 2035. Where heat networks will be is known from the first stage on.

    Parameters
    ----------
    city
        The baseline.
    scenario
        What is planned.
    given
        All assumptions; those of the scenario come on top.
    base
        State of the baseline where it is at hand (stock, networks that stand), else its stock is
        made by `initial_stock`.
    rebase
        Take a scenario that was made for another baseline.
    kept
        Where what measures did on the same city is kept for the next edit.

    Raises
    ------
    ScenarioError
        The scenario is for another baseline, or measures do not fit the city they meet; every
        fault of all measures is in it, and there is no part of a result.
    """
    _check_baseline(city, scenario, rebase=rebase)
    own, faults, notes = _overrides(scenario, given)
    if base is None:
        base = today(city, own, year=scenario.stages[0])
    start = base.replace(year=scenario.stages[0], assumptions=own, baseline=city)
    run = _Run(start, scenario, faults, notes, Steps(own, kept))
    found = run.stages()
    if run.faults:
        template = "The scenario {name} cannot be applied to {city}:"
        faults = sorted(run.faults, key=lambda fault: fault.place)
        raise ScenarioError(template, faults=faults, name=scenario.name, city=city.name)
    years = {run.measures[place].id: begun.years for place, begun in run.begun.items()}
    return Plan(found, years, tuple(sorted(run.notes, key=lambda note: note.place)))


def today(city: City, given: Assumptions, *, year: int) -> State:
    """Return the state before all measures, with the heat networks that stand already."""
    stock = initial_stock(city, given)
    network_id = existing_network_of(city, stock, given)
    rows = stock.index.get_indexer(network_id.index)
    named = np.array(stock["network_id"], object)
    named[rows] = network_id.to_numpy(object)
    stock = stock.assign(network_id=pd.Series(named, stock.index, dtype=stock["network_id"].dtype))
    networks = existing_networks(city, stock, given)
    return State(year, city, stock, given, networks, baseline=city)


def _check_baseline(city: City, scenario: Scenario, *, rebase: bool) -> None:
    wanted = scenario.baseline
    if wanted.hash and wanted.hash != city.hash and not rebase:
        template = (
            "The scenario {name} was made for {wanted} ({wanted_hash}), the city at hand is "
            "{city} ({hash})."
        )
        hint = "Open that city, or say that the scenario shall be moved to this one (rebase)."
        raise ScenarioError(
            template, hint=hint, name=scenario.name, wanted=wanted.name or "?",
            wanted_hash=wanted.hash, city=city.name, hash=city.hash,
        )  # fmt: skip


def _overrides(
    scenario: Scenario, given: Assumptions
) -> tuple[Assumptions, list[Fault], list[Fault]]:
    """Return the assumptions with those of the scenario, what is wrong with them, and notes."""
    faults, notes, good = [], [], {}
    for name, value in scenario.assumptions.items():
        if name not in given:
            what, hint = unknown_word("assumption", name, given)
            faults.append(Fault(Problem("unknown_assumption", what, hint), field="assumptions"))
            continue
        entry = given.entry(name)
        good[name] = value
        if not entry.low <= value <= entry.high:
            what = say(
                "Assumption {name}: {value} is outside of the usual {low} to {high} {unit}.",
                name=name, value=value, low=entry.low, high=entry.high, unit=entry.unit,
            )  # fmt: skip
            notes.append(Fault(Problem("unusual", what)))
    return given.replaced(good), faults, notes


@dataclass(eq=False)
class _Run:
    """One walk through the stages: what has begun, what is wrong, who is gone."""

    state: State
    scenario: Scenario
    faults: list[Fault]
    notes: list[Fault]
    steps: Steps
    begun: dict[int, Begun] = field(default_factory=dict)  # by place in the list
    failed: set[int] = field(default_factory=set)
    missed: Counter[tuple[int, int]] = field(default_factory=Counter)
    gone: dict[int, pd.Series[int]] = field(default_factory=dict)  # demolished: years by id

    def __post_init__(self) -> None:
        self.baseline = self.state
        listed: list[Measure] = list(self.scenario.measures)
        self.measures = {n: m for n, m in enumerate(listed, start=1) if m.enabled}

    def stages(self) -> tuple[State, ...]:
        """Return the state of every stage year."""
        found = []
        self._without_effect()
        for measure in self.measures.values():
            if isinstance(measure, HeatNetwork):
                self.state = self.steps.announce(measure, self.state)
        since = min([self.state.year, *(m.start_year for m in self.measures.values())]) - 1
        for year in self.scenario.stages:
            self.state = self.state.replace(year=year)
            for place, measure in self._active(year):
                self._do(place, measure, since, year)
            found.append(self.state)
            since = year
        self._note_missed()
        self._improved_then_gone()
        return tuple(found)

    def _active(self, year: int) -> Iterator[tuple[int, Measure]]:
        for place, measure in self.measures.items():
            if measure.start_year <= year and place not in self.failed:
                yield place, measure

    def _do(self, place: int, measure: Measure, since: int, year: int) -> None:
        if place not in self.begun and not self._begin(place, measure):
            self.failed.add(place)
            return
        begun = self.begun[place]
        self._miss(place, measure, begun, since, year)
        self.state = self.steps.advance(measure, self.state, begun, since=since, year=year)
        if isinstance(measure, Demolition):
            mine = begun.due(since, year)
            self.gone[place] = pd.concat([self.gone[place], mine]) if place in self.gone else mine

    def _begin(self, place: int, measure: Measure) -> bool:
        clash = self._contradiction(measure)
        if clash is not None:
            self._fault(place, measure, clash)
            return False
        begun = self.steps.begin(measure, self.state)
        for problem in begun.notes:
            self.notes.append(_placed(problem, place, measure))
        if not begun.faults:
            self.begun[place] = begun
            return True
        for problem in begun.faults:
            if problem.code == "unknown_network" and self._failed_network(measure):
                continue  # the fault of the network says it all
            empty = problem.code in ("empty", "not_applicable")
            cause = self._demolished_before(measure) if empty else None
            self._fault(place, measure, cause or problem)
        return False

    def _failed_network(self, measure: Measure) -> bool:
        """Tell whether the network that a measure is about could not be built."""
        failed = (self.measures[place] for place in self.failed)
        networks = {other.network for other in failed if isinstance(other, HeatNetwork)}
        return measure.model_dump().get("network_id") in networks

    def _fault(self, place: int, measure: Measure, problem: Problem) -> None:
        self.faults.append(_placed(problem, place, measure))

    def _contradiction(self, measure: Measure) -> Problem | None:
        """Tell whether buildings named by their id were demolished before."""
        if not isinstance(measure, BuildingMeasure) or not measure.select.ids:
            return None
        for place, gone in self.gone.items():
            lost = [key for key in measure.select.ids if key in gone.index]
            if lost:
                return self._clash(place, lost, int(gone[lost].min()))
        return None

    def _demolished_before(self, measure: Measure) -> Problem | None:
        """Tell whether nothing is left to do because a demolition was there first."""
        if not isinstance(measure, BuildingMeasure):
            return None
        rows = selected_rows(self.baseline, measure.select, among=measure.eligible(self.baseline))
        ids = self.baseline.stock.index[rows]
        for place, gone in self.gone.items():
            lost = ids[member(ids, gone.index)]
            if len(lost):
                return self._clash(place, list(lost), int(gone[lost].min()))
        return None

    def _clash(self, place: int, lost: list[str], year: int) -> Problem:
        other = self.measures[place]
        return Problem(
            "contradiction",
            say("Measure {other} ({kind}, {id}) has demolished {ids} since {year}.",
                other=str(place), kind=Word(other.is_a, "measure"), id=other.id,
                ids=listed(lost), year=str(year)),
            say("Take these buildings out of one of the two measures."),
        )  # fmt: skip

    def _miss(self, place: int, measure: Measure, begun: Begun, since: int, year: int) -> None:
        """Say which buildings were demolished before their turn came."""
        if not self.gone:
            return
        due = begun.due(since, year).index
        for other, gone in self.gone.items():
            lost = due[member(due, gone.index)]
            if not len(lost) or other == place:
                continue
            problem = self._clash(other, list(lost), int(gone[lost].min()))
            if isinstance(measure, BuildingMeasure) and measure.select.ids:
                self._fault(place, measure, problem)
            else:
                self.missed[place, other] += len(lost)

    def _note_missed(self) -> None:
        for (place, other), count in self.missed.items():
            what = say(
                "{count} of {total} buildings are demolished by measure {other} before their "
                "turn and left out.",
                count=count, total=len(self.begun[place].years), other=str(other),
            )  # fmt: skip
            measure = self.measures[place]
            self.notes.append(_placed(Problem("demolished", what), place, measure))

    def _improved_then_gone(self) -> None:
        """Say where a measure improves buildings that are demolished later."""
        for place, begun in self.begun.items():
            for other, gone in self.gone.items():
                both = begun.years.reindex(gone.index).dropna()
                count = int((both <= gone[both.index]).sum()) if other != place else 0
                if count:
                    what = say(
                        "{count} of its buildings are demolished later by measure {other}.",
                        count=count, other=str(other),
                    )  # fmt: skip
                    measure = self.measures[place]
                    self.notes.append(_placed(Problem("wasted", what), place, measure))

    def _without_effect(self) -> None:
        last = self.scenario.stages[-1]
        for place, measure in self.measures.items():
            if measure.start_year > last:
                what = say(
                    "It starts in {start}, after the last stage {last}, and has no effect.",
                    start=str(measure.start_year), last=str(last),
                )  # fmt: skip
                hint = say("Start earlier, add a stage, or switch the measure off.")
                self.failed.add(place)
                self._fault(place, measure, Problem("too_late", what, hint))


def _placed(problem: Problem, place: int, measure: Measure) -> Fault:
    return Fault(problem, place, measure.id, measure.is_a)
