"""From what a browser asks for to what its screen shows: scenarios opened, answers at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from dash_app.state import SHOWN
from dash_app.workspace.engine import baseline_of
from dash_app.workspace.work import Side, Work
from twin.errors import TwinError
from twin.scenario import STAGES, Scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dash_app.api.context import Context
    from dash_app.workspace.viewer import Viewer
    from dash_app.workspace.work import Shown, SideKey


@dataclass(frozen=True)
class Missing:
    """A scenario that the address names and that cannot be opened, and why."""

    side: str
    id: str
    why: TwinError


def work_of(
    desk: Context, asked: Mapping[str, Any], viewer: Viewer
) -> tuple[Work, tuple[Missing, ...]]:
    """
    Return what a screen shows, and the scenarios it named in vain.

    `asked` is what the page sends: `a`, `b` (keys as in the address), `shown`, `year`, `value`,
    `hour`; under `drafts` and `before`, by side, the hash of the answer with a measure still being
    made, and of the one shown until now. A hash leads only to an answer that is there.
    """
    opened: dict[SideKey, Side] = {}
    missing = []
    keys: tuple[SideKey, ...] = ("a", "b")
    for key in keys:
        named = asked.get(key)
        if not isinstance(named, str) or not named:
            continue
        try:
            opened[key] = _opened(desk, asked, key, viewer)
        except TwinError as error:
            missing.append(Missing(key, named.partition("@")[0], error))
    leading = opened.get("a") or opened.get("b")
    base = baseline_of(leading.scenario if leading else Scenario(stages=STAGES), desk.city)
    shown = asked.get("shown")
    stages = base.stages
    year, hour = asked.get("year"), asked.get("hour")
    work = Work(
        city=desk.city,
        viewer=viewer,
        base=_answered(desk, asked, Side("base", base, base.hash, base.hash)),
        a=opened.get("a"),
        b=opened.get("b"),
        shown=_shown(shown, opened),
        year=_stage(year, stages),
        theme=asked.get("value") if isinstance(asked.get("value"), str) else None,
        hour=hour if isinstance(hour, int) and 0 <= hour < 24 else None,
        entries=desk.projects.entries(viewer),
        targets=desk.projects.targets(),
        settings=desk.settings,
    )
    return work, tuple(missing)


def _stage(year: object, stages: tuple[int, ...]) -> int:
    """Return the stage year nearest to the year asked for, the last one where none is."""
    if not isinstance(year, int):
        return stages[-1]
    return min(stages, key=lambda stage: abs(stage - year))


def _shown(shown: object, opened: Mapping[SideKey, Side]) -> Shown:
    if shown == "diff":
        return "diff" if opened else "base"
    return cast("Shown", shown) if shown in SHOWN and shown in {"base", *opened} else "base"


def _opened(desk: Context, asked: Mapping[str, Any], key: SideKey, viewer: Viewer) -> Side:
    scenario_id, _, number = str(asked[key]).partition("@")
    version, scenario = desk.projects.open(
        scenario_id, int(number) if number.isdecimal() else None, viewer=viewer
    )
    return _answered(
        desk, asked, Side(key, scenario, scenario.hash, scenario.hash, scenario_id, version)
    )


def _answered(desk: Context, asked: Mapping[str, Any], side: Side) -> Side:
    """Give a side its answer: of the draft that the page works with, else of the scenario."""
    drafted = _hash(asked, "drafts", side.key)
    draft = desk.engine.peek(drafted) if drafted and drafted != side.hash else None
    if draft is not None:
        return replace(
            side, scenario=draft.scenario, hash=drafted, results=draft,
            spread=desk.engine.spread(drafted),
        )  # fmt: skip
    results = desk.engine.peek(side.hash)
    before = _hash(asked, "before", side.key)
    return replace(
        side,
        results=results,
        stale=None if results is not None or not before else desk.engine.peek(before),
        problem=desk.engine.status(side.hash).problem,
        spread=desk.engine.spread(side.hash),
    )


def _hash(asked: Mapping[str, Any], name: str, key: str) -> str:
    found = asked.get(name)
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
