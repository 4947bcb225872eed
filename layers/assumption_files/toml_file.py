"""Assumption files: the form of `twin/assumptions/*.toml` with full names, for people to edit."""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import tempfile
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from layers.assumption_files.units import UnitError, factor
from twin.assumptions import Assumption, assumptions
from twin.errors import SchemaError, SourceError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from twin.assumptions import Assumptions

KEYS = {"value", "low", "high", "unit", "status", "source", "by"}
STATUS = frozenset(get_args(get_type_hints(Assumption)["status"]))


def read_assumption_file(
    path: Path | str, given: Assumptions | None = None
) -> dict[str, Assumption]:
    """
    Return the assumptions of a file by full name, ready for `Assumptions.replaced`.

    An entry needs only its value: range, unit, status and source are those of the assumption it
    replaces (the status then is `user`). Another unit is converted. `by` gives one for each class.

    Parameters
    ----------
    given
        What may be replaced; all assumptions of the program if left out.

    Raises
    ------
    SourceError
        No file, or no TOML.
    SchemaError
        Unknown names, values that are no numbers or outside their range, units that do not fit:
        all of them at once.
    """
    path = Path(path)
    given = assumptions() if given is None else given
    found: dict[str, Assumption] = {}
    faults: list[str] = []
    for name, entry in _entries(_document(path)):
        try:
            found[name] = _assumption(name, entry, given)
        except (ValueError, TypeError) as error:
            faults.append(f"{name}: {error}")
        except UnitError as error:
            faults.append(f"{name}: {error}")
    if faults:
        template = "{path} holds assumptions that cannot be used:"
        raise SchemaError(template, faults=faults, path=path)
    return found


def _document(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8-sig")
        return tomllib.loads(text)
    except OSError as error:
        template = "{path} cannot be read ({reason})."
        reason = error.strerror or str(error)
        raise SourceError(template, hint="Check the name.", path=path, reason=reason) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        template = "{path} is no assumption file: {reason}."
        hint = "`twin assumptions import` writes one; see twin/assumptions for the form."
        raise SourceError(template, hint=hint, path=path, reason=error) from error


def _entries(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Go through all entries: `["a.b"]`, `[a.b]` and classes under `by` mean the same."""
    for key, content in document.items():
        name = prefix + key
        if not isinstance(content, dict):
            yield name, {"value": content}
        elif isinstance(content.get("by"), dict):
            common = {k: v for k, v in content.items() if k != "by"}
            for kind, values in content["by"].items():
                yield f"{name}.{kind}", {**common, **_three(values)}
        elif content.keys() & (KEYS - {"by"}):
            yield name, content
        else:
            yield from _entries(content, f"{name}.")


def _three(values: Any) -> dict[str, Any]:
    if isinstance(values, list):
        return dict(zip(("value", "low", "high"), values, strict=False))
    return {"value": values}


def _assumption(name: str, entry: dict[str, Any], given: Assumptions) -> Assumption:
    """Return one assumption; ValueError, TypeError or UnitError say what is wrong with it."""
    if name not in given:
        raise ValueError(_unknown(name, given))
    if strange := sorted(entry.keys() - KEYS):
        msg = f"unknown entry {', '.join(strange)}"
        raise ValueError(msg)
    old = given.entry(name)
    scale = factor(str(entry.get("unit", old.unit)), old.unit)
    value = _number(entry, "value") * scale
    low = _number(entry, "low") * scale if "low" in entry else min(old.low, value)
    high = _number(entry, "high") * scale if "high" in entry else max(old.high, value)
    status = entry.get("status", "user")
    if status not in STATUS:
        msg = f"status {status!r} is not one of {', '.join(sorted(STATUS))}"
        raise ValueError(msg)
    if not low <= value <= high:
        msg = f"{value} is not in {low} to {high}"
        raise ValueError(msg)
    source = str(entry.get("source", old.source))
    return Assumption(name, value, low, high, old.unit, status, source)


def _unknown(name: str, given: Assumptions) -> str:
    """Say what may be meant by a name that is none."""
    msg = "there is no assumption of this name"
    if kinds := [key for key in given if key.startswith(f"{name}.")]:
        return f"{msg}, only {', '.join(kinds[:12])}"
    near = difflib.get_close_matches(name, list(given), 3)
    return f"{msg}; near are {', '.join(near)}" if near else msg


def _number(entry: dict[str, Any], key: str) -> float:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        msg = f"{key} is no number: {value!r}"
        raise TypeError(msg)
    return float(value)


def write_assumption_file(path: Path, entries: Iterable[Assumption], *, title: str) -> None:
    """
    Write an assumption file; an older one there is replaced at once or not at all.

    Raises
    ------
    StoreError
        The disk refuses; what stood there stays.
    """
    blocks = [f"# {line}" for line in title.splitlines()]
    for entry in sorted(entries, key=lambda entry: entry.name):
        blocks += ["", f"[{_text(entry.name)}]"]
        blocks += [
            f"{field} = {_value(value)}"
            for field, value in dataclasses.asdict(entry).items()
            if field != "name"
        ]
    write_whole(path, ("\n".join(blocks) + "\n").encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, sync it, and put it there in one step."""
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False
        ) as handle:
            part = Path(handle.name)
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        template = "{path} cannot be written: {reason}."
        hint = "What stood there is unchanged. Free some space or choose another place."
        reason = error.strerror or str(error)
        raise StoreError(template, hint=hint, path=path, reason=reason) from error


def _value(value: float | str) -> str:
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    """
    Return a basic string of TOML.

    >>> _text("two" + chr(10) + "lines") == '"two' + chr(92) + 'u000alines"'
    True
    """
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else _escaped(ord(c)) for c in plain) + '"'


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
