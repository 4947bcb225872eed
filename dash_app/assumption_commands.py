"""What `twin assumptions list` and `twin assumptions import` do."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any

from twin.assumptions import PLAIN, assumptions
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from dash_app.i18n import Translator
    from layers.assumption_files import Imported
    from twin.assumptions import Assumption


def list_command(words: Translator, theme: str = "", *, as_json: bool) -> None:
    """Print every assumption, or those of one theme."""
    chosen = _of_theme(theme)
    if as_json:
        _print_json([dataclasses.asdict(entry) for entry in chosen])
        return
    table = _table(words, ["Assumption", "Value", "Range", "Unit", "Status", "Source"])
    for entry in chosen:
        span = f"{words.number(entry.low)} – {words.number(entry.high)}"
        value = words.number(entry.value)
        table.add_row(
            entry.name, value, span, entry.unit, words.word(entry.status, "status"), entry.source
        )
    console = _console()
    console.print(table)
    console.print(words.text("{count} assumptions.", count=len(chosen)), highlight=False)


def import_command(
    words: Translator, file: Path, out: Path | None, *, city: Path | None, as_json: bool
) -> None:
    """Import a file, write what comes out, and say what changes and what was not understood."""
    from layers.assumption_files import (  # noqa: PLC0415 - loads pandas
        default_output,
        import_file,
        write_imported,
    )
    from layers.city_store import open_city  # noqa: PLC0415

    imported = import_file(file, city=open_city(city) if city else None)
    target = out or default_output(imported, file)
    write_imported(imported, target)
    if as_json:
        _print_json(_as_json(imported, target))
        return
    if imported.table is None:
        _print_changes(words, imported)
    else:
        count = len(imported.table)
        line = words.text("{count} values in {unit}.", count=count, unit=imported.unit)
        _console().print(line, highlight=False, markup=False)
    _print_skipped(words, imported)
    line = words.text("Written to {path}.", path=target)
    _console().print(line, highlight=False, markup=False, style="bold")


def _of_theme(theme: str) -> list[Assumption]:
    entries = assumptions().entries.values()
    themes = sorted({_theme(entry.name) for entry in entries})
    if theme and theme not in themes:
        template = "There is no theme {theme} of assumptions."
        hint = "Known are {themes}."
        raise SourceError(template, hint=hint, theme=theme, themes=", ".join(themes))
    return [entry for entry in entries if theme in {"", _theme(entry.name)}]


def _theme(name: str) -> str:
    """Return the theme of a full name; names of the theme `city` carry none."""
    first = name.partition(".")[0]
    return first if first in _files() else PLAIN


def _files() -> frozenset[str]:
    from importlib.resources import files  # noqa: PLC0415

    found = (path.name for path in files("twin.assumptions").iterdir())
    return frozenset(n.removesuffix(".toml") for n in found if n.endswith(".toml"))


def _print_changes(words: Translator, imported: Imported) -> None:
    table = _table(words, ["Assumption", "So far", "New", "Range", "Unit", "Source"])
    for change in imported.changes:
        old, new = change.old, change.new
        span = f"{words.number(new.low)} – {words.number(new.high)}"
        style = "bold" if new.value != old.value else "dim"
        table.add_row(
            new.name, words.number(old.value), words.number(new.value), span, new.unit, new.source,
            style=style,
        )  # fmt: skip
    console = _console()
    console.print(table)
    changed = sum(change.new.value != change.old.value for change in imported.changes)
    line = words.text(
        "{changed} of {count} values differ from those so far.",
        changed=changed,
        count=len(imported.changes),
    )
    console.print(line, highlight=False)


def _print_skipped(words: Translator, imported: Imported) -> None:
    for entry in imported.skipped:
        examples = f" ({', '.join(entry.examples)})" if entry.examples else ""
        line = words.text(entry.message, count=entry.count) + examples
        _console().print(line, style="yellow", highlight=False, markup=False)


def _as_json(imported: Imported, out: Path) -> dict[str, Any]:
    return {
        "kind": imported.kind,
        "source": imported.source,
        "rows": imported.rows,
        "written": str(out),
        "changes": [
            {
                "name": change.new.name,
                "old": change.old.value,
                "new": change.new.value,
                "low": change.new.low,
                "high": change.new.high,
                "unit": change.new.unit,
                "source": change.new.source,
            }
            for change in imported.changes
        ],
        "values": 0 if imported.table is None else len(imported.table),
        "skipped": [
            {"reason": entry.message, "count": entry.count, "examples": list(entry.examples)}
            for entry in imported.skipped
        ],
    }


def _table(words: Translator, labels: Sequence[str]) -> Any:
    from rich.table import Table  # noqa: PLC0415

    table = Table()
    for label in labels:
        right = label in {"Value", "So far", "New", "Range"}
        table.add_column(words.text(label), justify="right" if right else "left")
    return table


def _console() -> Console:
    """Write to the terminal in its width, into files and pipes wide enough for whole words."""
    from rich.console import Console  # noqa: PLC0415

    return Console(file=sys.stdout, soft_wrap=True, width=None if sys.stdout.isatty() else 200)


def _print_json(content: object) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
