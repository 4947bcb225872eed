"""Counted entries for the quality report, as adapters make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.provenance import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal


def noticed(  # noqa: PLR0913
    code: str,
    table: str,
    seen: Iterable[object],
    message: str,
    *,
    prefix: str,
    severity: Literal["info", "warning", "fault"] = "warning",
    total: int | None = None,
    column: str = "",
) -> list[Finding]:
    """
    Return one finding on the rows or values seen, or nothing where none was seen.

    Its code begins with `prefix`, the adapter; its examples do not depend on the order of `seen`.

    >>> noticed("height", "buildings", [], "{count} heights are absurd.", prefix="osm_")
    []
    """
    words = sorted(map(str, seen))
    if not words:
        return []
    examples = tuple(dict.fromkeys(words))[:5]
    return [Finding(prefix + code, table, len(words), message, severity, examples, total, column)]
