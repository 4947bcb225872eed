"""The words of a printed legend."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from dash_app import views

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.map.colours import Scale
    from dash_app.views import View


def class_words(t: Translator, view: View, scale: Scale, *, signed: bool = False) -> list[str]:
    """Return what each colour of a scale stands for: a word, or its limits."""
    if scale.kind == "category":
        return [views.word_of(view, str(word), t) for word in scale.breaks]
    limits = [_limit(t, float(value), signed=signed) for value in scale.breaks]
    if not limits:
        same = scale.low is not None and scale.low == scale.high
        return [_limit(t, scale.low or 0.0, signed=signed) if same else t.text("all values")]
    middle = [t.text("{low} to under {high}", low=low, high=high) for low, high in pairwise(limits)]
    under, over = t.text("under {limit}", limit=limits[0]), t.text("from {limit}", limit=limits[-1])
    return [under, *middle, over]


def heading(t: Translator, view: View, hour: int | None, *, difference: bool) -> str:
    """Return the name of what is shown, with its unit."""
    name, unit = views.label_of(view, t), t.unit(view.unit_at(hour))
    if difference and view.kind != "category":
        name = t.text("Change: {name}", name=name)
    elif difference:
        name = t.text("Where it changes: {name}", name=name)
    return t.text("{name} [{unit}]", name=name, unit=unit) if unit else name


def _limit(t: Translator, value: float, *, signed: bool) -> str:
    text = t.number(value)
    return f"+{text}" if signed and value > 0 else text
