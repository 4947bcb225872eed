"""The engine against a model that is as slow as the test wants, and against the real one."""

from __future__ import annotations

import logging
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dash_app.workspace.answering import SteppedRanges, answer_with
from dash_app.workspace.engine import Engine, baseline_of
from dash_app.workspace.runs import NotReadyError, StoppedError, UnexpectedError, UnknownRunError
from tests.conftest import make_toy_city
from tests.dash_app.workspace.slow_model import PATIENCE_S, YEARS, SlowModel, scenario, until
from tests.small_town import MEMO, answered, full_plan, small_town
from twin.errors import ModelError
from twin.indicators import indicator_table
from twin.indicators.ranges import spread
from twin.memo import Memo
from twin.simulate import run as chain
from twin.simulate import simulate

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

CITY = make_toy_city()


def make(model: SlowModel, **more: Any) -> Engine:
    more = {"warm": False, "rest_s": 0.0, **more}
    return Engine(CITY, answer=model, **more)


@pytest.fixture
def model() -> SlowModel:
    return SlowModel()


@pytest.fixture
def engine(model: SlowModel) -> Iterator[Engine]:
    engine = make(model)
    yield engine
    model.free()
    engine.close()


def test_the_year_asked_for_comes_first_then_the_others(engine: Engine, model: SlowModel) -> None:
    run = engine.start(scenario(1), year=2035)
    assert run.done(PATIENCE_S)
    until(lambda: engine.status(run.hash).state == "ready")
    assert [year for _, year in model.calls] == [2035, 2025, 2045]
    results = engine.peek(run.hash)
    assert results is not None
    assert tuple(results.years) == YEARS  # in their order, however they came


def test_the_last_stage_is_asked_for_where_no_year_is_named(engine: Engine) -> None:
    assert engine.start(scenario(1)).year == 2045


def test_a_year_that_is_no_stage_is_refused(engine: Engine, model: SlowModel) -> None:
    run = engine.start(scenario(1), year=2031)
    assert run.done()
    assert "2031" in str(run.problem)
    assert model.calls == []


def test_a_newer_wish_of_the_same_token_takes_the_place_of_the_older(
    engine: Engine, model: SlowModel
) -> None:
    model.hold()
    old = engine.start(scenario(1), token="tab")
    until(lambda: model.calls)
    new = engine.start(scenario(2), token="tab")
    assert old.done(PATIENCE_S)
    assert old.superseded
    assert old.problem is None
    until(lambda: len(model.calls) == 2)
    model.free()
    assert new.done(PATIENCE_S)
    assert not new.superseded
    assert model.stopped == [(old.hash, 2045)]
    until(lambda: engine.status(new.hash).state == "ready")
    assert engine.status(old.hash).state == "unknown"  # nobody wants its other years


def test_what_two_want_is_not_stopped_when_one_goes(engine: Engine, model: SlowModel) -> None:
    model.hold()
    first = engine.start(scenario(1), token="one")
    second = engine.start(scenario(1), token="two")
    until(lambda: model.calls)
    engine.start(scenario(2), token="one")
    assert first.superseded
    model.free()
    assert second.done(PATIENCE_S)
    assert model.stopped == []
    assert engine.answered(second) is not None


def test_everybody_keeps_their_turn(engine: Engine, model: SlowModel) -> None:
    model.hold()
    engine.start(scenario(9), token="busy")
    until(lambda: model.calls)
    runs = [engine.start(scenario(n), token=f"tab {n}") for n in (1, 2, 3)]
    runs[0] = engine.start(scenario(4), token="tab 1")  # changes its mind, stays first
    runs[2] = engine.start(scenario(5), token="tab 3")
    model.free()
    assert all(run.done(PATIENCE_S) for run in runs)
    asked = [key for key in model.calls if key[1] == 2045][1:4]
    assert asked == [(scenario(n).hash, 2045) for n in (4, 2, 5)]


def test_asking_often_gets_nobody_ahead(engine: Engine, model: SlowModel) -> None:
    model.hold()
    engine.start(scenario(9), token="greedy")
    until(lambda: model.calls)
    patient = engine.start(scenario(1), token="patient")
    for n in range(2, 8):
        engine.start(scenario(n), token="greedy")
    model.free()
    assert patient.done(PATIENCE_S)
    until(lambda: (scenario(7).hash, 2045) in model.done)
    finished = [key for key in model.calls if key in model.done]
    assert finished.index((patient.hash, 2045)) < finished.index((scenario(7).hash, 2045))


def test_the_public_waits_for_planners(engine: Engine, model: SlowModel) -> None:
    model.hold()
    engine.start(scenario(9), token="busy")
    until(lambda: model.calls)
    runs = [engine.start(scenario(n), token=f"visitor {n}", rank=1) for n in (1, 2)]
    runs += [engine.start(scenario(n), token=f"planner {n}") for n in (3, 4)]
    runs += [engine.start(scenario(2), token="planner 5")]  # what a visitor wants, too
    assert engine.waiting == 4
    model.free()
    assert all(run.done(PATIENCE_S) for run in runs)
    asked = [key for key in model.calls if key[1] == 2045][1:5]
    assert asked == [(scenario(n).hash, 2045) for n in (3, 4, 2, 1)]


def test_the_same_wish_of_many_is_worked_out_once(engine: Engine, model: SlowModel) -> None:
    model.hold()
    runs = [engine.start(scenario(1), token=f"tab {n}") for n in range(20)]
    model.free()
    assert all(run.done(PATIENCE_S) for run in runs)
    until(lambda: engine.status(runs[0].hash).state == "ready")
    assert set(model.done.values()) == {1}


def test_the_background_gives_way_and_goes_on(engine: Engine, model: SlowModel) -> None:
    first = engine.start(scenario(1), year=2025, token="one")
    assert first.done(PATIENCE_S)
    until(lambda: engine.status(first.hash).state == "ready")
    model.hold()
    begun = engine.start(scenario(2), year=2025, token="one")
    until(lambda: model.calls[-1] == (begun.hash, 2025))
    model.free()
    assert begun.done(PATIENCE_S)
    model.hold()
    until(lambda: model.calls[-1][1] != 2025 or engine.status(begun.hash).state == "ready")
    urgent = engine.start(scenario(3), year=2025, token="two")
    model.free()
    assert urgent.done(PATIENCE_S)
    until(lambda: engine.status(begun.hash).state == "ready")


def test_a_year_in_the_background_becomes_urgent_and_is_not_begun_again(
    engine: Engine, model: SlowModel
) -> None:
    run = engine.start(scenario(1), year=2025)
    assert run.done(PATIENCE_S)
    until(lambda: engine.status(run.hash).state == "ready")
    engine.peek(run.hash)
    model.hold()
    other = engine.start(scenario(2), year=2025)
    until(lambda: (other.hash, 2025) in model.calls)
    model.free()
    assert other.done(PATIENCE_S)
    later = engine.start(scenario(2), year=2035)
    assert later.done(PATIENCE_S)
    until(lambda: engine.status(other.hash).state == "ready")
    assert model.done[other.hash, 2035] == 1


def test_a_failure_is_remembered_until_somebody_asks_anew(engine: Engine, model: SlowModel) -> None:
    model.faults[scenario(1).hash] = ModelError("No weather in {city}.", city="Toytown")
    run = engine.start(scenario(1))
    assert run.done(PATIENCE_S)
    assert str(run.problem) == "No weather in Toytown."
    until(lambda: engine.status(run.hash).state == "failed")
    calls = len(model.calls)
    with pytest.raises(ModelError, match="Toytown"):
        engine.result(run.hash, 2045)
    assert len(model.calls) == calls
    del model.faults[scenario(1).hash]
    assert engine.start(scenario(1), wait=True).problem is None
    until(lambda: engine.status(run.hash).state == "ready")


def test_one_year_that_fails_leaves_the_others(engine: Engine, model: SlowModel) -> None:
    real = model.__call__

    def answer(wanted: Any, year: int, **more: Any) -> Any:
        if year == 2035:
            raise ModelError("Not in {year}.", year="2035")
        return real(wanted, year, **more)

    engine._answer = answer
    run = engine.start(scenario(1), wait=True)
    assert run.problem is None
    until(lambda: engine.status(run.hash).state == "failed")
    status = engine.status(run.hash)
    assert status.years == (2025, 2045)
    assert str(status.problem) == "Not in 2035."
    assert engine.result(run.hash, 2025)


def test_a_fault_in_the_program_is_one_sentence_and_the_thread_lives_on(
    engine: Engine, model: SlowModel, caplog: pytest.LogCaptureFixture
) -> None:
    model.faults[scenario(1).hash] = ZeroDivisionError("secret detail")
    with caplog.at_level(logging.ERROR):
        run = engine.start(scenario(1), wait=True)
    assert isinstance(run.problem, UnexpectedError)
    assert "secret" not in str(run.problem)
    assert "secret detail" in caplog.text
    assert engine.start(scenario(2), wait=True).problem is None


def test_results_that_had_to_go_are_had_again(model: SlowModel) -> None:
    engine = make(model, keep=3)
    runs = [engine.start(scenario(n), wait=True) for n in range(8)]
    until(lambda: len(engine._kept) <= 4 and engine.status(runs[-1].hash).state == "ready")
    assert engine.peek(runs[0].hash) is not None  # today stays
    assert engine.peek(runs[1].hash) is None
    assert engine.result(runs[1].hash, 2035, PATIENCE_S) is not None
    with pytest.raises(UnknownRunError):
        engine.result("0" * 32, 2035)
    with pytest.raises(ModelError, match="2031"):
        engine.result(runs[1].hash, 2031)
    engine.close()


def test_what_is_on_a_screen_stays(model: SlowModel) -> None:
    engine = make(model, keep=2)
    runs = [engine.start(scenario(n), token=f"tab {n}", wait=True) for n in range(1, 8)]
    until(lambda: all(engine.status(run.hash).state == "ready" for run in runs))
    assert all(engine.peek(run.hash) for run in runs)
    engine.close()


def test_what_weighs_too_much_goes_though_it_is_on_a_screen(model: SlowModel) -> None:
    model.size = 1000
    engine = make(model, keep=50, keep_bytes=100_000)  # four scenarios of three years
    for n in range(8):
        run = engine.start(scenario(n), token=f"tab {n}", wait=True)
        until(lambda run=run: engine.status(run.hash).state == "ready")
    until(lambda: len(engine._kept) <= 4)
    assert engine.peek(scenario(0).hash) is not None
    assert engine.peek(scenario(7).hash) is not None
    assert engine.peek(scenario(1).hash) is None
    engine.close()


def test_whoever_waits_too_long_is_told(engine: Engine, model: SlowModel) -> None:
    model.hold()
    run = engine.start(scenario(1))
    with pytest.raises(NotReadyError):
        engine.result(run.hash, 2045, 0.01)
    status = engine.status(run.hash)
    assert status.state == "computing"
    assert 0 <= status.share < 1


def test_the_end_lets_nobody_wait(model: SlowModel) -> None:
    engine = make(model)
    model.hold()
    runs = [engine.start(scenario(n), token=str(n)) for n in range(1, 5)]
    engine.close()
    assert not engine._thread.is_alive()
    assert all(run.done(PATIENCE_S) for run in runs)
    assert all(isinstance(run.problem, NotReadyError) for run in runs)
    late = engine.start(scenario(9))
    assert late.done()
    assert isinstance(late.problem, NotReadyError)


def test_who_watches_is_told_of_every_year(engine: Engine, model: SlowModel) -> None:
    heard: list[tuple[str, int]] = []

    def broken(_: str, __: int) -> None:
        raise ValueError

    engine.watch(broken)
    end = engine.watch(lambda hash_, year: heard.append((hash_, year)))
    run = engine.start(scenario(1), wait=True)
    until(lambda: len(heard) == 3)
    assert set(heard) == {(run.hash, year) for year in YEARS}
    end()
    engine.start(scenario(2), wait=True)
    assert len(heard) == 3


class Steps:
    """Ranges of three steps; the second is left once."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.left = 0

    def step(self, stop: Any) -> pd.DataFrame | None:
        if len(self.taken) == 1 and not self.left:
            until(stop)
            self.left += 1
            raise StoppedError
        self.taken.append(len(self.taken))
        return pd.DataFrame({"low": [1.0]}) if len(self.taken) == 3 else None


def test_ranges_give_way_to_an_edit_and_are_taken_up_again(model: SlowModel) -> None:
    steps = Steps()
    engine = make(model, ranges=lambda _: steps)
    run = engine.start(scenario(1), wait=True)
    engine.want_spread(run.hash)
    until(lambda: len(steps.taken) == 1)
    assert engine.start(scenario(2), wait=True).problem is None
    until(lambda: engine.spread(run.hash) is not None)
    assert (steps.taken, steps.left) == ([0, 1, 2], 1)
    assert engine.spread(scenario(2).hash) is None
    engine.close()


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from("abc "), st.sampled_from(YEARS)),
        min_size=1,
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_whatever_is_asked_everybody_gets_an_end(
    wishes: list[tuple[int, str, int]], chance: random.Random
) -> None:
    model = SlowModel()
    engine = make(model, keep=2)
    runs = []
    for number, token, year in wishes:
        chance.choice([model.hold, model.free, model.free])()
        runs.append(engine.start(scenario(number), year=year, token=token.strip()))
    model.free()
    assert all(run.done(PATIENCE_S) for run in runs)
    assert model.most_at_once == 1
    last = {run.token: run for run in runs if run.token}
    for run in runs:
        assert run.problem is None
        if run.superseded:
            assert run.token
            assert run is not last[run.token]
    engine.close()


def test_twenty_at_once(engine: Engine, model: SlowModel) -> None:
    ends: list[bool] = []

    def plan_for_a_while(who: int) -> None:
        for n in range(15):
            run = engine.start(scenario(who * 100 + n % 7 + 1), token=f"tab {who}")
            ends.append(run.done(PATIENCE_S) and run.problem is None and not run.superseded)

    threads = [Thread(target=plan_for_a_while, args=(who,)) for who in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == [True] * 300
    assert model.most_at_once == 1


def test_it_says_what_a_plain_run_says() -> None:
    """Years one by one, out of order, beside other scenarios, are those of one run, to the bit."""
    town, plan = small_town(), full_plan()
    engine = Engine(town, warm=True, rest_s=0.0)
    run = engine.start(plan, year=2030, token="tab")
    assert run.done(120)
    other = engine.start(plan.model_copy(update={"measures": plan.measures[:1]}), token="tab")
    assert other.done(120)
    early = engine.ask(run.hash, 2025)
    assert early.done(120)
    found = engine.peek(run.hash)
    assert found is not None
    plain = answered()
    pd.testing.assert_frame_equal(indicator_table(found), indicator_table(plain), check_exact=True)
    assert {y: r.key for y, r in found.years.items()} == {y: r.key for y, r in plain.years.items()}
    base = baseline_of(plan, town)
    assert (base.measures, base.assumptions, base.stages) == ((), {}, plan.stages)
    engine.close()


def test_ranges_by_steps_are_those_of_one_go() -> None:
    town, plan = small_town(), full_plan(stages=[2030])
    names = ["balance.interest", "balance.co2_price"]
    results = simulate(town, plan, memo=MEMO)
    steps = SteppedRanges(town, None, results, names)
    assert steps.step(lambda: False) is None
    with pytest.raises(StoppedError):
        steps.step(lambda: True)
    table = steps.step(lambda: False)
    assert table is not None

    def run(own: Any) -> Any:
        same = own.of(["stock"]).hash == results.given.of(["stock"]).hash
        return simulate(town, plan, own, memo=MEMO, held=results if same else None)

    pd.testing.assert_frame_equal(table, spread(results, run, names), check_exact=True)


def test_a_run_is_stopped_between_stages_and_nothing_of_it_stays_wrong() -> None:
    town, plan = small_town(), full_plan()
    answer = answer_with(town, None, Memo())
    asked = 0

    def soon() -> bool:
        nonlocal asked
        asked += 1
        return asked > 10

    with pytest.raises(StoppedError):
        answer(plan, 2030, stop=soon, say=lambda _: None)
    assert asked == 11
    found = answer(plan, 2030, stop=lambda: False, say=lambda _: None)
    assert found.years[2030].failed == {}
    table = indicator_table(answered()).xs(2030, level="year")
    whole = indicator_table(found).xs(2030, level="year")
    pd.testing.assert_frame_equal(whole, table, check_exact=True)


def test_a_step_that_fails_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    stages = [replace(s, make=broken) if s.name == "noise" else s for s in chain.STAGES]
    monkeypatch.setattr(chain, "STAGES", tuple(stages))
    answer = answer_with(small_town(), None, MEMO)
    plan = full_plan(assumptions={"noise.base_power.car": 56.0})
    with caplog.at_level(logging.ERROR):
        found = answer(plan, 2030, stop=lambda: False, say=lambda _: None)
    assert set(found.years[2030].failed) == {"noise"}
    assert "ZeroDivisionError" in caplog.text
    names = indicator_table(found).index.get_level_values("indicator")
    assert "final_energy" in names
