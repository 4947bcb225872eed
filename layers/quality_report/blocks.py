"""Building blocks of the page: tables, figures with their table beside, cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.quality_report.words import Words, safe

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(
    head: Sequence[str], rows: Sequence[Sequence[object]], *, label: str, numbers: int = 0
) -> str:
    """
    Return a table; the first cell of each row heads it, the last `numbers` columns are numbers.

    Cells are text; `Raw` cells are HTML already.
    """
    first = len(head) - numbers
    tags = [' class="n"' if place >= first else "" for place in range(len(head))]
    top = "".join(
        f'<th scope="col"{tag}>{safe(name)}</th>' for name, tag in zip(head, tags, strict=True)
    )
    body = "".join(_row(row, tags) for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{safe(label)}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


class Raw(str):
    """Text that is HTML already."""

    __slots__ = ()


def _row(row: Sequence[object], tags: Sequence[str]) -> str:
    cells = [cell if isinstance(cell, Raw) else safe(cell) for cell in row]
    rest = "".join(f"<td{tag}>{cell}</td>" for cell, tag in zip(cells[1:], tags[1:], strict=True))
    return f'<tr><th scope="row">{cells[0]}</th>{rest}</tr>'


def figure(title: str, plot: str, beside: str) -> str:
    """Return a plot with the same numbers as a table beside it."""
    return f"<figure><figcaption><h3>{safe(title)}</h3></figcaption>{plot}{beside}</figure>"


def cards(pairs: Sequence[tuple[str, str]]) -> str:
    """Return single values, each with its name."""
    inner = "".join(f'<div class="card"><b>{safe(b)}</b>{safe(a)}</div>' for a, b in pairs)
    return f'<div class="cards">{inner}</div>'


def section(title: str, *inner: str) -> str:
    """Return a heading and what stands below it; nothing where that is nothing."""
    text = "".join(inner)
    return f"<section><h2>{safe(title)}</h2>{text}</section>" if text else ""


def source_name(key: str, words: Words) -> str:
    """Return a source key as people call the source."""
    kind, _, number = key.partition(":")
    names = {
        "osm": "OpenStreetMap",
        "cadastre": words.say("Cadastre"),
        "nas": words.say("Cadastre (NAS)"),
        "lod1": words.say("City model LoD1"),
        "lod2": words.say("City model LoD2"),
        "model_town": words.say("Model town"),
    }
    return " ".join(part for part in (names.get(kind, kind), number) if part)


def pair_name(entry: dict[str, Any], words: Words) -> str:
    """Return "OpenStreetMap against Cadastre"."""
    return words.fill(
        "{source} against {other}",
        source=source_name(entry["source"], words),
        other=source_name(entry["against"], words),
    )
