"""Reads the message catalogues, plain .po files beside this module."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING

from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LANGUAGES = ("de", "en")
DEFAULT_LANG = "de"

Key = tuple[str, str]
"""(context, English sentence); the context is empty where one German word fits everywhere."""


@cache
def catalogue(lang: str) -> Mapping[Key, tuple[str, ...]]:
    """
    Return the translations into `lang` by key: one form, or one and many.

    English needs a catalogue only where the words of the code do not read well; entries without a
    translation are left out, so that the English sentence of the code shows.
    """
    path = files("dash_app.i18n").joinpath(f"{lang}.po")
    messages = read_po(BytesIO(path.read_bytes()), locale=lang, abort_invalid=True)
    found: dict[Key, tuple[str, ...]] = {}
    for message in messages:
        ids, strings = _as_tuple(message.id), _as_tuple(message.string)
        if ids[0] and all(strings):
            found[message.context or "", ids[0]] = strings
    return MappingProxyType(found)


def _as_tuple(text: str | Sequence[str | None] | None) -> tuple[str, ...]:
    forms = [text] if isinstance(text, str) else text or []
    return tuple(form or "" for form in forms)
