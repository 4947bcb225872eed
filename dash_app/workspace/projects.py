"""The scenarios of one city in the project store: listed, opened, edited, undone, kept."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from dash_app.accounts import log
from dash_app.workspace.edits import EditError, TakeMeasure, apply_edit, one_line
from dash_app.workspace.examples import Template, examples, template_of
from layers.project_store import SettingConflictError
from layers.project_store.extras import no_scenario
from twin.assumptions import assumptions
from twin.errors import TwinError
from twin.indicators import INDICATORS
from twin.scenario import (
    STAGES,
    Baseline,
    Fault,
    Scenario,
    ScenarioError,
    dump,
    load_scenario,
    plan,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from dash_app.workspace.edits import Edit
    from dash_app.workspace.viewer import Viewer
    from layers.project_store import ProjectStore, ScenarioEntry, Version
    from twin.city import City
    from twin.sentences import Sentence

    Say = Callable[[Sentence], str]

READ = 64
"""Versions kept as read; they never change."""

TARGETS = "targets"

LONGEST_NAME = 200

ATTEMPTS = 3
"""To set a target while others set theirs."""


class OtherCityError(TwinError):
    """A scenario was made for another city, or for another state of this one."""


class ArchivedError(TwinError):
    """A scenario was put away; it can be taken out again."""


@dataclass(frozen=True)
class Step:
    """One version in the list of what was done."""

    number: int
    parent: int | None
    message: str
    author: str
    at: datetime  # UTC
    kept_as: str
    is_head: bool
    is_undone: bool  # lies on a way that undo has left
    is_next: bool = False  # where redo leads


class Projects:
    """
    The scenarios of one city; safe to use from any thread.

    Everybody sees what is published, people who may edit see all. What is written goes into the
    log. A version never changes, so what was read once is kept.
    """

    def __init__(self, store: ProjectStore, city: City) -> None:
        self.store = store
        self.city = city
        self.project = store.project(city.hash, city.name or "-")
        self._read: OrderedDict[tuple[str, int], Scenario] = OrderedDict()
        self._lock = Lock()

    def entries(self, viewer: Viewer, *, archived: bool = False) -> tuple[ScenarioEntry, ...]:
        """Return the scenarios that a viewer may see, in the order they were made."""
        found = self.store.scenarios(self.project.id, archived=archived)
        if archived:
            found = tuple(entry for entry in found if entry.archived)
        return tuple(entry for entry in found if viewer.may_edit or entry.public)

    def open(
        self, scenario_id: str, number: int | None = None, *, viewer: Viewer
    ) -> tuple[Version, Scenario]:
        """
        Return a scenario as it stands, or one version of it.

        Raises
        ------
        ArchivedError
            It was put away.
        OtherCityError
            It is of another city.
        StoreError
            There is none, or not for this viewer (both the same to them).
        """
        self._checked(scenario_id, viewer)
        if number is None:
            version = self.store.head(scenario_id)
        else:
            version = self.store.version(scenario_id, number)
        return version, self._scenario(version)

    def create(
        self, viewer: Viewer, name: str, content: Mapping[str, Any] | None = None, *,
        message: str = "",
    ) -> Version:  # fmt: skip
        """Save a new scenario on this city, empty or with a content."""
        scenario = load_scenario(dict(content)) if content is not None else Scenario(stages=STAGES)
        named = one_line(name) or one_line(scenario.name)
        scenario = self._of_this_city(scenario).model_copy(
            update={"name": named[:LONGEST_NAME], "author": viewer.name or scenario.author}
        )
        version = self.store.create(
            self.project.id, dump(scenario), author=viewer.name, message=message
        )
        log(self.store, viewer, "create", scenario.name, {"scenario": version.scenario_id})
        return version

    def duplicate(
        self, scenario_id: str, viewer: Viewer, name: str, *, rebase: bool = False
    ) -> Version:
        """
        Save a copy of a scenario as it stands under another name.

        Raises
        ------
        OtherCityError
            It is of another city; with `rebase` it is taken over for this one.
        """
        if rebase:
            self._visible(scenario_id, viewer)
            scenario = self._scenario(self.store.head(scenario_id))
        else:
            _, scenario = self.open(scenario_id, viewer=viewer)
        return self.create(viewer, name, json.loads(dump(scenario)))

    def earlier(self, viewer: Viewer) -> tuple[ScenarioEntry, ...]:
        """Return the scenarios of other states of this city: a city built anew is another one."""
        if not viewer.may_edit:
            return ()
        name = self.project.baseline_name
        others = [
            project
            for project in self.store.projects()
            if project.baseline_name == name and project.id != self.project.id
        ]
        return tuple(entry for project in others for entry in self.store.scenarios(project.id))

    def templates(self) -> tuple[Template, ...]:
        """Return the examples to start from, those that fit any town or were made for this one."""
        return tuple(template_of(key, one) for key, one in examples(self.city).items())

    def from_template(self, key: str, viewer: Viewer, name: str = "") -> Version:
        """Save a new scenario made from an example."""
        known = examples(self.city)
        if key not in known:
            template = "There is no example {key}."
            raise EditError(template, hint="Known are: {known}.", key=key, known=", ".join(known))
        found = known[key]
        return self.create(viewer, name or found.name, json.loads(dump(found)))

    def import_file(self, text: str | bytes, viewer: Viewer, *, rebase: bool = False) -> Version:
        """
        Save a scenario from the text of a file.

        Raises
        ------
        OtherCityError
            It was made for another city or state; with `rebase` it is taken over for this one.
        ScenarioError
            It cannot be read; every fault is said.
        """
        scenario = load_scenario(text)
        if not rebase:
            self._refuse_foreign(scenario)
        return self.create(viewer, scenario.name, json.loads(dump(scenario)))

    def misfits(self, scenario: Scenario) -> tuple[Fault, ...]:
        """
        Return what of a scenario does not fit this city: streets, buildings, places not there.

        The measures are tried one after the other on the town, which takes a second or more.
        """
        try:
            plan(self.city, self._of_this_city(scenario), assumptions())
        except ScenarioError as error:
            return error.faults
        return ()

    def edit(
        self, scenario_id: str, edit: Edit, *, expected_version: int, viewer: Viewer,
        say_it: Say = str,
    ) -> Version:  # fmt: skip
        """
        Save one edit and return the new version; its message says the edit in words.

        Raises
        ------
        ConflictError
            Somebody else has changed the scenario meanwhile; nothing was saved.
        EditError, ScenarioError
            The edit does not fit, or what it makes is no scenario.
        """
        _, scenario = self.open(scenario_id, expected_version, viewer=viewer)
        if isinstance(edit, TakeMeasure) and edit.measure is None:
            edit = edit.model_copy(update={"measure": self._measure(edit, viewer)})
        made, said = apply_edit(scenario, edit)
        self._refuse_foreign(made)
        version = self.store.save(
            scenario_id,
            dump(self._of_this_city(made)),
            expected_version=expected_version,
            author=viewer.name,
            message=say_it(said),
        )
        log(self.store, viewer, "edit", version.name, {"scenario": scenario_id, "do": edit.do})
        return version

    def undo(self, scenario_id: str, *, expected_version: int, viewer: Viewer) -> Version:
        """Go back to the version that the one on screen was made from."""
        self._checked(scenario_id, viewer)
        found = self.store.undo(scenario_id, expected_version=expected_version, author=viewer.name)
        return self._moved("undo", found, viewer)

    def redo(self, scenario_id: str, *, expected_version: int, viewer: Viewer) -> Version:
        """Go forward again, to the branch last used."""
        self._checked(scenario_id, viewer)
        found = self.store.redo(scenario_id, expected_version=expected_version, author=viewer.name)
        return self._moved("redo", found, viewer)

    def go_to(
        self, scenario_id: str, number: int, *, expected_version: int, viewer: Viewer
    ) -> Version:
        """Put the scenario on any of its versions."""
        self._checked(scenario_id, viewer)
        found = self.store.go_to(
            scenario_id, number, expected_version=expected_version, author=viewer.name
        )
        return self._moved("go_to", found, viewer)

    def _moved(self, action: str, version: Version, viewer: Viewer) -> Version:
        detail = {"scenario": version.scenario_id, "version": version.number}
        log(self.store, viewer, action, version.name, detail)
        return version

    def history(self, scenario_id: str, *, viewer: Viewer) -> tuple[Step, ...]:
        """Return what was done, the oldest first; branches that undo has left are among it."""
        self._checked(scenario_id, viewer)
        versions = {info.number: info for info in self.store.history(scenario_id)}
        position = self.store.position(scenario_id)
        kept = {mark.number: mark.name for mark in self.store.marks(scenario_id)}
        line = set()
        at: int | None = position.head
        while at is not None:
            line.add(at)
            at = versions[at].parent
        return tuple(
            Step(
                info.number, info.parent, info.message, info.author, info.created,
                kept.get(info.number, ""),
                is_head=info.number == position.head, is_undone=info.number not in line,
                is_next=info.number == position.redo,
            )
            for info in versions.values()
        )  # fmt: skip

    def keep(self, scenario_id: str, number: int, name: str, *, viewer: Viewer) -> None:
        """Give a version a name: the explicit save."""
        self._checked(scenario_id, viewer)
        self.store.keep(scenario_id, number, name, viewer.name)
        log(self.store, viewer, "keep", name, {"scenario": scenario_id, "version": number})

    def archive(self, scenario_id: str, *, viewer: Viewer, archived: bool = True) -> None:
        """Put a scenario away, or take it out again; nothing is lost."""
        entry = self._known(scenario_id, viewer)
        self.store.archive(scenario_id, archived=archived)
        action = "archive" if archived else "restore"
        log(self.store, viewer, action, entry.head.name, {"scenario": scenario_id})

    def publish(self, scenario_id: str, *, public: bool, viewer: Viewer) -> None:
        """Let everybody see a scenario, or only those who may edit."""
        entry = self._known(scenario_id, viewer)
        self.store.publish(scenario_id, public)
        action = "publish" if public else "withdraw"
        log(self.store, viewer, action, entry.head.name, {"scenario": scenario_id})

    def targets(self) -> dict[str, dict[int, float]]:
        """Return what the town wants to reach: by indicator and year."""
        found = self.store.setting(self.project.id, TARGETS).value or {}
        return {
            name: {int(year): float(value) for year, value in years.items()}
            for name, years in found.items()
        }

    def set_target(self, indicator: str, year: int, value: float | None, *, viewer: Viewer) -> None:
        """Agree on a target of the town for an indicator and a year, or drop it."""
        if indicator not in INDICATORS:
            template = "There is no indicator called {name}."
            raise EditError(template, name=indicator)
        for attempt in range(ATTEMPTS):
            setting = self.store.setting(self.project.id, TARGETS)
            targets = _with_target(setting.value or {}, indicator, str(year), value)
            try:
                self.store.put_setting(
                    self.project.id, TARGETS, targets, expected_version=setting.version,
                    author=viewer.name,
                )  # fmt: skip
                break
            except SettingConflictError:  # somebody has just set another one
                if attempt == ATTEMPTS - 1:
                    raise
        log(self.store, viewer, "target", indicator, {"year": year, "value": value})

    def _of_this_city(self, scenario: Scenario) -> Scenario:
        baseline = Baseline(hash=self.city.hash, name=self.city.name)
        return scenario.model_copy(update={"baseline": baseline})

    def _refuse_foreign(self, scenario: Scenario) -> None:
        made_for = scenario.baseline
        if made_for.hash and made_for.hash != self.city.hash:
            template = "The scenario {name} was made for {other}, not for this state of {city}."
            hint = "Take it over for {city}: streets and buildings that are not there are named."
            raise OtherCityError(
                template, hint=hint, name=scenario.name, other=made_for.name or made_for.hash[:8],
                city=self.city.name,
            )  # fmt: skip

    def _measure(self, edit: TakeMeasure, viewer: Viewer) -> dict[str, Any] | None:
        """Return the measure of the other scenario, as a file has it."""
        _, other = self.open(edit.scenario, viewer=viewer)
        measures = json.loads(dump(other))["measures"]
        return next((one for one in measures if one["id"] == edit.id), None)

    def _visible(self, scenario_id: str, viewer: Viewer) -> ScenarioEntry:
        """Return a scenario of any city that the viewer may know of."""
        entry = self.store.entry(scenario_id)
        if not (viewer.may_edit or entry.public):
            raise no_scenario(scenario_id)
        return entry

    def _known(self, scenario_id: str, viewer: Viewer) -> ScenarioEntry:
        """Return a scenario of this city that the viewer may know of."""
        entry = self._visible(scenario_id, viewer)
        if entry.project_id != self.project.id:
            template = (
                "The scenario {name} belongs to another city, or to an older state of {city}."
            )
            hint = "Take it over for this state of {city}, or open it with that city."
            raise OtherCityError(template, hint=hint, name=entry.head.name, city=self.city.name)
        return entry

    def _checked(self, scenario_id: str, viewer: Viewer) -> ScenarioEntry:
        entry = self._known(scenario_id, viewer)
        if entry.archived:
            template = "The scenario {name} was deleted."
            hint = "It can be taken out again from the list of deleted scenarios."
            raise ArchivedError(template, hint=hint, name=entry.head.name)
        return entry

    def _scenario(self, version: Version) -> Scenario:
        key = (version.scenario_id, version.number)
        with self._lock:
            if key in self._read:
                self._read.move_to_end(key)
                return self._read[key]
        scenario = load_scenario(version.text)
        with self._lock:
            self._read[key] = scenario
            while len(self._read) > READ:
                self._read.popitem(last=False)
        return scenario


def _with_target(
    old: Mapping[str, Mapping[str, float]], indicator: str, year: str, value: float | None
) -> dict[str, dict[str, float]]:
    """Return the targets with one set, or dropped where the value is None."""
    targets = {name: dict(years) for name, years in old.items()}
    years = {**targets.get(indicator, {}), year: value}
    targets[indicator] = {year: agreed for year, agreed in years.items() if agreed is not None}
    return {name: years for name, years in targets.items() if years}
