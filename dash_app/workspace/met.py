"""The state of the town that a measure being drafted will meet when it begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from twin.assumptions import Assumptions, assumptions
from twin.hashing import hash_parts
from twin.measures import Begun, Measure
from twin.scenario import Scenario, ScenarioError, plan, today
from twin.sentences import Sentence, say
from twin.state import State  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from twin.city import City
    from twin.simulate.results import Results


@dataclass(frozen=True, eq=False)
class Met:
    """The state a measure begins on, and the measures that had to be left out to get there."""

    state: State
    left_out: tuple[str, ...] = ()  # ids


class _Probe(Measure):
    """Stands in the place of the measure in the list, does nothing and keeps what it meets."""

    kind: str = "probe"
    _met: list[State] = PrivateAttr(default_factory=list)

    def begin(self, state: State) -> Begun:
        """Keep the state."""
        self._met.append(state)
        return Begun()

    def advance(self, state: State, begun: Begun, *, since: int, year: int) -> State:
        """Do nothing."""
        return state

    def summary(self) -> Sentence:
        """Return nothing worth reading."""
        return say("")

    def met(self) -> State | None:
        """Return the first state it was shown."""
        return self._met[0] if self._met else None


@dataclass(frozen=True)
class _Of:
    key: str
    city: City = field(compare=False)
    scenario: Scenario = field(compare=False)  # without the measure
    place: int = field(compare=False)  # where the measure stands in the list, from 0
    start_year: int = field(compare=False)
    given: Assumptions = field(compare=False)


def met_state(
    city: City,
    scenario: Scenario,
    measure_id: str,
    start_year: int,
    *,
    results: Results | None = None,
    given: Assumptions | None = None,
) -> Met:
    """
    Return the state that a measure meets: all others done that are before it in time and list.

    The first call for a scenario works it out, further ones are remembered by its hash. `results`
    of the scenario spare that where the measure is new, so the last of the list. Measures that
    cannot be applied are left out.
    """
    ids = [measure.id for measure in scenario.measures]
    place = ids.index(measure_id) if measure_id in ids else len(ids)
    stage = next((year for year in scenario.stages if year >= start_year), scenario.stages[-1])
    if results is not None and place == len(ids) and stage in results.years:
        return Met(results.years[stage].state)
    others = tuple(m for m in scenario.measures if m.id != measure_id)
    rest = scenario.model_copy(update={"measures": others})
    base = assumptions() if given is None else given
    stages = tuple(year for year in scenario.stages if year <= stage)
    rest = rest.model_copy(update={"stages": stages})
    key = hash_parts([city.hash, rest.hash, str(place), base.hash])
    return _met(_Of(key, city, rest, place, stage, base))


@lru_cache(maxsize=12)
def _met(of: _Of) -> Met:
    left_out: set[str] = set()
    for _ in range(len(of.scenario.measures) + 1):
        probe = _Probe(id="probe", start_year=of.start_year, pace_percent=None, end_year=None)
        measures: list[Any] = [m for m in of.scenario.measures if m.id not in left_out]
        behind = {m.id for m in of.scenario.measures[of.place :]} - left_out
        measures.insert(len(measures) - len(behind), probe)
        scenario = of.scenario.model_copy(update={"measures": tuple(measures)})
        try:
            _walk(of, scenario)
        except ScenarioError as error:
            bad = {fault.measure for fault in error.faults if fault.measure} - left_out
            if not bad:
                break
            left_out |= bad
            continue
        if (state := probe.met()) is not None:
            return Met(state, tuple(sorted(left_out)))
        break
    return Met(_base(of), tuple(sorted(m.id for m in of.scenario.measures)))


def _walk(of: _Of, scenario: Scenario) -> None:
    plan(of.city, scenario, of.given, base=_base(of), rebase=True)


def _base(of: _Of) -> State:
    known = {name: v for name, v in of.scenario.assumptions.items() if name in of.given}
    own = of.given.replaced(known)
    return _today(_TodayOf(hash_parts([of.city.hash, own.hash]), of.city, own))


@dataclass(frozen=True)
class _TodayOf:
    key: str
    city: City = field(compare=False)
    given: Assumptions = field(compare=False)


@lru_cache(maxsize=3)
def _today(of: _TodayOf) -> State:
    return today(of.city, of.given, year=int(of.given["stock.base_year"]))
