"""What a dry run says of a table: its columns, its first rows, what may have been meant wrongly."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from layers.sensors.common import Checked, described, said
from layers.sensors.records import Refusal
from layers.sensors.table_read import has_comma, joined, read_content, unreadable_content
from layers.sensors.values import RefusedError, clean
from twin.errors import SourceError
from twin.sentences import Sentence, listed, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from layers.sensors.mapping import Found, Mapping
    from layers.sensors.records import Datastream
    from layers.sensors.table_config import TableConfig
    from layers.sensors.table_read import Beside
    from layers.sensors.table_text import Content

ENOUGH = 20_000
FIRST_ROWS = 3
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}[.,][0-9]{3}")
ZONED = re.compile(r"(?:Z|[+-]\d{2}:?\d{2}|UTC|GMT)$|^\d{9,}(?:\.\d+)?$")


def checked(
    config: TableConfig, contents: Sequence[Content], beside: Beside, end: float
) -> Checked:
    """
    Return what is in the beginning of some contents, until the moment `end`.

    Raises
    ------
    SourceError
        None of them can be read, e.g. for want of columns.
    """
    parts: list[Found] = []
    refused: list[Refusal] = []
    notes: list[Sentence] = []
    sample: pd.DataFrame | None = None
    faults: list[SourceError] = []
    for content in contents:
        try:
            for part in read_content(config, content, {}, beside):
                parts.append(part.found)
                sample = part.sample if sample is None else sample
                if time.monotonic() > end or sum(len(p.readings) for p in parts) > ENOUGH:
                    break
        except RefusedError as error:
            refused.append(Refusal(config.name, error.reason, error.detail))
            notes.append(said(unreadable_content(config, error))[0])
        except SourceError as error:
            faults.append(error)
            notes.append(said(error)[0])
    if faults and len(faults) == len(contents):
        raise faults[0]
    found = joined(parts)
    notes += _notes(config, found, sample)
    extra: dict[str, Any] = {"files": [content.name for content in contents]}
    if sample is not None:
        first = sample.head(FIRST_ROWS).astype(str)
        extra |= {"columns": list(map(str, sample.columns)), "rows": first.to_numpy().tolist()}
    return Checked(found.streams, found.readings, (*found.refused, *refused), tuple(notes), extra)


def _notes(config: TableConfig, found: Found, sample: pd.DataFrame | None) -> list[Sentence]:
    notes = []
    if sample is not None:
        names = listed(map(str, sample.columns), 20)
        notes.append(say("The columns are {names}.", names=names))
        if len(sample):
            cells = tuple(clean(cell, 40) for cell in sample.iloc[0].tolist())[:20]
            notes.append(say("The first row is {cells}.", cells=cells))
    if not found.readings:
        notes.append(say("Not a single value was found."))
    streams = [described(stream, config) for stream in found.streams]
    lost = [stream.name for stream in streams if stream.lon is None]
    if lost:
        notes.append(say("These have no place: {names}.", names=listed(dict.fromkeys(lost))))
    if config.mapping is not None:
        notes += _notes_of_mapping(config.mapping, sample)
    return notes + list(_swapped(streams))


def _swapped(streams: Sequence[Datastream]) -> Iterator[Sentence]:
    """Tell places that look as if longitude and latitude were exchanged, in Central Europe."""
    odd = [s.name for s in streams if s.lon is not None and s.lat is not None
           and 45 <= s.lon <= 56 and 5 <= s.lat <= 16]  # fmt: skip
    if odd:
        yield say("Longitude and latitude look exchanged at {names}.", names=listed(odd))


def _notes_of_mapping(mapping: Mapping, sample: pd.DataFrame | None) -> Iterator[Sentence]:
    if mapping.places is not None and (twice := mapping.located().twice):
        yield say("The table of places has several lines for {names}.", names=listed(twice))
    if sample is None or sample.empty:
        return
    time_column = mapping.time.path
    if time_column in sample:
        texts = sample[time_column].dropna().astype(str).head(50).str.strip()
        if "zone" not in mapping.time.model_fields_set and not texts.str.contains(ZONED).all():
            yield say("The times say no zone; they are read as UTC. Give time.zone if it is local.")
    for value in mapping.values:
        if value.path not in sample or value.decimal or mapping.decimal:
            continue
        texts = sample[value.path].dropna().astype(str).str.strip()
        if len(texts) and not has_comma(texts) and texts.str.fullmatch(THOUSANDS).mean() > 0.5:
            yield say(
                "{example} in {name} is read with decimals; give decimal if it is thousands.",
                name=value.path,
                example=texts[texts.str.fullmatch(THOUSANDS)].iloc[0],
            )
