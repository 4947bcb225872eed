"""The reports of `twin info` and `twin check`, for people and for machines."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from layers.city_store import open_city, read_manifest, verify
from layers.web import disk_errors
from twin.errors import SchemaError
from twin.schema import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from dash_app.i18n import Translator
    from twin.city import City


def info_command(words: Translator, folder: Path, *, as_json: bool) -> None:
    """Print counts, hash and sources; only `city.json` is read."""
    manifest = read_manifest(folder)
    if as_json:
        keys = (
            "name",
            "crs",
            "hash",
            "schema_version",
            "data_date",
            "model_town",
            "built",
            "sources",
        )
        counts = {name: entry["rows"] for name, entry in manifest["tables"].items()}
        _print_json({**{key: manifest[key] for key in keys}, "counts": counts})
        return
    city = open_city(folder)
    table = Table(title=city.name, title_justify="left")
    table.add_column(words.text("Table"))
    table.add_column(words.text("Rows"), justify="right")
    for name, entry in manifest["tables"].items():
        table.add_row(words.text(TABLES[name].label), words.number(entry["rows"]))
    console = _console()
    console.print(table)
    if city.info.model_town:
        console.print(words.text("Model town after Troisdorf's figures, no survey."), style="bold")
    console.print(f"{words.text('Content hash')}: {city.hash}   {city.crs}")
    _print_sources(words, city)


def check_command(
    words: Translator, folder: Path, *, as_json: bool, html: Path | None = None
) -> bool:
    """Print the quality report, as a page too, and return whether the city is free of faults."""
    damaged = verify(folder)
    city = open_city(folder)
    faults = [f"{folder / name}: damaged" for name in damaged] or _schema_faults(city)
    findings = city.info.findings
    sound = not faults and all(finding.severity != "fault" for finding in findings)
    if html and not damaged:
        _write_page(words, city, html)
    if as_json:
        _print_json(_report(city, faults, sound=sound, complete=not damaged))
        return sound
    _print_findings(words, city, faults)
    if not damaged:
        _print_shares(words, city)
    _print_sources(words, city)
    if html and not damaged:
        _console().print(words.text("Report written to {path}.", path=html), highlight=False)
    verdict = "No faults found." if sound else "There are faults; see the lines marked above."
    _console().print(words.text(verdict), style="bold green" if sound else "bold red")
    return sound


def _schema_faults(city: City) -> list[str]:
    from twin.validation import validate_all  # noqa: PLC0415 - loads pandera

    try:
        validate_all(city.tables, crs=city.crs)
    except SchemaError as error:
        return list(error.faults)
    return []


def _report(city: City, faults: list[str], *, sound: bool, complete: bool) -> dict[str, Any]:
    from layers.quality import source_shares  # noqa: PLC0415

    shares = source_shares(city.tables) if complete else {}
    return {
        "name": city.name,
        "hash": city.hash,
        "sound": sound,
        "faults": faults,
        "findings": [vars(finding) for finding in city.info.findings],
        "shares": {f"{table}.{column}": counts for (table, column), counts in shares.items()},
        "sources": [vars(source) for source in city.info.sources],
        "build": dict(city.info.report),
    }


def _write_page(words: Translator, city: City, path: Path) -> None:
    """Write the report as one page that opens without a network."""
    from layers.quality_report import report_html  # noqa: PLC0415

    page = report_html(city, lang=words.lang, words=words.text, number=words.number)
    part = path.with_name(path.name + ".part")
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(page, "utf-8")
        part.replace(path)


MARKS = {"info": "·", "warning": "!", "fault": "✗"}


def _print_findings(words: Translator, city: City, faults: list[str]) -> None:
    console = _console()
    for fault in faults:
        console.print(f"✗ {fault}", style="red", highlight=False, markup=False)
    for finding in sorted(city.info.findings, key=lambda f: list(MARKS).index(f.severity)):
        label = words.table(finding.table)
        examples = f" ({', '.join(finding.examples)})" if finding.examples else ""
        line = f"{MARKS[finding.severity]} {label}: {words.finding(finding)}{examples}"
        style = {"fault": "red", "warning": "yellow"}.get(finding.severity)
        console.print(line, style=style, highlight=False, markup=False)


def _print_shares(words: Translator, city: City) -> None:
    """Print the table of how many values are measured, registered, tagged, estimated."""
    from layers.quality import source_shares  # noqa: PLC0415

    table = Table(title=words.text("Where the values come from"), title_justify="left")
    table.add_column(words.text("Table"))
    table.add_column(words.text("Column"))
    kinds = ("measured", "registered", "tagged", "estimated", "unknown", "missing")
    for kind in kinds:
        table.add_column(words.word(kind, "source"), justify="right")
    for (name, column), counts in source_shares(city.tables).items():
        total = sum(counts.values())
        cells = [f"{100 * counts[kind] / total:.0f} %" if counts[kind] else "–" for kind in kinds]
        schema = TABLES[name]
        table.add_row(words.text(schema.label), words.text(schema.column(column).label), *cells)
    _console().print(table)


def _print_sources(words: Translator, city: City) -> None:
    console = _console()
    for source in city.info.sources:
        date = words.date(source.date) if source.date else words.text("date unknown")
        console.print(
            f"{words.text('Source')}: {source.title} ({date}), {source.licence}, "
            f"{source.attribution}",
            highlight=False,
            markup=False,
        )


def _console() -> Console:
    """Write to the terminal in its width, into files and pipes wide enough for whole words."""
    return Console(file=sys.stdout, soft_wrap=True, width=None if sys.stdout.isatty() else 140)


def _print_json(content: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
