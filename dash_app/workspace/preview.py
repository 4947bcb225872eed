"""What a measure being drafted would reach, what it costs, and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import shapely

from dash_app.workspace.costs import once_eur
from dash_app.workspace.extent import Extent, extent_of
from dash_app.workspace.met import met_state
from twin.errors import TwinError
from twin.measures import MEASURES, BuildingMeasure
from twin.scenario import ScenarioError, load_scenario
from twin.sentences import Problem, Sentence, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from dash_app.workspace.viewer import Viewer
    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.measures import Measure
    from twin.scenario import Scenario
    from twin.simulate.results import Results
    from twin.state import State

Level = Literal["error", "warning"]

FEWEST = 5
"""Buildings of a selection that a public visitor is told people, dwellings and cost of."""


@dataclass(frozen=True)
class Remark:
    """What is wrong or worth knowing; `field` is the JSON path, empty for the whole measure."""

    level: Level
    field: str
    what: Sentence
    hint: Sentence | None = None
    code: str = ""


@dataclass(frozen=True, eq=False)
class Preview:
    """
    A drafted measure on the state it meets; figures are None where they make no sense.

    `count` is of rows of `table`; of streets both directions count as one. `done` are those of
    the rows done by the year on screen.
    """

    measure: Measure | None  # None: it cannot be read, `remarks` say why
    raw: Mapping[str, Any]
    extent: Extent
    remarks: tuple[Remark, ...] = ()
    cost_eur: float | None = None
    done: int | None = None  # of the rows, by `year`
    year: int | None = None  # on screen
    withheld: bool = False

    @property
    def valid(self) -> bool:
        """Whether it can be applied."""
        return self.measure is not None and not any(r.level == "error" for r in self.remarks)

    @property
    def count(self) -> int:
        """How many rows it reaches."""
        return self.extent.count

    @property
    def table(self) -> str:
        """The table its rows are of."""
        return self.extent.table

    @property
    def rows(self) -> pd.Index[str]:
        """Ids of the rows it reaches."""
        return self.extent.ids

    @property
    def problems(self) -> tuple[Remark, ...]:
        """All that is to be said about it, errors first."""
        return tuple(sorted(self.remarks, key=lambda remark: remark.level != "error"))


def preview(  # noqa: PLR0913 - what a draft is seen in
    city: City,
    scenario: Scenario,
    measure: object,
    year: int | None = None,
    *,
    viewer: Viewer,
    results: Results | None = None,
    given: Assumptions | None = None,
) -> Preview:  # fmt: skip
    """
    Return what a measure would do in the place it has, or would get, in a scenario.

    Faults of the draft never raise: they are remarks.

    Parameters
    ----------
    city
        The baseline.
    scenario
        The scenario it is drafted for; a measure with its id is replaced, else it is the last.
    measure
        The draft as the form sends it: an object with `kind`, `id` and the fields of the kind.
    year
        The stage on screen, for how much is done by then.
    viewer
        Who asks; who may not see single buildings may not ask for them by their values either.
    results
        The answer of the scenario, where it is there: for heat loads, and as a short cut.
    """
    raw = dict(measure) if isinstance(measure, dict) else {}
    read, remarks = read_measure(raw)
    if read is None:
        return Preview(None, raw, Extent(), remarks, year=year)
    if not viewer.fine and asks_for_values(raw):
        return Preview(read, raw, Extent(), (_not_by_values(),))
    met = met_state(city, scenario, read.id, read.start_year, results=results, given=given)
    found = _begun(met.state, scenario, read, year, peak_kw_of(results))
    left_out = (_left_out(met.left_out),) if met.left_out else ()
    found = replace(found, raw=raw, year=year, remarks=(*found.remarks, *left_out))
    return found if viewer.fine else _coarse(found)


def read_measure(raw: Mapping[str, Any]) -> tuple[Measure | None, tuple[Remark, ...]]:
    """Return the measure that an object describes, or None and every reason why it is none."""
    content = {"format": 2, "name": "", "measures": [dict(raw)]}
    try:
        (measure,) = load_scenario(content).measures
    except ScenarioError as error:
        kind = str(raw.get("kind", ""))
        faults = error.faults
        if not faults:
            return None, (Remark("error", "", say(error.template, **error.values)),)
        return None, tuple(
            Remark("error", _path(fault.field) or named_field(fault.problem, kind),
                   fault.problem.what, fault.problem.hint, fault.code)
            for fault in faults
        )  # fmt: skip
    except TwinError as error:
        return None, (Remark("error", "", say(error.template, **error.values)),)
    except RecursionError:
        return None, (Remark("error", "", say("The measure is nested too deeply to be one.")),)
    return measure, ()


def _path(field: str) -> str:
    """Return the JSON path of a field: positions count from 0, as in the form."""
    parts = field.split(".") if field else []
    return ".".join(str(int(part) - 1) if part.isdigit() else part for part in parts)


def named_field(problem: Problem, kind: str) -> str:
    """Return the first field of a kind that a problem speaks of, else where its code belongs."""
    model = MEASURES.get(kind)
    if model is None:
        return ""
    templates = (part.template for part in (problem.hint, problem.what) if part)
    words = [word for text in templates for word in re.findall(r"[a-z_]+", text)]
    known = model.model_fields
    found = next((word for word in words if word in known and word not in {"select", "id"}), "")
    return found or next((path for path in _PLACES.get(problem.code, ()) if _has(kind, path)), "")


_PLACES: Mapping[str, tuple[str, ...]] = {
    "unknown_id": ("select.ids", "nodes", "place"),
    "unknown_name": ("select.names",),
    "unknown_district": ("districts", "select.districts"),
    "unknown_block": ("select.blocks",),
    "unknown_place": ("around.place", "select.around.place"),
    "unknown_street": ("streets",),
    "unknown_line": ("lines",),
    "unknown_stop": ("stop", "stops"),
    "unknown_network": ("network_id",),
    "network_exists": ("network_id",),
    "unknown_assumption": ("assumption",),
    "ambiguous": ("place", "stop"),
    "empty": ("select", "area", "lines"),
    "not_applicable": ("select", "points", "area"),
    "no_room": ("area",),
    "outside": ("area", "line", "to"),
    "touches_nothing": ("points", "line"),
    "dead_end": ("line",),
    "in_the_way": ("line",),
    "too_short": ("line",),
    "too_few_stops": ("stops",),
    "no_line": ("lines",),
    "no_way": ("line", "stops"),
    "no_lane": ("takes_lane",),
    "one_lane": ("takes_lane",),
    "both_directions": ("bearing_deg",),
    "above_potential": ("target_kwp",),
    "ids_taken": (),
}
"""Fields that problems belong to, by their code; the first that the kind has."""


def _has(kind: str, path: str) -> bool:
    return path.split(".", maxsplit=1)[0] in MEASURES[kind].model_fields


def _begun(
    state: State,
    scenario: Scenario,
    measure: Measure,
    year: int | None,
    peak_kw: pd.Series[float] | None,
) -> Preview:
    """Let the measure begin on the state, and look at what it would do."""
    late = _too_late(scenario, measure)
    try:
        begun = measure.begin(state)
        remarks = (*late, *_remarks(begun.faults, measure, "error"),
                   *_remarks(begun.notes, measure, "warning"))  # fmt: skip
        if begun.faults:
            return Preview(measure, {}, Extent(), remarks)
        extent = extent_of(measure, state, begun)
        cost = once_eur(state, measure, begun, peak_kw)
    except TwinError as error:
        hint = say(error.hint, **error.values) if error.hint else None
        fault = Remark("error", "", say(error.template, **error.values), hint)
        return Preview(measure, {}, Extent(), (*late, fault))
    except (shapely.errors.ShapelyError, ValueError, ArithmeticError):
        what = say("With these values the measure cannot be worked out.")
        fault = Remark("error", "", what, say("Check the numbers and what is drawn."))
        return Preview(measure, {}, Extent(), (*late, fault))
    done = None
    if year is not None and extent.years is not None:
        done = int((extent.years <= year).sum())
    return Preview(measure, {}, extent, remarks, cost, done)


def peak_kw_of(results: Results | None) -> pd.Series[float] | None:
    """Return the heat load by building of the first stage that is answered."""
    if results is None or not results.years:
        return None
    table = results.years[min(results.years)].buildings
    found: pd.Series[float] | None = table.get("peak_kw")
    return found


def _remarks(problems: Iterable[Problem], measure: Measure, level: Level) -> list[Remark]:
    return [
        Remark(level, named_field(problem, measure.is_a), problem.what, problem.hint, problem.code)
        for problem in problems
    ]


def _too_late(scenario: Scenario, measure: Measure) -> list[Remark]:
    last = scenario.stages[-1]
    if measure.start_year <= last:
        return []
    what = say("It starts in {start}, after the last stage {last}, and has no effect.",
               start=str(measure.start_year), last=str(last))  # fmt: skip
    hint = say("Start earlier, add a stage, or switch the measure off.")
    return [Remark("error", "start_year", what, hint, "too_late")]


def asks_for_values(raw: Mapping[str, Any]) -> bool:
    """Tell whether a draft selects buildings by what only signed-in people may know of them."""
    select = raw.get("select")
    model = MEASURES.get(str(raw.get("kind", "")))
    if not isinstance(select, dict) or model is None or not issubclass(model, BuildingMeasure):
        return False
    return bool(select.get("where") or select.get("share") or len(select.get("ids") or ()) > 0)


def _not_by_values() -> Remark:
    what = say("Single buildings and their values are for people who are signed in.")
    hint = say("Choose Baublöcke, districts or an area.")
    return Remark("error", "select", what, hint, "withheld")


def _coarse(found: Preview) -> Preview:
    """Leave out what speaks of a few buildings."""
    extent = found.extent
    if extent.table != "buildings":
        return found
    few = 0 < extent.count < FEWEST
    hidden = replace(extent, ids=extent.ids[:0])
    if few:
        hidden = replace(hidden, count=0, area_m2=None, residents=None, dwellings=None, years=None)
        return replace(found, extent=hidden, cost_eur=None, done=None, withheld=True)
    return replace(found, extent=hidden)


def _left_out(ids: tuple[str, ...]) -> Remark:
    what = say("Other measures of the scenario cannot be applied and are left out here: {ids}.",
               ids=ids)  # fmt: skip
    return Remark("warning", "", what, None, "left_out")
