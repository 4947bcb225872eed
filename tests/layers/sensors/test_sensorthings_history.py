"""Weeks with servers of all kinds: whatever comes late, breaks or is lost, nothing is missed."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from layers.sensors import sensorthings_sync
from tests.layers.sensors.sta_reading import BrokenError, Kept, ms, read, source
from tests.layers.sensors.sta_server import Served
from tests.layers.sensors.sta_worlds import BEGIN, stamp
from tests.layers.sensors.test_sensorthings_servers import rows, stream, world

OPTIONS = ("filter", "orderby", "select", "resultFormat")
STEPS = 10


@pytest.fixture(scope="module")
def served():
    server = Served()
    yield server
    server.close()


def told_late(dice, count=90):
    """Give observations; some are told hours after they were taken, in any order."""
    found = rows([round(dice.random() * 100, 2) for _ in range(count)])
    late = dice.choice([0, 1, 90, 600])
    for one in found:
        wait = timedelta(minutes=dice.choice([0, late // 2, late]))
        taken = timedelta(milliseconds=ms(one["phenomenonTime"]) - ms(stamp(BEGIN)))
        one["resultTime"] = stamp(BEGIN + taken + wait)
    dice.choice([list, lambda x: x.reverse(), dice.shuffle])(found)
    return found


@pytest.mark.parametrize("seed", [0, 3, 5, 6])
def test_nothing_is_missed_and_nothing_comes_twice(served, seed, monkeypatch):
    dice = random.Random(seed)
    monkeypatch.setattr(sensorthings_sync, "PAGES_A_ROUND", dice.choice([2, 20]))
    truth = {number: told_late(dice) for number in range(dice.choice([1, 10]))}
    served.world = world(
        [stream(number) for number in truth], {}, most=dice.choice([15, 1_000]),
        cannot={option for option in OPTIONS if option != "filter" and dice.random() < 0.2},
        ignores={option for option in OPTIONS if option != "filter" and dice.random() < 0.2},
        next_relative=dice.random() < 0.5,
    )  # fmt: skip
    page, kept = dice.choice([10, 1_000]), Kept()
    one = source(served.url, page=page)
    for step in [*range(STEPS), 99, 99]:
        now = stamp(BEGIN + timedelta(hours=2 * step))
        for number, given in truth.items():
            there = [row for row in given if row["resultTime"] <= now]
            served.world.observations["Datastreams", str(number)] = there
        one._clock = one._sync._clock = lambda now=now: ms(now) / 1000
        is_calm = step == 99
        kept.breaks_at = kept.deliveries + 2 if not is_calm and dice.random() < 0.2 else None
        if not is_calm and dice.random() < 0.2:
            served.world.fault("Observations", lambda a: a.say(503, "down"), times=5)
        try:
            read(one, kept)
        except BrokenError:
            one = source(served.url, page=page)
        served.world.faults.clear()
    assert kept.values == {
        (f"sta/{number}", ms(row["phenomenonTime"])): row["result"]
        for number, given in truth.items()
        for row in given
    }
    assert not kept.revised
    assert not kept.refused
