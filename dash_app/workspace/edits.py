"""One edit of a scenario as data: the scenario it makes, and what it is called in words. Pure."""

from __future__ import annotations

import json
import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from dash_app.workspace.edit_words import replaced_words
from twin.assumptions import assumptions
from twin.errors import TwinError
from twin.scenario import Scenario, dump, load_scenario
from twin.sentences import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twin.sentences import Sentence

MeasureId = Annotated[str, Field(min_length=1, max_length=60)]
Content = dict[str, JsonValue]

MOST_MEASURES = 500
"""More in one scenario nobody can read, and no screen can show."""

TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that make the text after them read from right to left, or end that."""

ABSURD = 100.0
"""An assumption this many times beyond its usual range is a slip of the keyboard."""


class EditError(TwinError):
    """The edit does not fit the scenario it is for."""


class _Edit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AddMeasure(_Edit):
    """Put a measure at a place of the list, at its end where none is named; 0 is first."""

    do: Literal["add_measure"] = "add_measure"
    measure: Content
    place: int | None = Field(None, ge=0)


class ReplaceMeasure(_Edit):
    """Put a measure in the place of the one with its id."""

    do: Literal["replace_measure"] = "replace_measure"
    measure: Content


class RemoveMeasure(_Edit):
    """Take a measure out."""

    do: Literal["remove_measure"] = "remove_measure"
    id: MeasureId


class SetEnabled(_Edit):
    """Let a measure count or not."""

    do: Literal["set_enabled"] = "set_enabled"
    id: MeasureId
    enabled: bool


class MoveMeasure(_Edit):
    """Put a measure at another place of the list; 0 is first."""

    do: Literal["move_measure"] = "move_measure"
    id: MeasureId
    place: int = Field(ge=0)


class DuplicateMeasure(_Edit):
    """Put a copy of a measure behind it, under a new id."""

    do: Literal["duplicate_measure"] = "duplicate_measure"
    id: MeasureId


class TakeMeasure(_Edit):
    """
    Let a measure of another scenario count here, too, under the same id.

    `scenario` names the other one in the project store; `Projects` puts the measure in its place.
    """

    do: Literal["take_measure"] = "take_measure"
    id: MeasureId
    scenario: str = Field("", max_length=64)
    measure: Content | None = None


class Rename(_Edit):
    """Give the scenario another name."""

    do: Literal["rename"] = "rename"
    name: str = Field(min_length=1, max_length=200)


class SetNote(_Edit):
    """Write the note of the scenario, or of the measure with an id."""

    do: Literal["set_note"] = "set_note"
    note: str = Field(max_length=20_000)
    id: str = Field("", max_length=60)


class SetAuthor(_Edit):
    """Say who answers for the scenario."""

    do: Literal["set_author"] = "set_author"
    author: str = Field(max_length=200)


class SetStages(_Edit):
    """Choose the years the scenario is answered for."""

    do: Literal["set_stages"] = "set_stages"
    stages: list[int] = Field(min_length=1, max_length=60)


class SetAssumption(_Edit):
    """Give an assumption a value of this scenario."""

    do: Literal["set_assumption"] = "set_assumption"
    name: str = Field(min_length=1, max_length=200)
    value: float = Field(allow_inf_nan=False)


class ResetAssumption(_Edit):
    """Let an assumption be as usual again; all of them where none is named."""

    do: Literal["reset_assumption"] = "reset_assumption"
    name: str = Field("", max_length=200)


class ReplaceContent(_Edit):
    """Put another content in the place of everything, of an imported file or a conflict."""

    do: Literal["replace_content"] = "replace_content"
    content: Content


Edit = Annotated[
    AddMeasure | ReplaceMeasure | RemoveMeasure | SetEnabled | MoveMeasure | DuplicateMeasure
    | TakeMeasure | Rename | SetNote | SetAuthor | SetStages | SetAssumption | ResetAssumption
    | ReplaceContent,
    Field(discriminator="do"),
]  # fmt: skip


def apply_edit(scenario: Scenario, edit: _Edit) -> tuple[Scenario, Sentence]:
    """
    Return the scenario that an edit makes, and the edit in words.

    Raises
    ------
    EditError
        It names a measure or assumption that there is not, or a value nobody can mean.
    ScenarioError
        What it makes is no scenario; every fault is said.
    """
    content = json.loads(dump(scenario))  # without defaults: some may not be given alone
    changed, message = _MAKERS[type(edit)](content, scenario, edit)
    made = load_scenario(changed)
    if len(made.measures) > MOST_MEASURES:
        template = "A scenario holds up to {most} measures; this would be {count}."
        hint = "Put several streets or buildings into one measure, or start another scenario."
        raise EditError(template, hint=hint, most=MOST_MEASURES, count=len(made.measures))
    return made, message if message is not None else _named(scenario, made, edit)


def _named(before: Scenario, made: Scenario, edit: _Edit) -> Sentence:
    """Say a measure in words as the scenario now has it."""
    assert isinstance(edit, (AddMeasure, ReplaceMeasure))
    wanted = edit.measure.get("id")
    measure = next(one for one in made.measures if one.id == wanted)
    if isinstance(edit, AddMeasure):
        return measure.summary()
    return replaced_words(before.measures[_place(before, measure.id)], measure)


Made = tuple[dict[str, Any], "Sentence | None"]


def _add(content: dict[str, Any], scenario: Scenario, edit: AddMeasure) -> Made:
    place = len(scenario.measures) if edit.place is None else edit.place
    measures = list(content["measures"])
    measures.insert(min(place, len(measures)), dict(edit.measure))
    return {**content, "measures": measures}, None


def _replace(content: dict[str, Any], scenario: Scenario, edit: ReplaceMeasure) -> Made:
    at = _place(scenario, str(edit.measure.get("id")))
    measures = list(content["measures"])
    measures[at] = dict(edit.measure)
    return {**content, "measures": measures}, None


def _remove(content: dict[str, Any], scenario: Scenario, edit: RemoveMeasure) -> Made:
    at = _place(scenario, edit.id)
    measures = [one for n, one in enumerate(content["measures"]) if n != at]
    summary = scenario.measures[at].summary()
    return {**content, "measures": measures}, say("Removed: {summary}", summary=summary)


def _enable(content: dict[str, Any], scenario: Scenario, edit: SetEnabled) -> Made:
    at = _place(scenario, edit.id)
    measures = [
        {**one, "enabled": edit.enabled} if n == at else one
        for n, one in enumerate(content["measures"])
    ]
    summary = scenario.measures[at].summary()
    said = (
        say("Switched on: {summary}", summary=summary)
        if edit.enabled
        else say("Switched off: {summary}", summary=summary)
    )
    return {**content, "measures": measures}, said


def _move(content: dict[str, Any], scenario: Scenario, edit: MoveMeasure) -> Made:
    at = _place(scenario, edit.id)
    measures = list(content["measures"])
    measures.insert(min(edit.place, len(measures) - 1), measures.pop(at))
    place = min(edit.place, len(measures) - 1) + 1
    said = say("Moved to place {place}: {summary}", place=str(place),
               summary=scenario.measures[at].summary())  # fmt: skip
    return {**content, "measures": measures}, said


def _duplicate(content: dict[str, Any], scenario: Scenario, edit: DuplicateMeasure) -> Made:
    at = _place(scenario, edit.id)
    measures = list(content["measures"])
    measures.insert(at + 1, {**measures[at], "id": free_id(scenario, edit.id)})
    summary = scenario.measures[at].summary()
    return {**content, "measures": measures}, say("Copied: {summary}", summary=summary)


def _take(content: dict[str, Any], scenario: Scenario, edit: TakeMeasure) -> Made:
    """Put a measure in, or in the place of the one that is the same measure already."""
    if edit.measure is None:
        template = "The other scenario has no measure {id}."
        raise EditError(template, hint="It was removed there meanwhile.", id=edit.id)
    taken = {**edit.measure, "id": edit.id, "enabled": True}
    measures = list(content["measures"])
    here = next((n for n, one in enumerate(measures) if one["id"] == edit.id), None)
    if here is not None and measures[here]["kind"] == taken.get("kind"):
        measures[here] = taken
    else:
        measures.append({**taken, "id": free_id(scenario, edit.id)})
    summary = load_scenario({"measures": [taken]}).measures[0].summary()
    return {**content, "measures": measures}, say("Taken over: {summary}", summary=summary)


def _rename(content: dict[str, Any], scenario: Scenario, edit: Rename) -> Made:
    del scenario
    name = one_line(edit.name)
    if not name:
        template = "A scenario needs a name."
        raise EditError(template, hint="Give it one that says what is planned.")
    return {**content, "name": name}, say("Named {name}", name=name)


def _note(content: dict[str, Any], scenario: Scenario, edit: SetNote) -> Made:
    note = _printable(edit.note)
    if not edit.id:
        return {**content, "note": note}, say("Note written")
    at = _place(scenario, edit.id)
    measures = [{**one, "note": note} if n == at else one
                for n, one in enumerate(content["measures"])]  # fmt: skip
    summary = scenario.measures[at].summary()
    return {**content, "measures": measures}, say("Note written: {summary}", summary=summary)


def _author(content: dict[str, Any], scenario: Scenario, edit: SetAuthor) -> Made:
    del scenario
    author = one_line(edit.author)
    return {**content, "author": author}, say("Author: {name}", name=author or "–")


def _stages(content: dict[str, Any], scenario: Scenario, edit: SetStages) -> Made:
    del scenario
    years = tuple(map(str, edit.stages))
    return {**content, "stages": list(edit.stages)}, say("Stages {years}", years=years)


def _assume(content: dict[str, Any], scenario: Scenario, edit: SetAssumption) -> Made:
    given = assumptions()
    if edit.name not in given:
        near = get_close_matches(edit.name, given, n=3) or ["–"]
        template = "There is no assumption called {name}."
        raise EditError(template, hint="Perhaps: {near}.", name=edit.name, near=", ".join(near))
    entry = given.entry(edit.name)
    widest = ABSURD * max(abs(entry.low), abs(entry.high))
    if abs(edit.value) > widest or (edit.value < 0 <= entry.low):
        template = "{value} {unit} cannot be meant for the assumption {name}."
        hint = "Usual is {low} to {high} {unit}."
        raise EditError(template, hint=hint, value=edit.value, unit=entry.unit, name=edit.name,
                        low=entry.low, high=entry.high)  # fmt: skip
    own = {**scenario.assumptions, edit.name: edit.value}
    said = say("Assumption {name} set to {value} {unit}", name=edit.name, value=edit.value,
               unit=entry.unit)  # fmt: skip
    return {**content, "assumptions": own}, said


def _as_usual(content: dict[str, Any], scenario: Scenario, edit: ResetAssumption) -> Made:
    if not edit.name:
        return {**content, "assumptions": {}}, say("All assumptions as usual")
    if edit.name not in scenario.assumptions:
        template = "The scenario has no own value for the assumption {name}."
        raise EditError(template, hint="It is as usual already.", name=edit.name)
    own = {name: value for name, value in scenario.assumptions.items() if name != edit.name}
    return {**content, "assumptions": own}, say("Assumption {name} as usual", name=edit.name)


def _content(content: dict[str, Any], scenario: Scenario, edit: ReplaceContent) -> Made:
    del content, scenario
    return dict(edit.content), say("Content replaced")


_MAKERS: Mapping[type[_Edit], Callable[..., Made]] = {
    AddMeasure: _add, ReplaceMeasure: _replace, RemoveMeasure: _remove, SetEnabled: _enable,
    MoveMeasure: _move, DuplicateMeasure: _duplicate, TakeMeasure: _take, Rename: _rename,
    SetNote: _note, SetAuthor: _author, SetStages: _stages, SetAssumption: _assume,
    ResetAssumption: _as_usual, ReplaceContent: _content,
}  # fmt: skip


def free_id(scenario: Scenario, wanted: str) -> str:
    """
    Return an id that no measure of the scenario has, made from the one wanted.

    >>> free_id(Scenario(), "tempo30")
    'tempo30'
    """
    known = {measure.id for measure in scenario.measures}
    if wanted not in known:
        return wanted
    stem = wanted[:55]
    number = 2
    while f"{stem}-{number}" in known:
        number += 1
    return f"{stem}-{number}"


def one_line(text: str) -> str:
    r"""
    Return a name on one line, without what cannot be printed; nothing in it is markup.

    >>> one_line(" Altstadt\n<b>2035</b>\x00 ")
    'Altstadt <b>2035</b>'
    """
    return " ".join(_printable(text).split())


def _printable(text: str) -> str:
    """Leave out control characters, half characters, and what turns the writing around."""
    unwanted = {"Cc", "Cs"}
    return "".join(
        letter
        for letter in text
        if letter in "\n\t" or (unicodedata.category(letter) not in unwanted
                                and letter not in TURNING)
    )  # fmt: skip


def _place(scenario: Scenario, measure_id: str) -> int:
    for place, measure in enumerate(scenario.measures):
        if measure.id == measure_id:
            return place
    template = "The scenario {name} has no measure {id}."
    hint = "It was removed meanwhile, or the link is old. Open the scenario again."
    raise EditError(template, hint=hint, name=scenario.name, id=measure_id)
