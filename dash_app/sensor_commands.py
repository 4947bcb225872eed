"""What `twin sensors run` and `twin sensors status` do."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from dash_app.i18n import preferred_lang, translator
from dash_app.sensor_prints import add_row, clean_lines, new_table, print_json, print_line
from dash_app.sensor_words import ZONE, moment, reason_words, state_word
from layers.project_store import open_store
from layers.sensors.board import Pauses
from layers.sensors.config import Config, read_config
from layers.sensors.lock import is_held
from layers.sensors.sources import make_source
from layers.sensors.worker import Worker
from twin.errors import StoreError
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dash_app.i18n import Translator
    from layers.project_store import ProjectStore
    from layers.project_store.observations_records import FeedState

EXIT_NOW = 130
SUMMARY_S = 600.0
PATIENCE_S = 3.0


class _Log:
    """Lines with time, source and state in one language, and one line that moves at a terminal."""

    def __init__(self, words: Translator) -> None:
        self._words = words
        self._console = Console(file=sys.stdout)
        self._lock = RLock()  # a signal may come while a line is written
        self.never = Event()

    def tell(self, source: str, state: str, why: Sentence | None) -> None:
        """Write a line."""
        words = self._words
        told = words.sentence(why) if why is not None else ""
        shown = "" if state == "note" else state_word(words, state)
        line = ": ".join(part for part in (shown, told) if part)
        name = source or words.text("worker")
        text = f"{datetime.now(ZONE):%Y-%m-%d %H:%M:%S}  {name}  {line}"
        with self._lock:
            self._console.print(escape(clean_lines(text)), soft_wrap=True, highlight=False)

    @contextmanager
    def summary(self, worker: Worker) -> Iterator[None]:
        """Tell from time to time how much was kept: a moving line, or one every ten minutes."""
        ended = Event()
        status = self._console.status("") if self._console.is_terminal else None
        pause = 1.0 if status is not None else SUMMARY_S

        def tell() -> None:
            while not ended.wait(pause):
                kept, refused = worker.metrics.totals
                what = say(
                    "{kept} values kept, {refused} refused, {unsaved} wait to be saved.",
                    kept=kept, refused=refused, unsaved=worker.status.unsaved,
                )  # fmt: skip
                if status is None:
                    self.tell("", "note", what)
                else:
                    status.update(escape(self._words.sentence(what)))

        thread = Thread(target=tell, name="feeds-summary", daemon=True)
        with status or nullcontext():
            thread.start()
            try:
                yield
            finally:
                ended.set()
                thread.join(2.0)


def run_command(words: Translator, path: Path) -> None:
    """Run all sources until a signal or their end; log lines say what changes."""
    config = read_config(path)
    sources = [make_source(source, place=config.store.identity) for source in config.sources]
    log = _Log(words)
    with _opened(config, log) as store:
        worker = Worker(store, sources, config, tell=log.tell, words=_words_for)
        with _signals(worker, log), log.summary(worker):
            where = store.database.place.shown
            log.tell("", "starting", say("Keeps what it reads in {place}.", place=where))
            worker.run()
    kept, refused = worker.metrics.totals
    log.tell("", "stopped", say("{kept} values kept, {refused} refused.", kept=kept,
                                refused=refused))  # fmt: skip


def _words_for(languages: str) -> Translator:
    return translator(preferred_lang(languages))


def status_command(words: Translator, path: Path | None, *, as_json: bool) -> None:
    """Show the states, last values and refusals that the store knows of."""
    config = Config() if path is None else read_config(path)
    where = config.store.where
    if "://" not in where and not Path(where).exists():
        template = "There is no database {path}."
        hint = "`twin sensors run` makes it, or name the file of the sources."
        raise StoreError(template, hint=hint, path=where)
    with open_store(where, patience_s=PATIENCE_S) as store:
        content = _status(store, [source.name for source in config.sources])
    if as_json:
        plain = [
            {**one, "why": str(one["why"]) if one["why"] else None} for one in content["sources"]
        ]
        print_json({**content, "sources": plain})
        return
    _show_status(Console(file=sys.stdout), words, content)


def _status(store: ProjectStore, configured: list[str]) -> dict[str, Any]:
    """Return what the store knows, as JSON with times in UTC."""
    kept = store.observations
    states = {state.source: state for state in kept.states()}
    latest = kept.latest()
    last = dict(zip(latest["key"], latest["at"], strict=True))
    streams: dict[str, list[str]] = {}
    for row in kept.streams():
        streams.setdefault(row.stream.source, []).append(row.stream.key)
    names = sorted({*states, *configured})
    return {
        "store": store.database.place.shown,
        "sources": [
            {
                "name": name,
                "running": is_held(store, name),
                **_state(states.get(name)),
                "streams": len(streams.get(name, [])),
                "last_value": _iso(
                    max((last[key] for key in streams.get(name, []) if key in last), default=None)
                ),
            }
            for name in names
        ],
        "refused": [
            {**row, "last": _iso(row["last"])}
            for row in kept.refusals().to_dict("records")
        ],
    }  # fmt: skip


def _state(state: FeedState | None) -> dict[str, Any]:
    if state is None:
        return {"state": None, "since": None, "why": None, "last_message": None}
    return {
        "state": state.state,
        "since": _iso(state.since),
        "why": state.why,
        "last_message": _iso(state.last_message),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _show_status(console: Console, words: Translator, content: dict[str, Any]) -> None:
    text = words.text
    print_line(console, text("Store: {place}", place=content["store"]))
    if not content["sources"]:
        print_line(console, text("No source has brought anything yet."))
        return
    heads = [text("Source"), text("State"), text("Since"), text("Last message"),
             text("Datastreams"), text("Last value"), text("Why")]  # fmt: skip
    table = new_table(heads)
    for row in content["sources"]:
        add_row(table, _cells(words, row))
    console.print(table)
    if content["refused"]:
        refused = new_table([text("Source"), text("Refused because of"), text("Count"),
                             text("Last"), text("For example")])  # fmt: skip
        for row in content["refused"]:
            add_row(refused, [row["source"], reason_words(words, row["reason"])[0],
                              words.number(row["count"]), _local(words, row["last"]),
                              row["detail"]])  # fmt: skip
        console.print(refused)


def _cells(words: Translator, row: dict[str, Any]) -> list[str]:
    is_left = not row["running"] and row["state"] not in {None, "stopped"}
    return [
        row["name"],
        words.text("no worker runs it") if is_left else state_word(words, row["state"] or "–"),
        _local(words, row["since"]),
        _local(words, row["last_message"]),
        words.number(row["streams"]),
        _local(words, row["last_value"]),
        words.sentence(row["why"]) if row["why"] else "",
    ]


def _local(words: Translator, at: str | None) -> str:
    return moment(words, None if at is None else datetime.fromisoformat(at))


@contextmanager
def _opened(config: Config, log: _Log) -> Iterator[ProjectStore]:
    """Open the store; a server that is away is waited for, as a computer may start before it."""
    where = config.store.where
    pauses = Pauses(1.0, 60.0)
    while True:
        try:
            store = open_store(where, patience_s=PATIENCE_S)
            break
        except StoreError as error:
            if "://" not in where or where.startswith("sqlite"):
                raise
            log.tell("", "waiting", Sentence(error.template, error.values))
            pauses.wait(log.never)
    with store:
        yield store


@contextmanager
def _signals(worker: Worker, log: _Log) -> Iterator[None]:
    """Let the first signal end the worker in order, the second at once."""
    asked: list[int] = []

    def stop(number: int, _frame: object) -> None:
        asked.append(number)
        if len(asked) > 1:
            os._exit(EXIT_NOW)
        worker.ask_to_stop()
        log.tell("", "note", say("Ends: what was read is saved first. A second time ends at once."))

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
