"""Reads recorded days out of another store of this program."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from layers.project_store import open_store
from layers.sensors.replay_record import MOST_ROWS, Record, own_key, record_of
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.project_store.observations_records import Moment


def read_store(
    database: str,
    *,
    source: str,
    span: tuple[Moment | None, Moment | None] = (None, None),
    properties: Sequence[str] = (),
) -> Record:
    """
    Read the raw values of a period from a store.

    Streams keep what is said of them and get keys of the source that plays them.

    Raises
    ------
    SourceError
        There is no such database, or it has too many values in the period.
    StoreError
        It cannot be opened.
    """
    if "://" not in database and not Path(database).is_file():
        template = "There is no database {path}."
        hint = "Name the one whose days are to be played."
        raise SourceError(template, hint=hint, path=database)
    with open_store(database, check=None) as store:
        rows = [
            row
            for row in store.observations.streams()
            if row.stream.source != source  # what was played is not played again
            and (not properties or row.stream.property in properties)
        ]
        numbers = [row.number for row in rows]
        since, until = span
        table = store.observations.table(numbers=numbers, since=since, until=until, step="raw")
    if len(table) > MOST_ROWS:
        template = "{path} has more than {most} values in the period."
        hint = "Name a shorter period with since and until."
        raise SourceError(template, hint=hint, path=database, most=MOST_ROWS)
    streams = tuple(
        replace(row.stream, key=own_key(source, row.stream.key), source=source, replayed=True)
        for row in rows
    )
    played = pd.DataFrame(
        {
            "stream": pd.Index(numbers, dtype="int64").get_indexer(pd.Index(table["number"])),
            "at": pd.to_datetime(table["at"], utc=True)
            .astype("datetime64[ms, UTC]")
            .astype("int64"),
            "value": table["value"].astype("float64"),
        }
    )
    return record_of(streams, played)
