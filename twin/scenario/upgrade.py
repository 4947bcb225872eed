"""Older formats of scenario files, brought up to date one step at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twin.scenario.errors import ScenarioError
from twin.scenario.model import FORMAT, STAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Content = dict[str, Any]


def upgraded(content: Mapping[str, Any]) -> Content:
    """
    Return the content of a file in the newest format.

    Raises
    ------
    ScenarioError
        The file says no format, or one that this program does not know.
    """
    found = content.get("format", FORMAT if "format" not in content else None)
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        template = "The scenario has the format {format}."
        raise ScenarioError(template, hint="Write a whole number, 1 or more.", format=found)
    if found > FORMAT:
        template = "The scenario has format {format}, this program reads up to {newest}."
        hint = "Install a newer version of the program."
        raise ScenarioError(template, hint=hint, format=found, newest=FORMAT)
    result = dict(content)
    for step in range(found, FORMAT):
        result = STEPS[step](result)
    return {**result, "format": FORMAT}


def from_1(content: Content) -> Content:
    """
    Give format 1 its stages and ids.

    It had one target `year`, the baseline as `baseline` (hash) and `baseline_name`, measures
    without an id, and `start` instead of `start_year`.
    """
    result = {k: v for k, v in content.items() if k not in ("year", "baseline_name")}
    baseline = content.get("baseline", "")
    if not isinstance(baseline, dict):
        result["baseline"] = {"hash": baseline, "name": content.get("baseline_name", "")}
    target = content.get("year")
    if isinstance(target, int):
        result["stages"] = [*(year for year in STAGES if year < target), target]
    measures = content.get("measures", [])
    if isinstance(measures, list):
        result["measures"] = [_measure_1(m, place) for place, m in enumerate(measures, start=1)]
    return result


def _measure_1(measure: Any, place: int) -> Any:
    if not isinstance(measure, dict):
        return measure
    result = {"id": f"m{place}", **measure}
    if "start" in result:
        result["start_year"] = result.pop("start")
    return result


STEPS: Mapping[int, Callable[[Content], Content]] = {1: from_1}
"""By format: the step to the next one."""
