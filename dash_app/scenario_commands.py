"""What `twin run`, `twin compare` and `twin diff` do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, fields
from io import StringIO
from itertools import chain, count
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dash_app.commands import progress_bar
from dash_app.report.notes import notes_of
from layers.city_store import open_city
from twin.assumptions import Assumptions, assumptions
from twin.classes import VEHICLE_CLASSES
from twin.energy.heat_demand import warm_up
from twin.errors import ModelError, SourceError
from twin.indicators import INDICATORS, by_year, explain, indicator_table
from twin.indicators.catalogue import GROUPS
from twin.indicators.ranges import DRIVERS, spread, with_bounds
from twin.memo import Memo
from twin.scenario import Scenario, ScenarioDifference, diff, load_scenario
from twin.simulate import Observed, simulate, zone_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from dash_app.i18n import Translator
    from twin.city import City
    from twin.simulate.results import Results

    Say = Callable[[str, float], None]
    Years = dict[str, dict[int, float]]  # by indicator and year


@dataclass(frozen=True)
class Given:
    """What a run is given besides city and scenario."""

    own: Path | None = None  # file of assumptions
    measured: Path | None = None  # table of measured consumption by Baublock
    ranges: bool = True
    rebase: bool = False  # take a scenario that was made for another state of the city
    matrix: Path | None = None  # vehicles of today between zones, CSV or OMX
    counts: Path | None = None  # vehicles of today on streets


@dataclass(frozen=True, eq=False)
class Answer:
    """One scenario answered: results, indicators, what each assumption does."""

    results: Results
    indicators: pd.DataFrame
    spread: pd.DataFrame | None


def run_command(
    words: Translator, folder: Path, file: Path, out: Path | None, *, given: Given, as_json: bool
) -> None:
    """Answer one scenario; print the indicators, write the results where a folder is named."""
    from layers.results_folder import refuse_foreign  # noqa: PLC0415 - loads geopandas

    if out:
        refuse_foreign(out)  # before minutes of work
    city, scenario = open_city(folder), load_scenario(_read(file))
    with progress_bar(words) as say:
        answer = answer_scenario(city, scenario, given, say, Memo())
        if out:
            say("Write the results", 0.95)
            save_answer(words, answer, out)
        say("Done", 1.0)
    if as_json:
        print_json(whole_city(answer.indicators))
        return
    print_indicators(words, answer)
    if out:
        _console().print(words.text("Written to {folder}.", folder=str(out)), markup=False)


def answer_scenario(city: City, scenario: Scenario, given: Given, say: Say, memo: Memo) -> Answer:
    """Simulate a scenario and, if asked for, the ranges of its indicators."""
    say("Compile the models, once on this machine", 0.0)
    warm_up()
    base = _assumptions(given)
    measured = _read_measured(given.measured) if given.measured else None
    observed = _read_traffic(given, city, scenario, base)

    ends = tuple(dict.fromkeys((scenario.stages[0], scenario.stages[-1])))
    short = scenario.model_copy(update={"stages": ends})  # ranges of the years between follow

    first: list[Results] = []

    def run(own: Assumptions) -> Results:
        """Keep the plan, but where the stock that it was made for is another."""
        same = bool(first) and own.of(["stock"]).hash == first[0].given.of(["stock"]).hash
        held = first[0] if same else None
        found = simulate(
            city, short, own, memo=memo, measured=measured, rebase=given.rebase, held=held,
            observed=observed,
        )  # fmt: skip
        first.append(found)
        return found

    share = 0.3 if given.ranges else 0.9
    results = simulate(
        city, scenario, base, memo=memo, measured=measured, rebase=given.rebase, observed=observed,
        progress=lambda step, done: say(step, share * done),
    )  # fmt: skip
    table = indicator_table(results)
    if not given.ranges:
        return Answer(results, table, None)
    moved = spread(results, run, DRIVERS, progress=lambda step, done: say(step, 0.3 + 0.6 * done))
    return Answer(results, with_bounds(table, moved), moved)


def _read_traffic(
    given: Given, city: City, scenario: Scenario, base: Assumptions
) -> Observed | None:
    """Return what files tell of today's traffic: a matrix of the town's zones, counts."""
    from layers.matrices import read_matrices  # noqa: PLC0415 - loads h5py
    from layers.traffic_counts import place_counts, read_counts  # noqa: PLC0415

    if given.matrix is None and given.counts is None:
        return None
    vehicles, counts = {}, None
    if given.matrix is not None:
        vehicles = _vehicles(read_matrices(given.matrix, zone_ids(city, scenario, base)))
    if given.counts is not None:
        placed = place_counts(read_counts(given.counts), city.streets, districts=city.districts)
        counts = placed.table
        if not len(counts):
            template = "No line of {path} lies on a street of this town."
            hint = "Give street ids, longitude and latitude, or road and district."
            raise SourceError(template, hint=hint, path=given.counts)
    return Observed(vehicles, counts)


def _vehicles(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the matrices of vehicles: `car`, `truck`, as `twin run` names them, or a lone one."""
    known = {}
    for name in VEHICLE_CLASSES:
        matrix = found.get(f"vehicle_{name}", found.get(name))
        if matrix is not None:
            known[name] = matrix
    if not known and len(found) == 1:
        known["car"] = next(iter(found.values()))
    return known or dict(found)  # the model says which names it knows


def save_answer(words: Translator, answer: Answer, out: Path) -> None:
    """Write tables, page and plots of one answer."""
    from dash_app.report.scenario_page import scenario_page  # noqa: PLC0415 - loads matplotlib
    from dash_app.report.scenario_plots import as_png, scenario_plots  # noqa: PLC0415
    from layers.results_folder import write_results, writing_results  # noqa: PLC0415

    results = answer.results
    told = [explain(results, name, results.last.year, spread=answer.spread) for name in INDICATORS]
    with writing_results(out) as stage:
        write_results(stage, results, answer.indicators, told)
        plots = scenario_plots(words, results, answer.indicators)
        (stage / "plots").mkdir()
        for name, figure in plots.items():
            (stage / "plots" / f"{name}.png").write_bytes(as_png(figure))
        page = scenario_page(words, results, answer.indicators, told, plots)
        (stage / "report.html").write_text(page, encoding="utf-8")


def compare_command(
    words: Translator, folder: Path, files: Sequence[Path], *, given: Given, as_json: bool
) -> None:
    """Answer several scenarios and print their indicators in the last year side by side."""
    city, memo = open_city(folder), Memo()
    scenarios = _named([(file, load_scenario(_read(file))) for file in files])
    answers: dict[str, Answer] = {}
    with progress_bar(words) as say:
        for place, (name, scenario) in enumerate(scenarios.items()):
            part = _part(say, place, len(files))
            answers[name] = answer_scenario(city, scenario, given, part, memo)
    from twin.compare import compare  # noqa: PLC0415

    table = compare({name: answer.results for name, answer in answers.items()})
    holds = _holds(answers)
    if as_json:
        records = whole_city(table)
        for row in records if given.ranges else []:
            key = row["indicator"], row["year"]
            row["ranking_holds"] = {name: bool(told[key]) for name, told in holds.items()}
        print_json(records)
        return
    _print_comparison(words, table, holds)


def _holds(answers: Mapping[str, Answer]) -> dict[str, pd.Series[bool]]:
    """Return by scenario whether its ranking against the first holds; with the same stages only."""
    from twin.compare import ranking  # noqa: PLC0415

    first, *_ = answers.values()
    found = {}
    for name, other in answers.items():
        same = other.results.scenario.stages == first.results.scenario.stages
        if other is first or first.spread is None or other.spread is None or not same:
            continue
        found[name] = ranking(first.results, other.results, (first.spread, other.spread))["holds"]
    return found


def _named(scenarios: Sequence[tuple[Path, Scenario]]) -> dict[str, Scenario]:
    """Return scenarios by name; where one is taken the file tells them apart, then a number."""
    named: dict[str, Scenario] = {}
    for file, scenario in scenarios:
        first = scenario.name or file.stem
        second = f"{first} ({file.stem})"
        more = (f"{first} ({file.stem} {number})" for number in count(2))
        named[next(name for name in chain((first, second), more) if name not in named)] = scenario
    return named


def _part(say: Say, place: int, count: int) -> Say:
    """Return what tells the progress of one of several scenarios."""
    return lambda step, done: say(step, (place + done) / count)


def diff_command(words: Translator, one: Path, other: Path, *, as_json: bool) -> None:
    """Print what differs between two scenario files."""
    found = diff(load_scenario(_read(one)), load_scenario(_read(other)))
    if as_json:
        print_json(_plain(found))
        return
    lines = [words.sentence(line) for line in found.sentences()]
    _console().print("\n".join(lines) or words.text("The scenarios are the same."), markup=False)


def _plain(found: ScenarioDifference) -> dict[str, Any]:
    """Return a difference as plain values; measures as they stand in the file."""

    def plain(entry: Any) -> Any:
        return entry.model_dump(mode="json") if hasattr(entry, "model_dump") else asdict(entry)

    return {field.name: [plain(e) for e in getattr(found, field.name)] for field in fields(found)}


def whole_city(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of the whole city as plain records."""
    rows = table.xs("city", level="level").droplevel("area").reset_index()
    records: list[dict[str, Any]] = json.loads(rows.to_json(orient="records"))
    return records


def print_json(content: Any) -> None:
    """Print for machines."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def print_indicators(words: Translator, answer: Answer) -> None:
    """Print the indicators of the city by year, with the range of the last year."""
    columns = [name for name in ("value", "low", "high") if name in answer.indicators]
    whole = {name: by_year(answer.indicators, name) for name in columns}
    console = _console()
    console.print(answer.results.scenario.name, style="bold", markup=False)
    for group, heading in GROUPS.items():
        names = [name for name, indicator in INDICATORS.items() if indicator.group == group]
        console.print(_group(words, words.text(heading), names, whole))
    for note in notes_of(words, answer.results):
        console.print(note, style="yellow", highlight=False, markup=False)


def _group(
    words: Translator, heading: str, names: Sequence[str], whole: Mapping[str, Years]
) -> Table:
    """Return the indicators under one heading: a row each, a column a year."""
    years = list(whole["value"]["emissions"])
    table = Table(title=heading, title_justify="left")
    table.add_column("")
    for year in years:
        table.add_column(str(year), justify="right")
    if "low" in whole:
        table.add_column(words.text("Range {year}", year=str(years[-1])), justify="right")
    for name in names:
        cells = [words.number(value) for value in whole["value"][name].values()]
        if "low" in whole:
            ends = (words.number(whole[end][name][years[-1]]) for end in ("low", "high"))
            cells.append(" – ".join(ends))
        table.add_row(_label(words, name), *cells)
    return table


def _label(words: Translator, name: str) -> str:
    indicator = INDICATORS[name]
    return f"{words.text(indicator.label)} [dim]{words.unit(indicator.unit)}[/dim]"


def _print_comparison(
    words: Translator, table: pd.DataFrame, holds: Mapping[str, pd.Series[bool]]
) -> None:
    """Print the last year of several scenarios side by side, and whether the ranking holds."""
    each = {str(name): by_year(table, str(name)) for name in table.columns}
    year = max(max(found["emissions"]) for found in each.values())
    shown = Table(title=words.text("Indicators {year}", year=str(year)), title_justify="left")
    for name in ("", *each):
        shown.add_column(escape(name), justify="right" if name else "left")
    if holds:
        shown.add_column(words.text("Ranking holds"))
    for name in INDICATORS:
        values = [words.number(found[name].get(year)) for found in each.values()]
        sure = [
            words.text("yes") if told[name, year] else words.text("no") for told in holds.values()
        ]
        shown.add_row(_label(words, name), *values, *([", ".join(sure)] if holds else []))
    _console().print(shown)


def _assumptions(given: Given) -> Assumptions:
    if given.own is None:
        return assumptions()
    from layers.assumption_files import read_assumption_file  # noqa: PLC0415

    return assumptions().replaced(read_assumption_file(given.own))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        template = "{path} cannot be read: {reason}."
        raise SourceError(template, path=file, reason=reason) from error


def _read_measured(file: Path) -> pd.DataFrame:
    """Read a table of measured heat by Baublock: columns block_id and heat_kwh."""
    text = _read(file)
    separator = max(";\t,", key=text.partition("\n")[0].count)
    try:
        table = pd.read_csv(StringIO(text), sep=separator, dtype=str)
    except ValueError as error:
        template = "{path} cannot be read: {reason}."
        raise SourceError(template, path=file, reason=str(error).strip()) from error
    if missing := {"block_id", "heat_kwh"} - set(table.columns):
        template = "{path} lacks the columns {missing}."
        hint = "It is a CSV table with block_id and heat_kwh (useful heat a year)."
        raise ModelError(template, hint=hint, path=file, missing=", ".join(sorted(missing)))
    heat = table["heat_kwh"].str.strip().str.replace(",", ".")  # 1234,5 as Germans write it
    return table.assign(heat_kwh=pd.to_numeric(heat, errors="coerce")).set_index("block_id")


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)
