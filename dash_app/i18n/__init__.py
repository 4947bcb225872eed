"""Words and numbers for people: English sentences are the keys, `de.po` holds the German."""

from __future__ import annotations

from dash_app.i18n.catalogue import DEFAULT_LANG, LANGUAGES
from dash_app.i18n.translator import Translator, preferred_lang, translator

__all__ = ["DEFAULT_LANG", "LANGUAGES", "Translator", "preferred_lang", "translator"]
