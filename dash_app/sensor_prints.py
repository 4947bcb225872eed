"""Tables and lines of `twin sensors` on a terminal, without what could move its cursor."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console


def new_table(heads: Sequence[str]) -> Table:
    """Return a table with its heads; long cells are folded."""
    table = Table()
    for head in heads:
        table.add_column(escape(head), overflow="fold")
    return table


def add_row(table: Table, cells: Sequence[str]) -> None:
    """Add a row of plain texts."""
    table.add_row(*(escape(clean(cell)) for cell in cells))


def print_line(console: Console, text: str) -> None:
    """Print a plain text."""
    console.print(escape(clean_lines(text)), soft_wrap=True, highlight=False)


def clean_lines(text: str) -> str:
    """Return a text of several lines without what could move the cursor."""
    return "\n".join(clean(line) for line in text.splitlines())


def clean(text: str) -> str:
    """Return a text without what could move the cursor of a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text).rstrip()


def print_json(content: Any) -> None:
    """Print something for machines."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
