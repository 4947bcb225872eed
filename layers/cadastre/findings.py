"""Counted entries for the quality report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.provenance import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal


def finding(  # noqa: PLR0913
    code: str,
    table: str,
    seen: Iterable[object],
    message: str,
    *,
    severity: Literal["info", "warning", "fault"] = "warning",
    total: int | None = None,
    column: str = "",
) -> list[Finding]:
    """
    Return one finding on the rows or values seen, or nothing where none was seen.

    >>> finding("empty", "buildings", [], "{count} outlines are missing.")
    []
    """
    words = sorted(map(str, seen))
    if not words:
        return []
    examples = tuple(dict.fromkeys(words))[:5]
    code = f"cadastre_{code}"
    return [Finding(code, table, len(words), message, severity, examples, total, column)]
