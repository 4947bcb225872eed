"""An edit recomputes what depends on it and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pandas as pd
import pytest
from shapely import Polygon

from twin.assumptions import Assumption, AssumptionError, Assumptions
from twin.errors import ModelError
from twin.memo import Memo
from twin.simulate.parts import _drawn_key
from twin.simulate.stage import Cancelled, Chain, Part, Stage
from twin.state import NetworkPlan
from twin.weight import arrays_in


def assumed(**values):
    return Assumptions(
        {
            (name := key.replace("__", ".")): Assumption(name, value, 0, 100, "", "own", "a test")
            for key, value in values.items()
        }
    )


def double(walls, given):
    return 2 * walls + given["heat.extra"]


def cost(heat, given):
    return heat * given["money.price"]


def shine(roofs, given):
    return roofs + 1


def both(cost, shine, given):
    return cost, shine


STAGES = (
    Stage("balance", both, ("cost", "shine")),
    Stage("cost", cost, ("heat",), ("money",)),
    Stage("heat", double, ("walls",), ("heat",)),
    Stage("shine", shine, ("roofs",)),
)
GIVEN = assumed(heat__extra=1.0, money__price=10.0)


def chain(memo, *, walls=1, roofs=1, given=GIVEN):
    parts = {"walls": Part(walls, f"walls {walls}"), "roofs": Part(roofs, f"roofs {roofs}")}
    return Chain(STAGES, parts, given, memo)


def counted(memo, **changes):
    before = memo.computed.copy()
    answer = chain(memo, **changes)["balance"]
    return answer, dict(memo.computed - before)


def test_a_first_run_works_everything_out_and_a_second_nothing():
    memo = Memo()
    assert counted(memo) == ((30.0, 2), {"balance": 1, "cost": 1, "heat": 1, "shine": 1})
    assert counted(memo) == ((30.0, 2), {})


def test_an_edit_reaches_only_what_depends_on_it():
    memo = Memo()
    counted(memo)
    assert counted(memo, roofs=5) == ((30.0, 6), {"balance": 1, "shine": 1})
    assert counted(memo, walls=2) == ((50.0, 2), {"balance": 1, "cost": 1, "heat": 1})
    dearer = GIVEN.replaced({"money.price": 20})
    assert counted(memo, given=dearer) == ((60.0, 2), {"balance": 1, "cost": 1})
    warmer = GIVEN.replaced({"heat.extra": 2})
    assert counted(memo, given=warmer) == ((40.0, 2), {"balance": 1, "cost": 1, "heat": 1})


def test_going_back_finds_the_answers_again():
    memo = Memo()
    counted(memo)
    counted(memo, walls=2)
    assert counted(memo)[1] == {}


def test_a_stage_reads_only_the_themes_it_declares():
    def greedy(walls, given):
        return walls * given["money.price"]

    parts = {"walls": Part(1, "w")}
    chain = Chain([Stage("greedy", greedy, ("walls",), ("heat",))], parts, GIVEN, Memo())
    with pytest.raises(AssumptionError, match=r"no assumption called money\.price"):
        chain["greedy"]


def test_old_answers_make_room():
    memo = Memo(room=2)
    for walls in range(5):
        counted(memo, walls=walls)
    assert counted(memo, walls=4)[1] == {}
    assert counted(memo, walls=0)[1] == {"balance": 1, "cost": 1, "heat": 1}


def test_a_growing_stage_is_handed_its_latest_answer():
    seen = []

    def grow(walls, given, before):
        seen.append(before)
        return walls

    memo = Memo()
    for walls in (1, 2, 1):
        parts = {"walls": Part(walls, str(walls))}
        assert Chain([Stage("grow", grow, ("walls",), growing=True)], parts, GIVEN, memo)["grow"]
    assert seen == [None, 1]


def test_plans_that_differ_far_into_their_shape_have_different_keys():
    corners = [(0, 0), *((n, 1000.123456) for n in range(40)), (40, 0)]
    one = NetworkPlan("n", "N", 2030, {"biomass": 1.0}, Polygon(corners))
    other = NetworkPlan("n", "N", 2030, {"biomass": 1.0}, Polygon([*corners[:-1], (41, 0)]))
    assert repr(one) == repr(other), "shapely cuts long shapes short"
    assert _drawn_key(one) != _drawn_key(other)


def test_a_growing_stage_starts_from_the_answer_that_is_most_like_it():
    seen = []

    def grow(walls, given, before):
        seen.append(before)
        return walls

    memo = Memo()
    for walls, like in ((1, ("a 2025", "2025")), (2, ("a 2030", "2030")), (3, ("b 2025", "2025"))):
        parts = {"walls": Part(walls, str(walls))}
        stage = Stage("grow", grow, ("walls",), growing=True)
        assert Chain([stage], parts, GIVEN, memo, like)["grow"] == walls
    assert seen == [None, 1, 1]


def test_a_run_that_nobody_waits_for_stops_before_the_next_stage():
    memo, asked = Memo(), []

    def cancelled():
        asked.append(1)
        return len(asked) > 2

    parts = {"walls": Part(1, "w"), "roofs": Part(1, "r")}
    with pytest.raises(Cancelled):
        Chain(STAGES, parts, GIVEN, memo, cancelled=cancelled)["balance"]
    assert dict(memo.computed) == {"heat": 1, "cost": 1}
    made = memo.computed.copy()
    assert Chain(STAGES, parts, GIVEN, memo)["balance"] == (30.0, 2)
    assert dict(memo.computed - made) == {"shine": 1, "balance": 1}


def test_who_reads_what_is_there_does_not_wait_for_what_is_being_made():
    memo, begun, go_on = Memo(), Event(), Event()
    memo.answer("quick", "k", lambda _: "there")

    def slow(_):
        begun.set()
        assert go_on.wait(10)
        return "made"

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(memo.answer, "slow", "k", slow)
        assert begun.wait(10)
        second = pool.submit(memo.answer, "slow", "k", lambda _: pytest.fail("made twice"))
        assert memo.answer("quick", "k", lambda _: pytest.fail("made twice")) == "there"
        assert memo.answer("slow", "other", lambda _: "another") == "another"
        go_on.set()
        assert (first.result(10), second.result(10)) == ("made", "made")


def test_who_waited_for_what_failed_tries_himself():
    memo, begun, go_on = Memo(), Event(), Event()

    def fails(_):
        begun.set()
        assert go_on.wait(10)
        raise ModelError("no", hint="")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(memo.answer, "s", "k", fails)
        assert begun.wait(10)
        second = pool.submit(memo.answer, "s", "k", lambda _: "made")
        go_on.set()
        with pytest.raises(ModelError):
            first.result(10)
        assert second.result(10) == "made"


def test_memory_is_bounded_and_what_is_shared_is_counted_once():
    memo, shared = Memo(megabytes=10), np.zeros(2**17)  # one megabyte
    for n in range(50):
        memo.answer("small", str(n), lambda _: {"mine": np.zeros(2**17), "ours": shared[:100]})
    assert 8 < memo.megabytes <= 10
    kept = len(memo._answers["small"])
    assert kept == round(memo.megabytes) - 1
    assert memo.answer("small", "49", lambda _: pytest.fail("forgotten")) is not None
    memo.answer("large", "x", lambda _: pd.DataFrame({"a": np.zeros(2**21)}))  # 16 megabytes
    assert memo.answer("large", "x", lambda _: pytest.fail("forgotten")) is not None
    assert not memo._answers["small"]
    assert memo.megabytes == pytest.approx(16, abs=0.1)


def test_answers_are_weighed_by_the_arrays_in_them():
    frame = pd.DataFrame({"n": np.zeros(10_000), "t": ["word"] * 10_000, "c": ["a"] * 10_000})
    frame = frame.astype({"c": "category"})
    least = 10_000 * (8 + 4 + 1)
    assert least <= sum(arrays_in((frame, {"again": frame["n"]})).values()) <= 4 * least
    assert sum(arrays_in([frame["n"], frame["n"].to_numpy()[::2]]).values()) == 80_000
