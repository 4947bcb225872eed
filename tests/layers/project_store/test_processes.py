"""Several programs at once, and programs that are killed: nothing acknowledged is lost."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from contextlib import suppress

import pytest

from layers.project_store import ConflictError, open_store
from tests.layers.project_store.conftest import scenario
from twin.errors import StoreError

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])
"""New processes that start in milliseconds and share nothing with this one."""

KILLS = 8


def save_once(address, key, mine, barrier, results):
    with open_store(address, check=None) as store:
        barrier.wait()
        try:
            saved = store.save(key, scenario(by=mine), expected_version=1, author=mine)
            results.put(("saved", mine, saved.number))
        except ConflictError as conflict:
            results.put(("conflict", mine, conflict.theirs.content["by"]))


def test_of_programs_that_save_at_once_exactly_one_wins(store, project, address):
    for _ in range(3):
        key = store.create(project.id, scenario(by="nobody")).scenario_id
        barrier, results = CONTEXT.Barrier(3), CONTEXT.Queue()
        workers = [
            CONTEXT.Process(target=save_once, args=(address, key, name, barrier, results))
            for name in ("Ada", "Grace", "Lise")
        ]
        for worker in workers:
            worker.start()
        said = [results.get(timeout=30) for _ in workers]
        for worker in workers:
            worker.join(60)
            assert worker.exitcode == 0
        winners = [mine for what, mine, _ in said if what == "saved"]
        assert len(winners) == 1
        assert [theirs for what, _, theirs in said if what == "conflict"] == winners * 2
        assert store.head(key).content["by"] == winners[0]
        assert [v.number for v in store.history(key)] == [1, 2]


@pytest.fixture
def crasher(address):
    """Kill a program that saves at a random moment; give what it had acknowledged until then."""

    def crash(key, wait_s):
        near, far = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(target=run_until_killed, args=(address, key, far))
        process.start()
        far.close()
        assert near.poll(60)  # the first acknowledgement
        time.sleep(wait_s)
        os.kill(process.pid, signal.SIGKILL)
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        said = []
        while True:
            try:
                said.append(near.recv())
            except EOFError:
                return said

    return crash


def run_until_killed(address, key, pipe):
    with open_store(address, check=None) as store:
        head = store.head(key)
        while True:
            content = scenario(step=head.number, long="x" * random.randrange(20_000))
            saved = store.save(key, content, expected_version=head.number)
            pipe.send((saved.number, saved.hash))
            head = saved
            if saved.number % 5 == 0:
                head = store.undo(key, expected_version=saved.number)


def test_killed_while_saving_nothing_acknowledged_is_lost(store, project, address, crasher):
    key = store.create(project.id, scenario(step=0)).scenario_id
    chance = random.Random(4)
    acknowledged = {}
    for _ in range(KILLS):
        acknowledged |= dict(crasher(key, chance.uniform(0, 0.05)))
        with open_store(address, check=None) as again:
            history = {v.number: v.hash for v in again.history(key)}
            assert acknowledged.items() <= history.items()
            head = again.head(key)  # checks content against its hash
            assert sorted(history) == list(range(1, len(history) + 1))
            moves = again.moves(key)
            assert moves[-1].target == head.number
            assert {m.target for m in moves if m.kind == "save"} == set(history)
    for number in history:
        store.version(key, number)
    assert len(acknowledged) >= KILLS


def test_a_server_killed_while_saving_loses_nothing_acknowledged(server):
    """The same where the server dies, not the program that saves."""
    server.execute("CREATE DATABASE crashed")
    address = server.url("crashed")
    with open_store(address, check=None) as store:
        project = store.project("b" * 32, "Troisdorf")
        key = store.create(project.id, scenario(step=0)).scenario_id
    near, far = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=run_until_refused, args=(address, key, far))
    process.start()
    far.close()
    said = [near.recv() for _ in range(20)]
    server.crash()
    while (last := near.recv()) != "refused":
        said.append(last)
    process.join(60)
    server.start()
    with open_store(address, check=None) as store:
        history = {v.number: v.hash for v in store.history(key)}
        assert dict(said).items() <= history.items()
        assert store.head(key).number == len(history)
        assert len(history) - len(said) in {1, 2}  # the first, and one that was not answered


def run_until_refused(address, key, pipe):
    with open_store(address, check=None) as store:
        head = store.head(key)
        try:
            while True:
                head = store.save(key, scenario(n=head.number), expected_version=head.number)
                pipe.send((head.number, head.hash))
        except StoreError:
            pipe.send("refused")


def make_new(address, pipe):
    pipe.send("started")
    open_store(address, check=None).close()


def test_killed_while_a_new_database_is_made_it_can_be_made_again(address):
    chance = random.Random(5)
    ends = []
    for _ in range(6):
        near, far = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(target=make_new, args=(address, far))
        process.start()
        assert near.recv() == "started"
        time.sleep(chance.uniform(0, 0.02))
        with suppress(ProcessLookupError):  # it was quicker
            os.kill(process.pid, signal.SIGKILL)
        process.join(60)
        ends.append(process.exitcode)
    assert -signal.SIGKILL in ends
    with open_store(address, check=None) as store:
        project = store.project("b" * 32, "Troisdorf")
        assert store.create(project.id, scenario()).number == 1
