"""What `twin sensors check` does: a dry run of all sources that keeps nothing."""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape

from dash_app.sensor_prints import add_row, clean, new_table, print_json, print_line
from dash_app.sensor_words import moment, property_word, reason_words
from layers.sensors.common import Checked, described
from layers.sensors.config import read_config, unusual_words
from layers.sensors.faults import ConfigError
from layers.sensors.sources import make_source
from twin.errors import TwinError
from twin.sentences import Sentence, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.table import Table

    from dash_app.i18n import Translator
    from layers.sensors.common import Common
    from layers.sensors.config import SourceConfig
    from layers.sensors.records import Datastream, Reading

EXIT_FAULT = 1
MOST_ROWS = 60
MOST_EXAMPLES = 3


@dataclass(frozen=True)
class Found:
    """What a dry run of one source has found, or why there was none."""

    config: Common
    checked: Checked
    error: TwinError | None = None


def check_command(
    words: Translator, path: Path, *, seconds: float, only: str = "", as_json: bool = False
) -> None:
    """Show what the sources bring; exit code 1 where one cannot be read."""
    sources = _chosen(read_config(path).sources, only)
    with ThreadPoolExecutor(max_workers=min(16, len(sources))) as pool:
        found = list(pool.map(lambda source: _check(source, seconds), sources))
    if as_json:
        print_json({one.config.name: _plain(one) for one in found})
    else:
        console = Console(file=sys.stdout)
        for one in found:
            _show(console, words, one, seconds)
    if any(one.error is not None for one in found):
        raise typer.Exit(EXIT_FAULT)


def _chosen(sources: Sequence[SourceConfig], only: str) -> list[SourceConfig]:
    chosen = [source for source in sources if only in ("", source.name)]
    if not chosen:
        template = "There is no source {name}; there are {names}."
        names = ", ".join(source.name for source in sources)
        raise ConfigError(template, name=only, names=names)
    return chosen


def _check(config: SourceConfig, seconds: float) -> Found:
    try:
        checked = make_source(config).check(seconds)
    except TwinError as error:
        return Found(config, Checked(), error)
    except Exception as error:
        template = "The source has failed unexpectedly ({kind}: {reason})."
        reason = " ".join(str(error).split())[:200]
        kind = type(error).__name__
        return Found(config, Checked(), ConfigError(template, kind=kind, reason=reason))
    streams = {stream.key: described(stream, config) for stream in checked.streams}
    notes = (*checked.notes, *_own_notes(config, tuple(streams.values()), checked.readings))
    return Found(config, Checked(tuple(streams.values()), checked.readings, checked.refused, notes))


def _own_notes(
    config: Common, streams: Sequence[Datastream], readings: Sequence[Reading]
) -> list[Sentence]:
    properties = sorted({stream.property for stream in streams})
    keys = {stream.key for stream in streams}
    expected = [key for key in config.expect if key not in keys and "/" not in key]
    notes = list(unusual_words(sorted({*properties, *expected})))
    if placeless := [stream for stream in streams if stream.lon is None and not stream.line]:
        notes.append(
            say("{count} datastreams have no place and are not on the map.", count=len(placeless))
        )
    if unlicensed := [stream for stream in streams if stream.public and not stream.licence]:
        notes.append(
            say("{count} public datastreams have no licence; name it with licence.",
                count=len(unlicensed))
        )  # fmt: skip
    if streams and not readings:
        notes.append(say("There are datastreams, but none of them brought a value meanwhile."))
    return notes


def _show(console: Console, words: Translator, found: Found, seconds: float) -> None:
    say = words.text
    console.print(f"\n[bold]{escape(found.config.name)}[/bold]", highlight=False)
    if found.error is not None:
        print_line(console, words.error(found.error))
        return
    checked = found.checked
    if not checked.streams:
        print_line(console, say("Nothing came within {seconds} s.", seconds=seconds))
    else:
        console.print(_streams(words, checked))
    hidden = len(checked.streams) - MOST_ROWS
    if hidden > 0:
        print_line(console, say("… and {count} more datastreams.", count=hidden))
    counted = say(
        "{streams} datastreams, {readings} values, {refused} refused.",
        streams=len(checked.streams), readings=len(checked.readings), refused=len(checked.refused),
    )  # fmt: skip
    print_line(console, counted)
    if checked.refused:
        console.print(_refusals(words, checked))
    for note in checked.notes:
        print_line(console, f"• {words.sentence(note)}")


def _streams(words: Translator, checked: Checked) -> Table:
    say = words.text
    heads = [say("Name"), say("Property"), say("Unit"), say("Last value"), say("Time"),
             say("Place"), say("Interval")]  # fmt: skip
    last = _last(checked.readings)
    table = new_table(heads)
    for stream in checked.streams[:MOST_ROWS]:
        reading = last.get(stream.key)
        cells = [
            stream.name,
            property_word(words, stream.property),
            stream.unit,
            words.number(reading.value) if reading else "–",
            moment(words, reading.at / 1000) if reading else "–",
            _place(stream),
            words.number(stream.interval_s, "s") if stream.interval_s else "–",
        ]
        add_row(table, cells)
    return table


def _place(stream: Datastream) -> str:
    if stream.lon is None or stream.lat is None:
        return stream.street or "–"
    return f"{stream.lat:.5f}, {stream.lon:.5f}"


def _last(readings: Sequence[Reading]) -> dict[str, Reading]:
    found: dict[str, Reading] = {}
    for reading in readings:
        if reading.stream not in found or reading.at >= found[reading.stream].at:
            found[reading.stream] = reading
    return found


def _refusals(words: Translator, checked: Checked) -> Table:
    say = words.text
    table = new_table(
        [say("Refused because of"), say("Count"), say("For example"), say("What to do")]
    )
    for reason, count in Counter(one.reason for one in checked.refused).most_common():
        examples = dict.fromkeys(r.detail for r in checked.refused if r.reason == reason)
        shown = "\n".join(clean(text)[:100] for text in list(examples)[:MOST_EXAMPLES])
        why, hint = reason_words(words, reason)
        table.add_row(*map(escape, (why, words.number(count), shown, hint)))
    return table


def _plain(found: Found) -> dict[str, Any]:
    last = _last(found.checked.readings)
    return {
        "error": str(found.error) if found.error else None,
        "streams": [
            {
                "key": stream.key, "name": stream.name, "property": stream.property,
                "unit": stream.unit, "lon": stream.lon, "lat": stream.lat,
                "street": stream.street, "interval_s": stream.interval_s,
                "public": stream.public, "licence": stream.licence,
                "last": _value(last.get(stream.key)),
            }
            for stream in found.checked.streams
        ],
        "readings": len(found.checked.readings),
        "refused": dict(Counter(one.reason for one in found.checked.refused)),
        "examples": {one.reason: one.detail for one in found.checked.refused},
        "notes": [str(note) for note in found.checked.notes],
    }  # fmt: skip


def _value(reading: Reading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    at = datetime.fromtimestamp(reading.at / 1000, UTC).isoformat()
    return {"at": at, "value": reading.value, "flags": reading.flags}
