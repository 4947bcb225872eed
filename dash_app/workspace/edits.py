"""One edit of a scenario as data: the scenario it makes, and what it is called in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from twin.errors import TwinError
from twin.scenario import Scenario, load_scenario
from twin.sentences import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twin.sentences import Sentence

MeasureId = Annotated[str, Field(min_length=1, max_length=60)]
Content = dict[str, JsonValue]


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


class Rename(_Edit):
    """Give the scenario another name."""

    do: Literal["rename"] = "rename"
    name: str = Field(min_length=1, max_length=200)


class SetNote(_Edit):
    """Write the note of the scenario."""

    do: Literal["set_note"] = "set_note"
    note: str = Field(max_length=20_000)


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
    """Let an assumption be as usual again."""

    do: Literal["reset_assumption"] = "reset_assumption"
    name: str = Field(min_length=1, max_length=200)


class ReplaceContent(_Edit):
    """Put another content in the place of everything, of an imported file or a conflict."""

    do: Literal["replace_content"] = "replace_content"
    content: Content


Edit = Annotated[
    AddMeasure | ReplaceMeasure | RemoveMeasure | SetEnabled | MoveMeasure | DuplicateMeasure
    | Rename | SetNote | SetStages | SetAssumption | ResetAssumption | ReplaceContent,
    Field(discriminator="do"),
]  # fmt: skip


def apply_edit(scenario: Scenario, edit: _Edit) -> tuple[Scenario, Sentence]:
    """
    Return the scenario that an edit makes, and the edit in words.

    Raises
    ------
    EditError
        It names a measure or assumption that the scenario does not have.
    ScenarioError
        What it makes is no scenario; every fault is said.
    """
    content = scenario.model_dump(mode="json")
    changed, message = _MAKERS[type(edit)](content, scenario, edit)
    made = load_scenario(changed)
    return made, message if message is not None else _named(made, edit)


def _named(made: Scenario, edit: _Edit) -> Sentence:
    """Say a measure in words as the scenario now has it."""
    assert isinstance(edit, (AddMeasure, ReplaceMeasure))
    wanted = edit.measure.get("id")
    measure = next(one for one in made.measures if one.id == wanted)
    if isinstance(edit, AddMeasure):
        return measure.summary()
    return say("Changed: {summary}", summary=measure.summary())


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
    said = say("Moved to place {place}: {summary}", place=str(edit.place + 1),
               summary=scenario.measures[at].summary())  # fmt: skip
    return {**content, "measures": measures}, said


def _duplicate(content: dict[str, Any], scenario: Scenario, edit: DuplicateMeasure) -> Made:
    at = _place(scenario, edit.id)
    measures = list(content["measures"])
    measures.insert(at + 1, {**measures[at], "id": free_id(scenario, edit.id)})
    summary = scenario.measures[at].summary()
    return {**content, "measures": measures}, say("Copied: {summary}", summary=summary)


def _rename(content: dict[str, Any], scenario: Scenario, edit: Rename) -> Made:
    del scenario
    return {**content, "name": edit.name.strip()}, say("Named {name}", name=edit.name.strip())


def _note(content: dict[str, Any], scenario: Scenario, edit: SetNote) -> Made:
    del scenario
    return {**content, "note": edit.note}, say("Note written")


def _stages(content: dict[str, Any], scenario: Scenario, edit: SetStages) -> Made:
    del scenario
    years = tuple(map(str, edit.stages))
    return {**content, "stages": list(edit.stages)}, say("Stages {years}", years=years)


def _assume(content: dict[str, Any], scenario: Scenario, edit: SetAssumption) -> Made:
    own = {**scenario.assumptions, edit.name: edit.value}
    said = say("Assumption {name} set to {value}", name=edit.name, value=edit.value)
    return {**content, "assumptions": own}, said


def _as_usual(content: dict[str, Any], scenario: Scenario, edit: ResetAssumption) -> Made:
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
    MoveMeasure: _move, DuplicateMeasure: _duplicate, Rename: _rename, SetNote: _note,
    SetStages: _stages, SetAssumption: _assume, ResetAssumption: _as_usual,
    ReplaceContent: _content,
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


def _place(scenario: Scenario, measure_id: str) -> int:
    for place, measure in enumerate(scenario.measures):
        if measure.id == measure_id:
            return place
    template = "The scenario {name} has no measure {id}."
    hint = "It was removed meanwhile, or the link is old. Open the scenario again."
    raise EditError(template, hint=hint, name=scenario.name, id=measure_id)
