"""`twin sensors check`, `run`, `status` as people type them."""

from __future__ import annotations

import json
import signal
import threading

import pandas as pd
import pytest

from dash_app.cli import main
from dash_app.i18n import translator
from dash_app.sensor_words import STATES, reason_words, state_word
from layers.project_store import open_store
from layers.sensors.lock import held
from layers.sensors.records import Reason
from tests.layers.sensors.feeding import eventually


@pytest.fixture
def config(tmp_path):
    """Give a file with a recording that can be read and one that is missing."""
    times = pd.date_range("2026-05-04", periods=24, freq="h", tz="UTC").strftime("%Y-%m-%dT%H:%MZ")
    rows = [f"a/b [bold]x,{time},{n}" for n, time in enumerate(times)]
    rows += ["a/b [bold]x,never,1", "c,2026-05-04T00:00Z,1"]
    (tmp_path / "day.csv").write_text("stream,time,value\n" + "\n".join(rows) + "\n")
    (tmp_path / "day.streams.toml").write_text(
        '[[stream]]\nstream = "a/b [bold]x"\nname = "Am Bach [bold]\\u001b[2J"\n'
        'property = "air_temprature"\nunit = "Cel"\nlat = 50.81\nlon = 7.15\ninterval_s = 3600\n'
    )
    (tmp_path / "sensors.toml").write_text(
        'store.database = "feeds.sqlite"\nhealth.on = false\n'
        '[[source]]\nname = "day"\nkind = "replay"\nfile = "day.csv"\nshift = "none"\n'
        'speed = "max"\n'
    )
    return tmp_path / "sensors.toml"


def call(capsys, *arguments, lang="en"):
    """Run `twin sensors` in this process; give exit code, output and error output."""
    with pytest.raises(SystemExit) as end:
        main(["--lang", lang, "sensors", *map(str, arguments)])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err + printed.out
    return end.value.code, printed.out, printed.err


def test_check_shows_what_a_source_brings_and_keeps_nothing(capsys, config, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    before = sorted(config.parent.iterdir())
    code, said, _ = call(capsys, "check", config, "--seconds", "0.1")
    assert code == 0
    for part in ("Am Bach [bold]", "Cel", "23", "50.81000, 7.15000", "1 datastreams, 1 values",
                 "There is no time that can be read", "The device is not listed", "never",
                 "air_temprature is no property known here; air_temperature is meant"):  # fmt: skip
        assert part in said
    assert "\x1b[2J" not in said
    assert sorted(config.parent.iterdir()) == before


def test_check_says_which_source_cannot_be_read(capsys, config):
    config.write_text(
        config.read_text() + '[[source]]\nname = "lost"\nkind = "replay"\nfile = "lost.csv"\n'
    )
    code, said, _ = call(capsys, "check", config)
    assert code == 1
    assert "lost.csv cannot be read" in said.replace("\n", "")
    assert "1 datastreams" in said  # the others are read all the same
    code, said, _ = call(capsys, "check", config, "--source", "day")
    assert code == 0
    code, _, complaint = call(capsys, "check", config, "--source", "dya")
    assert code == 1
    assert "There is no source dya; there are day, lost." in complaint


def test_check_for_machines(capsys, config):
    code, said, _ = call(capsys, "check", config, "--json")
    told = json.loads(said)["day"]
    assert code == 0
    assert told["error"] is None
    assert told["refused"] == {"no_time": 1, "unknown_stream": 1}
    assert told["streams"][0]["key"] == "day/a/b-[bold]x"
    assert told["streams"][0]["last"] == {
        "at": "2026-05-04T23:00:00+00:00", "value": 23.0, "flags": 128,
    }  # fmt: skip


def test_faults_of_the_file_are_told_in_both_languages(capsys, config):
    config.write_text(config.read_text().replace("speed", "sped"))
    code, said, complaint = call(capsys, "check", config)
    assert (code, said) == (1, "")
    assert "source[0].sped is no setting; speed is meant, perhaps" in complaint
    code, _, complaint = call(capsys, "run", config, lang="de")
    assert code == 1
    assert "source[0].sped ist keine Einstellung" in complaint


def test_run_keeps_what_it_reads_and_ends_with_its_sources(capsys, config):
    code, said, _ = call(capsys, "run", config)
    assert code == 0
    assert "The recording has been played to its end." in said
    assert "24 values kept, 2 refused." in said
    code, said, _ = call(capsys, "status", config, "--json")
    told = json.loads(said)
    assert code == 0
    assert told["sources"][0] == {
        **told["sources"][0], "name": "day", "state": "stopped", "running": False, "streams": 1,
        "last_value": "2026-05-04T23:00:00+00:00",
    }  # fmt: skip
    assert {row["reason"]: row["count"] for row in told["refused"]} == {
        "no_time": 1, "unknown_stream": 1,
    }  # fmt: skip
    code, said, _ = call(capsys, "status", config, lang="de")
    assert "day" in said
    assert "Beendet" in said


def test_a_signal_ends_it_in_order(capsys, config):
    config.write_text(
        config.read_text().replace('shift = "none"\nspeed = "max"\n', "days_before = 1\n")
    )
    database = config.with_name("feeds.sqlite")

    def is_kept():
        if not database.exists():
            return False
        with open_store(database, check=None) as store:
            return len(store.observations.latest()) == 1

    def interrupt():
        eventually(is_kept)
        signal.raise_signal(signal.SIGTERM)

    handler = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what comes too early ends no test
    watching = threading.Thread(target=interrupt)
    watching.start()
    try:
        code, said, _ = call(capsys, "run", config)
    finally:
        watching.join()
        signal.signal(signal.SIGTERM, handler)
    assert code == 0
    assert "what was read is saved first" in said
    with open_store(database, check=None) as store:
        assert store.observations.state("day").state == "stopped"


def test_a_second_worker_is_told(capsys, config):
    with (
        open_store(config.with_name("feeds.sqlite"), check=None) as store,
        held(store, ["day"]),
    ):
        code, _, complaint = call(capsys, "run", config)
        assert code == 1
        assert "Another worker runs the source day into" in complaint
        code, said, _ = call(capsys, "status", config, "--json")
        assert json.loads(said)["sources"][0]["running"] is True


def test_status_of_nothing_makes_nothing(capsys, config):
    code, _, complaint = call(capsys, "status", config)
    assert code == 1
    assert "There is no database" in complaint
    assert not config.with_name("feeds.sqlite").exists()


def test_every_reason_and_state_has_german_words():
    german, english = translator("de"), translator("en")
    for reason in Reason.__args__:
        told = reason_words(german, reason)
        assert all(told)
        assert not set(told) & set(reason_words(english, reason))
    assert reason_words(german, "brand_new") == ("brand_new", "")
    for state in STATES:
        assert state_word(german, state) != state_word(english, state)
    assert state_word(english, "connected") == "Connected"
