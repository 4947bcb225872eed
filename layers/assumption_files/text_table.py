"""Tables that people export from spreadsheets: their encoding, their separator, their numbers."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Style = Literal["comma", "point"]

HINT = "Save the sheet as CSV (UTF-8 or ISO-8859-1) and import that."
TWICE = re.compile("Ã[¤¶¼Ÿ„–œ]|\ufffd")
"""German letters after UTF-8 was read as ISO-8859-1 and saved again."""


def read_text_table(path: Path) -> pd.DataFrame:
    """
    Return a table of texts with the columns as the file names them.

    UTF-8 (with or without a mark), UTF-16 with its mark, and ISO-8859-1 are read; the separator is
    the one of `;`, tab and `,` that the first line holds most of. `attrs["style"]` says how numbers
    are meant that could be read both ways: where `;` separates, the comma is free for decimals.

    Raises
    ------
    SourceError
        No file, an empty one, a spreadsheet or other binary file, broken letters, ragged rows.
    """
    text = _decoded(path, _bytes(path))
    header = text.lstrip().partition("\n")[0]
    separator = max(";\t,", key=header.count)
    try:
        table = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            dtype=str,
            keep_default_na=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        template = "{path} is no table with the same columns in every line ({reason})."
        reason = str(error).strip().splitlines()[-1]
        raise SourceError(template, hint=HINT, path=path, reason=reason) from error
    table.columns = [str(name).strip() for name in table.columns]
    if table.empty:
        raise SourceError("{path} holds a header and no rows.", hint=HINT, path=path)
    table = pd.DataFrame({name: column.str.strip() for name, column in table.items()})
    table.attrs["style"] = "comma" if separator == ";" else "point"
    return table


def _bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        template = "{path} cannot be read ({reason})."
        reason = error.strerror or str(error)
        raise SourceError(template, hint="Check the name.", path=path, reason=reason) from error
    if not content.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise SourceError("{path} is empty.", hint="Save or download it again.", path=path)
    return content


def _decoded(path: Path, content: bytes) -> str:
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        template = "{path} is a spreadsheet, not a text table."
        raise SourceError(template, hint=HINT, path=path)
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text or TWICE.search(text):
            break
        return text
    template = "The letters of {path} are broken (wrong encoding)."
    raise SourceError(template, hint=HINT, path=path)


def _encodings(content: bytes) -> Sequence[str]:
    """Windows-1252 is ISO-8859-1 with the euro sign where that has nothing."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    return ("utf-8-sig", "cp1252", "latin-1") if b"\x00" not in content else ()


def column_names(table: pd.DataFrame, spellings: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return which column of the file holds what, by any of its spellings; case does not count."""
    there = {_plain(name): name for name in reversed(list(table.columns))}
    found = {}
    for meaning, names in spellings.items():
        hits = [there[_plain(name)] for name in (meaning, *names) if _plain(name) in there]
        if hits:
            found[meaning] = hits[0]
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name).casefold()


def renamed(
    table: pd.DataFrame, spellings: Mapping[str, Sequence[str]], needed: Iterable[str], path: Path
) -> pd.DataFrame:
    """Return the known columns under our names; refuse a file that lacks a needed one."""
    names = column_names(table, spellings)
    if lost := [meaning for meaning in needed if meaning not in names]:
        template = "{path} lacks the columns {lost}; it has {found}."
        hint = "Export it with these columns."
        spelt = ", ".join(spellings[meaning][0] for meaning in lost)
        found = ", ".join(map(str, table.columns[:12]))
        raise SourceError(template, hint=hint, path=path, lost=spelt, found=found)
    ours = table[list(names.values())].set_axis(list(names), axis=1)
    ours.attrs = dict(table.attrs)
    return ours


GROUPED = {
    "comma": re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?([eE][+-]?\d+)?"),
    "point": re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?([eE][+-]?\d+)?"),
}
ONLY = {
    "comma": re.compile(r"[+-]?(\d+,(\d{1,2}|\d{4,})|[\d.]*\.\d{3},\d+|\d+(\.\d{3}){2,}|0,\d+)"),
    "point": re.compile(r"[+-]?(\d+\.(\d{1,2}|\d{4,})|[\d,]*,\d{3}\.\d+|\d+(,\d{3}){2,}|0\.\d+)"),
}
"""What can be read one way only: 1.234 may be either, 1,5 cannot have a decimal point."""


def numbers(texts: pd.Series[str], *, otherwise: Style) -> pd.Series[float]:
    """
    Return a column as numbers; what is none becomes missing.

    Whether `1.234` is a thousand or a little more than one is decided by the whole column; where
    nothing in it tells, or some say this and some that, by `otherwise`.

    >>> numbers(pd.Series(["5.909,00", "0,71", "n. v.", "1.234"]), otherwise="point").tolist()
    [5909.0, 0.71, nan, 1234.0]
    """
    bare = texts.str.replace(r"[\s\u00a0\u202f']", "", regex=True).str.replace("−", "-")
    votes = {style: int(bare.str.fullmatch(ONLY[style]).sum()) for style in ("comma", "point")}
    style: Style = otherwise
    if bool(votes["comma"]) != bool(votes["point"]):
        style = "comma" if votes["comma"] else "point"
    group, decimal = (".", ",") if style == "comma" else (",", ".")
    sound = bare.str.fullmatch(GROUPED[style]).fillna(value=False).astype(bool)
    plain = bare.where(sound, "").str.replace(group, "").str.replace(decimal, ".")
    values = pd.to_numeric(plain, errors="coerce").astype(float)
    return values.where(np.isfinite(values))
