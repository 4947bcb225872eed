"""How the feeds are: state, where each goes on after a break, what was refused and how often."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from layers.project_store.observations_records import FeedState, at_ms
from layers.project_store.observations_sql import Bulk, bulk
from layers.project_store.observations_streams import printable
from layers.project_store.tables import FEED_CURSORS, FEED_REFUSALS, FEEDS
from twin.sentences import Sentence, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from layers.sensors.common import State
    from layers.sensors.records import Delivery, Refusal

LONGEST_DETAIL = 300
MOST_LATELY = 4_000
"""Refusals of each source that are recognised when they come again."""

COUNTED = Bulk(
    "feed_refusals",
    ("source", "reason", "count", "last", "detail"), ("str", "str", "int", "int", "str"),
    "ON CONFLICT (source, reason) DO UPDATE SET count = feed_refusals.count + excluded.count, "
    "last = excluded.last, detail = excluded.detail",
)  # fmt: skip
CURSORS = Bulk(
    "feed_cursors", ("source", "name", "value"), ("str", "str", "str"),
    "ON CONFLICT (source, name) DO UPDATE SET value = excluded.value",
)  # fmt: skip
NEW = Bulk(
    "feeds", ("source", "state", "since", "refused_lately"), ("str", "str", "int", "str"),
    "ON CONFLICT (source) DO NOTHING",
)  # fmt: skip
HEARD = Bulk(
    "feeds",
    ("source", "state", "since", "last_message", "refused_lately"),
    ("str", "str", "int", "int", "str"),
    "ON CONFLICT (source) DO UPDATE SET last_message = excluded.last_message",
)


def put_feeds(
    connection: Connection,
    deliveries: Sequence[Delivery],
    own: Iterable[Refusal],
    *,
    now_ms: int,
) -> int:
    """
    Count refusals, keep cursors, note who was heard; return how many refusals were counted.

    `own` are those of the store. One that comes `again` and is known from a short time ago is
    not counted twice.
    """
    sources = _sources(deliveries)
    rows = [(source, "starting", now_ms, now_ms, "") for source in sources]
    bulk(connection, HEARD, list(zip(*rows, strict=True)))
    given = [one for delivery in deliveries for one in delivery.refused]
    refused = [*_unknown(connection, given), *own]
    _count(connection, refused, now_ms)
    cursors = {
        (printable(one.source), printable(one.cursor[0])): json.dumps(dict(one.cursor[1]))
        for one in deliveries
        if one.cursor is not None
    }
    owners, names = [key[0] for key in cursors], [key[1] for key in cursors]
    bulk(connection, CURSORS, [owners, names, list(cursors.values())])
    return len(refused)


def put_state(
    connection: Connection, source: str, state: State, why: Sentence | None, now_ms: int
) -> None:
    """Note how a source is; `since` moves only when the state changes."""
    key = printable(source)
    bulk(connection, NEW, [[key], ["starting"], [now_ms], [""]])
    is_other = (FEEDS.c.source == key) & (FEEDS.c.state != state)
    connection.execute(update(FEEDS).where(is_other).values(state=state, since=now_ms))
    told = update(FEEDS).where(FEEDS.c.source == key).values(why=_sentence_text(why))
    connection.execute(told)


def read_states(connection: Connection, source: str | None = None) -> tuple[FeedState, ...]:
    """Return how sources are, by name."""
    query = select(FEEDS).order_by(FEEDS.c.source)
    if source is not None:
        query = query.where(FEEDS.c.source == printable(source))
    return tuple(
        FeedState(
            row.source, row.state, at_ms(row.since), _sentence(row.why),
            None if row.last_message is None else at_ms(row.last_message),
        )
        for row in connection.execute(query)
    )  # fmt: skip


def forget_source(connection: Connection, source: str) -> None:
    """Remove state, cursors and counts of a source that is configured no more; values stay."""
    for table in (FEEDS, FEED_CURSORS, FEED_REFUSALS):
        connection.execute(delete(table).where(table.c.source == printable(source)))


def read_cursor(connection: Connection, source: str, name: str) -> dict[str, Any] | None:
    """Return where a source goes on."""
    wanted = (FEED_CURSORS.c.source == printable(source)) & (FEED_CURSORS.c.name == printable(name))
    text = connection.execute(select(FEED_CURSORS.c.value).where(wanted)).scalar()
    return None if text is None else dict(json.loads(text))


def _sources(deliveries: Iterable[Delivery]) -> list[str]:
    distinct = dict.fromkeys(delivery.source for delivery in deliveries)
    return list(dict.fromkeys(printable(source) for source in distinct))


def _unknown(connection: Connection, refused: Sequence[Refusal]) -> list[Refusal]:
    """Return what was not counted before the program was stopped, and remember it."""
    found: list[Refusal] = []
    by_source: dict[str, list[Refusal]] = {}
    for one in refused:
        by_source.setdefault(printable(one.source), []).append(one)
    for source, given in by_source.items():
        query = select(FEEDS.c.refused_lately).where(FEEDS.c.source == source)
        lately = (connection.execute(query).scalar() or "").split()
        before, marks = set(lately), [_mark(one) for one in given]
        fresh = [
            (one, mark)
            for one, mark in zip(given, marks, strict=True)
            if not (one.again and mark in before)
        ]
        if fresh:
            text = " ".join([*lately, *(mark for _, mark in fresh)][-MOST_LATELY:])
            values = update(FEEDS).where(FEEDS.c.source == source).values(refused_lately=text)
            connection.execute(values)
        found += [one for one, _ in fresh]
    return found


def _mark(refusal: Refusal) -> str:
    told = f"{refusal.reason} {refusal.detail}".encode("utf-8", "replace")
    return hashlib.blake2b(told, digest_size=6).hexdigest()


def _count(connection: Connection, refused: Sequence[Refusal], now_ms: int) -> None:
    kinds = [(printable(one.source), str(one.reason)) for one in refused]
    last = {
        kind: printable(one.detail)[:LONGEST_DETAIL]
        for kind, one in zip(kinds, refused, strict=True)
    }
    rows = [
        (source, reason, count, now_ms, last[source, reason])
        for (source, reason), count in sorted(Counter(kinds).items())
    ]
    bulk(connection, COUNTED, list(zip(*rows, strict=True)))


def _sentence_text(sentence: Sentence | None) -> str | None:
    return None if sentence is None else json.dumps(_as_json(sentence))


def _sentence(text: str | None) -> Sentence | None:
    found = None if text is None else _from_json(json.loads(text))
    return found if isinstance(found, Sentence) else None


def _as_json(value: object) -> Any:
    """Return a sentence or one of its values as JSON that says of what kind it is."""
    if isinstance(value, Sentence):
        values = {name: _as_json(one) for name, one in value.values.items()}
        return {"template": value.template, "values": values}
    if isinstance(value, Word):
        return {"word": value.value, "context": value.context}
    if isinstance(value, tuple | list):
        return [_as_json(one) for one in value]
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_from_json(one) for one in value)
    if not isinstance(value, dict):
        return value
    return _of_kind(value)


def _of_kind(value: Mapping[str, Any]) -> object:
    if "template" in value:
        values = {name: _from_json(one) for name, one in value["values"].items()}
        return Sentence(value["template"], values)
    if "word" in value:
        return Word(value["word"], value["context"])
    return datetime.fromisoformat(value["time"])
