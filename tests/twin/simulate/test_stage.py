"""An edit recomputes what depends on it and nothing else."""

import pytest
from shapely import Polygon

from twin.assumptions import Assumption, AssumptionError, Assumptions
from twin.memo import Memo
from twin.simulate.parts import _drawn_key
from twin.simulate.stage import Chain, Part, Stage
from twin.state import NetworkPlan


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
