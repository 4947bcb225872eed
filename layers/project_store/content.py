"""The content of a scenario on its way into the store: checked, named, hashed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from layers.project_store.records import Draft
from twin.errors import StoreError
from twin.hashing import hash_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Check = Callable[[dict[str, Any]], object]


def check_scenario(content: dict[str, Any]) -> None:
    """Refuse what is no scenario (`ScenarioError`)."""
    from twin.scenario import load_scenario  # noqa: PLC0415 - measures and models only when saving

    load_scenario(content)


def make_draft(
    content: Mapping[str, Any] | str, check: Check | None, *, author: str, message: str
) -> Draft:
    """
    Return what is to be saved, as compact JSON; `check` refuses what is no scenario.

    Raises
    ------
    StoreError
        No JSON object, a number that JSON does not know, no name, or text that cannot be stored.
    """
    document = _parsed(content) if isinstance(content, str) else dict(content)
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        template = "A scenario without a name cannot be saved."
        raise StoreError(template, hint="Give it a name.")
    if check is not None:
        check(document)
    text = _dumped(document)
    refuse_unprintable(name, author, message)
    return Draft(name, text, author, message)


def content_hash(text: str) -> str:
    """Return the hash of JSON content; spaces and the order of keys do not count."""
    canonical = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    return hash_parts([canonical])


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _no_json(str(error)) from error
    if not isinstance(document, dict):
        raise _no_json(f"a {type(document).__name__} in place of an object")
    return document


def _dumped(document: dict[str, Any]) -> str:
    try:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise _no_json(str(error)) from error
    return text


def _no_json(reason: str) -> StoreError:
    template = "The scenario cannot be saved: its content is no valid JSON ({reason})."
    return StoreError(template, hint="Save it from the program that made it.", reason=reason)


def _refuse_constant(word: str) -> NoReturn:
    msg = f"{word} is no number of JSON"
    raise ValueError(msg)


def refuse_unprintable(*texts: str) -> None:
    """Refuse what PostgreSQL cannot store, on both, so that projects can move between them."""
    for text in texts:
        _refuse_text(text)


def setting_text(value: Any) -> str:
    """
    Return a JSON value as text.

    Raises
    ------
    StoreError
        No JSON, or characters that cannot be stored.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        template = "The setting cannot be saved: it is no valid JSON ({reason})."
        raise StoreError(template, reason=str(error)) from error
    refuse_unprintable(text)
    return text


def _refuse_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        pass
    else:
        if "\x00" not in text:
            return
    template = "{text} holds characters that cannot be stored."
    raise StoreError(template, hint="Type it again.", text=ascii(text[:40]))
