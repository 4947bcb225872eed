"""JSON of feeds: read within limits, and refused with its reason where it is none."""

from __future__ import annotations

import json
from typing import Any

from layers.sensors.values import RefusedError


def loads(
    data: bytes | str,
    most_bytes: int = 4_000_000,
    most_depth: int = 64,
) -> Any:
    """
    Return what a JSON text says; NaN and numbers too large to hold come back as such.

    Raises
    ------
    RefusedError
        `too_large`: more bytes or deeper than allowed. `not_json`: anything else that is wrong,
        also a key that an object has twice.
    """
    if len(data) > most_bytes:
        raise RefusedError("too_large", f"{len(data)} bytes, at most {most_bytes} are read")
    try:
        text = data if isinstance(data, str) else bytes(data).decode("utf-8-sig")
        found = _parsed(text)
    except RecursionError as error:
        raise RefusedError("too_large", f"nested deeper than {most_depth}") from error
    except ValueError as error:  # also a faulty letter and a fault of json
        start = data[:60] if isinstance(data, str) else bytes(data[:60]).decode("utf-8", "replace")
        raise RefusedError("not_json", f"{error}: {start}") from error
    if text.count("[") + text.count("{") > most_depth:
        _check_depth(found, most_depth)
    return found


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        if "digits" not in str(error):
            raise
    return json.loads(text, object_pairs_hook=_once, parse_int=float)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a key is there twice"
        raise ValueError(msg)
    return found


def _check_depth(found: object, most_depth: int) -> None:
    level = [found]
    for _ in range(most_depth + 1):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)  # type: ignore[attr-defined]
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise RefusedError("too_large", f"nested deeper than {most_depth}")
