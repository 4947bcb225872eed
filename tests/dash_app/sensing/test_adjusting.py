"""A matrix fitted to counts: better than before, told as it goes, stopped when asked."""

from __future__ import annotations

import time
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from dash_app.sensing.adjusting import Adjusting, Adjustment, adjust_matrix
from dash_app.workspace.runs import StoppedError
from twin.errors import ModelError, TwinError

if TYPE_CHECKING:
    from twin.city import City
    from twin.scenario import Scenario
    from twin.simulate.results import Results, YearResults

    Answered = tuple[City, Scenario, Results, Results]

WAIT_S = 20.0


@pytest.fixture(scope="session")
def year(answered: Answered) -> YearResults:
    return answered[2].years[2025]


@pytest.fixture(scope="session")
def counts(year: YearResults) -> pd.DataFrame:
    """Give counts that are 1.6 times the flows of the busiest streets."""
    traffic = year.answers["traffic"]
    flow = (traffic["car"] + traffic["truck"]).nlargest(5)
    return pd.DataFrame({"street": flow.index.astype(str), "vehicles_day": 1.6 * flow.to_numpy()})


def test_the_matrix_carries_more_where_more_was_counted(
    year: YearResults, counts: pd.DataFrame
) -> None:
    told: list[float] = []
    found = adjust_matrix(year, counts, say=told.append)
    modelled = year.answers["traffic"]["car"].reindex(counts["street"]).to_numpy()
    # flows before are those of the run, but for the looser gap of a rough assignment
    assert found.table["before"].to_numpy() == pytest.approx(modelled, rel=0.02)
    assert (found.table["after"] > found.table["before"]).all()
    assert found.summary["misfit_after"] < found.summary["misfit_before"]
    assert found.summary["change_percent"] > 0
    before = year.answers["travel"].demand.vehicles["car"]
    after = found.vehicles["car"]
    assert after.shape == (len(found.zones), len(found.zones))
    assert (after[before == 0] == 0).all()
    assert after.sum() == pytest.approx(found.summary["total_after"])
    most = year.answers.given["counts.most_factor"]
    ratio = after[before > 0] / before[before > 0]
    assert ((ratio <= most * 1.000001) & (ratio >= 1 / most / 1.000001)).all()
    assert (year.answers["travel"].demand.vehicles["car"] == before).all(), "nothing was changed"
    assert told == sorted(told)
    assert 0 < told[-1] <= 1


def test_it_stops_within_a_step(year: YearResults, counts: pd.DataFrame) -> None:
    with pytest.raises(StoppedError):
        adjust_matrix(year, counts, stop=lambda: True)


def test_a_count_on_no_street_is_a_fault(year: YearResults) -> None:
    with pytest.raises(ModelError):
        adjust_matrix(year, pd.DataFrame({"street": ["none"], "vehicles_day": [100.0]}))
    with pytest.raises(ModelError):
        adjust_matrix(year, pd.DataFrame({"street": [], "vehicles_day": []}))


def result() -> Adjustment:
    return Adjustment(pd.DataFrame(), {}, {"car": np.zeros((1, 1))}, pd.Index(["z"]))


def test_one_at_a_time_told_and_stoppable(year: YearResults, counts: pd.DataFrame) -> None:
    desk, begun = Adjusting(), Event()

    def slow(_: Any, __: Any, *, stop: Any, say: Any) -> Adjustment:
        say(0.5)
        begun.set()
        while not stop():
            time.sleep(0.002)
        raise StoppedError

    assert desk.progress("a").state == "none"
    assert desk.start("a", year, counts, work=slow).state == "running"
    assert begun.wait(WAIT_S)
    assert desk.progress("a").share == 0.5
    assert desk.start("a", year, counts, work=slow).state == "running", "the same once more"
    with pytest.raises(TwinError):
        desk.start("b", year, counts, work=slow)
    desk.cancel("b")  # not the one that runs
    assert desk.progress("a").state == "running"
    desk.cancel("a")
    desk.wait(WAIT_S)
    assert desk.progress("a").state == "stopped"
    desk.close()
    assert desk.start("e", year, counts).state == "none"


def test_what_came_of_it_is_kept_for_a_while(year: YearResults, counts: pd.DataFrame) -> None:
    desk = Adjusting()
    desk.start("a", year, counts, work=_failing(StoppedError()))
    desk.wait(WAIT_S)
    desk.start("b", year, counts, work=lambda *_, **__: result())
    desk.wait(WAIT_S)
    assert desk.progress("b").state == "done"
    assert desk.progress("b").result is not None
    desk.start("c", year, counts, work=_failing(ModelError("No way.")))
    desk.wait(WAIT_S)
    failed = desk.progress("c")
    assert failed.state == "failed"
    assert str(failed.problem) == "No way."
    desk.start("d", year, counts, work=_failing(ZeroDivisionError()))
    desk.wait(WAIT_S)
    assert desk.progress("d").state == "failed"
    assert desk.progress("a").state == "none", "only the last few are kept"


def _failing(error: Exception) -> Any:
    def work(*_: Any, **__: Any) -> Adjustment:
        raise error

    return work
