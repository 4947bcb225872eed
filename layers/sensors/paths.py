"""
Paths into JSON: `a.b[0].c`, `a[*].value`, `["key.with.dots"].x`, `data[*].@key`, `$topic[1]`.

A text that cannot be one is the name of a column as it stands (`Leistung [kW]`, `Temp.`), and where
a message or table has just that key, it goes before any path.

`*` stands for every item of a list or an object; where several paths of a mapping have one, they
are walked together. `@key` is the name or number under which an item stands, `@` the whole message
(one that is a bare number). `$name` leads to what came with the message: `$topic`, `$root`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STAR: Final = object()
KEY: Final = object()
NOTHING: Final = object()
"""What a path gives where there is nothing; null in the message is None."""


class Beside(NamedTuple):
    """The first step of a path into what came with the message."""

    name: str


Step = str | int | object
Path = tuple[Step, ...]

TOKEN = re.compile(
    r"""\.?(?:
        \[(?P<number>-?\d{1,9})\] | \[(?P<star>\*)\]
        | \[(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)')\]
        | "(?P<quoted>(?:[^"\\]|\\.)*)" | (?P<key>@key(?![^.\[])) | (?P<all>\*(?![^.\[]))
        | (?P<name>[^.\[\]"][^.\[\]]*)
    )""",
    re.VERBOSE,
)
TRIED = re.compile(r"""\[\*|\["|\['|^[$\[]|@key""")
"""What is surely meant as a path, so that a slip in it is told."""

LONGEST = 500


@lru_cache(maxsize=4096)
def path_of(text: str) -> Path:
    """
    Return the steps of a path.

    >>> path_of("a.b[0].c"), path_of('["x.y"].z')
    (('a', 'b', 0, 'c'), ('x.y', 'z'))

    Raises
    ------
    SourceError
        It is not written as a path.
    """
    if text in {"@", "", "."}:
        return ()
    steps, at = _steps(text)
    if at == len(text):
        return steps
    if not TRIED.search(text) and len(text) <= LONGEST:
        return (text,)  # the name of a column: `Temp.`, `Leistung [kW]`
    template = "{path} is not written as a path; it cannot be read from character {at} on."
    hint = 'Write it like values.temp, list[0].value, list[*].value or ["key with . in it"].'
    raise SourceError(template, hint=hint, path=text, at=at + 1)


def _steps(text: str) -> tuple[Path, int]:
    """Return the steps and where the text is no path any more."""
    steps: list[Step] = []
    at = 0
    while at < len(text) <= LONGEST:
        found = TOKEN.match(text, at)
        if found is None or (at > 0 and text[at] not in ".[") or (at == 0 and text[0] == "."):
            break
        steps.append(_step(found))
        at = found.end()
    return tuple(steps), at


def _step(found: re.Match[str]) -> Step:
    if found["number"] is not None:
        return int(found["number"])
    if found["star"] or found["all"]:
        return STAR
    if found["key"]:
        return KEY
    if found.start() == 0 and (found["name"] or "").startswith("$"):
        return Beside(found["name"][1:])
    text = next(found[n] for n in ("double", "single", "quoted", "name") if found[n] is not None)
    return text if found["name"] is not None else re.sub(r"\\(.)", r"\1", text)


def stars(path: Path) -> int:
    """Return how often a path says `*`."""
    return path.count(STAR)


def get(
    message: object,
    path: Path,
    chosen: tuple[Step, ...] = (),
    context: Mapping[str, Any] | None = None,
) -> Any:
    """
    Return what stands at the end of a path; `NOTHING` where it leads nowhere.

    `chosen` are the items that stand for `*`, from the left; without one it is the first.
    """
    at: Any = message
    left = iter(chosen)
    last: Step = NOTHING
    for step in path:
        if step is KEY:
            return last
        if isinstance(step, Beside):
            at = (context or {}).get(step.name, NOTHING)
            continue
        last = next(left, NOTHING) if step is STAR else step
        at = _into(at, _first(at) if last is NOTHING else last)
        if at is NOTHING:
            return NOTHING
    return at


def _into(at: Any, step: Step) -> Any:
    if isinstance(at, dict):
        return at.get(step, NOTHING) if isinstance(step, str) else NOTHING
    if isinstance(at, (list, tuple)):
        if isinstance(step, str) and step.isdecimal() and len(step) < 10:
            step = int(step)
        if isinstance(step, int) and -len(at) <= step < len(at):
            return at[step]
    return NOTHING


def _first(at: Any) -> Step:
    if isinstance(at, dict):
        return next(iter(at), NOTHING)
    return 0


def walk(
    message: object, path: Path, context: Mapping[str, Any] | None = None
) -> Iterator[tuple[tuple[Step, ...], Any]]:
    """
    Yield all that a path leads to, each with the items that stood for `*`.

    >>> list(walk({"a": [{"v": 1}, {"v": 2}]}, path_of("a[*].v")))
    [((0,), 1), ((1,), 2)]
    """
    if STAR not in path:
        found = get(message, path, (), context)
        if found is not NOTHING:
            yield (), found
        return
    cut = path.index(STAR)
    parent = get(message, path[:cut], (), context)
    rest = path[cut + 1 :]
    items: Any = ()
    if isinstance(parent, dict):
        items = parent.items()
    elif isinstance(parent, (list, tuple)):
        items = enumerate(parent)
    for key, item in items:
        if rest[:1] == (KEY,):
            yield (key,), key
            continue
        for chosen, found in walk(item, rest):
            yield (key, *chosen), found
