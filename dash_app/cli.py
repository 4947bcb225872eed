"""The command `twin`: build a city, look at it, check it, serve it."""

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from dash_app.cli_accounts import add_accounts
from dash_app.cli_assumptions import add_assumptions
from dash_app.cli_reach import add_reach
from dash_app.cli_sensors import add_sensors
from dash_app.i18n import LANGUAGES, Translator, preferred_lang, translator
from twin.errors import TwinError

EXIT_FAULT, EXIT_BROKEN, EXIT_CANCELLED = 1, 70, 130
"""A fault somebody can mend; a fault of the program; Ctrl+C. Wrong usage is 2, as everywhere."""

MODEL_TOWN_FOLDER = Path("cities/model-town")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code; people see one clear line, no traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    words = translator(preferred_lang(_asked_language(given)))
    sys.exit(_run(given, words))


def _run(arguments: list[str], words: Translator) -> int:
    try:
        code = make_app(words)(arguments, prog_name="twin", standalone_mode=True)
    except SystemExit as end:
        if end.code == EXIT_CANCELLED:  # typer makes this of Ctrl+C, without a word
            _complain(words.text("Cancelled"), words.text("Nothing was changed."))
        return end.code if isinstance(end.code, int) else EXIT_FAULT
    except TwinError as error:
        _complain(words.text("Error"), words.error(error))
        return EXIT_FAULT
    except KeyboardInterrupt:
        _complain(words.text("Cancelled"), words.text("Nothing was changed."))
        return EXIT_CANCELLED
    except Exception as error:  # the last line of defence before a traceback
        if os.environ.get("TWIN_DEBUG"):
            traceback.print_exc()
        hint = words.text("Please report this. TWIN_DEBUG=1 shows where it happened.")
        _complain(words.text("Program fault"), f"{type(error).__name__}: {error} {hint}")
        return EXIT_BROKEN
    return int(code or 0)


def make_app(words: Translator) -> typer.Typer:
    """Return the command line with its help in the language of `words`."""
    app = typer.Typer(
        name="twin",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help=words.text("The digital twin of a town: build it, look at it, check it."),
    )
    _add_language(app, words)
    _add_builders(app, words)
    _add_fetch(app, words)
    _add_servers(app, words)
    _add_reports(app, words)
    _add_scenarios(app, words)
    _add_comparisons(app, words)
    add_assumptions(app, words)
    add_reach(app, words)
    add_accounts(app, words)
    add_sensors(app, words)
    return app


# The commands import what they need when they run: `twin --help` answers at once.
# ruff: noqa: PLC0415


def _add_language(app: typer.Typer, words: Translator) -> None:
    asked = typer.Option(help=words.text("Language: de or en"))

    @app.callback()
    def language(lang: Annotated[str, asked] = words.lang) -> None:
        """Check the language; `main` has read it already."""
        if lang not in LANGUAGES:
            raise typer.BadParameter(words.text("Language: de or en"), param_hint="--lang")


def _add_builders(app: typer.Typer, words: Translator) -> None:
    say = words.text
    source_help = say(
        "Files, folders and addresses in any mix (OpenStreetMap, ALKIS, LoD2, terrain, census, "
        "weather, GTFS), or the name of a place; surface=FILE says what a file is"
    )
    what = typer.Argument(metavar=say("SOURCES"), help=source_help)
    where = typer.Option("-o", "--out", help=say("Folder of the city to write"))
    called = typer.Option(help=say("Name of the city"))
    timetable = typer.Option(help=say("Day of the timetable: weekday, saturday, sunday or a date"))
    within = typer.Option(help=say("Read large files and services only inside these polygons"))

    @app.command(help=say("Build one city out of everything that is named."))
    def build(
        sources: Annotated[list[str], what],
        out: Annotated[Path | None, where] = None,
        name: Annotated[str, called] = "",
        day: Annotated[str, timetable] = "weekday",
        area: Annotated[Path | None, within] = None,
    ) -> None:
        from dash_app.commands import Reading, build_command

        build_command(words, sources, out, name=name, options=Reading(day, area))


def _add_fetch(app: typer.Typer, words: Translator) -> None:
    say = words.text
    town = typer.Argument(
        metavar=say("MUNICIPALITY"), help=say("Name or official key of a municipality in NRW")
    )
    where = typer.Option("-o", "--out", help=say("Folder for the files; the cache if left out"))
    some = typer.Option("--only", help=say("Only these products, with commas, e.g. lod2,dgm1"))
    dry = typer.Option("--dry-run", help=say("Only say what would be fetched"))

    @app.command(help=say("Download the official open data of a municipality."))
    def fetch(
        municipality: Annotated[str, town],
        out: Annotated[Path | None, where] = None,
        only: Annotated[str, some] = "",
        dry_run: Annotated[bool, dry] = False,
    ) -> None:
        from dash_app.commands import fetch_command

        products = [word.strip() for word in only.split(",") if word.strip()]
        if not fetch_command(words, municipality, out, only=products, dry_run=dry_run):
            raise typer.Exit(EXIT_FAULT)


def _add_servers(app: typer.Typer, words: Translator) -> None:
    say = words.text
    city = typer.Argument(metavar=say("FOLDER"), help=say("Folder of a city"))
    where = typer.Option("-o", "--out", help=say("Folder of the city to write"))
    address = typer.Option(help=say("Address to listen on"))
    number = typer.Option(min=0, max=65535, help=say("Port; 0 takes any free one"))
    file = typer.Option(help=say("Settings of a server for several people (TOML)"))
    feeds = typer.Option(help=say("Feeds of sensors that are read beside the page (TOML)"))

    @app.command(help=say("Build the model town if it is missing and show it."))
    def demo(
        out: Annotated[Path, where] = MODEL_TOWN_FOLDER,
        host: Annotated[str, address] = "127.0.0.1",
        port: Annotated[int, number] = 8050,
    ) -> None:
        from dash_app.commands import demo_command

        demo_command(words, out, host=host, port=port)

    @app.command(help=say("Show a city in the browser."))
    def serve(
        folder: Annotated[Path, city],
        host: Annotated[str, address] = "127.0.0.1",
        port: Annotated[int, number] = 8050,
        config: Annotated[Path | None, file] = None,
        sensors: Annotated[Path | None, feeds] = None,
    ) -> None:
        from dash_app.commands import Serving, serve_command
        from layers.sensors.config import read_config

        found = read_config(sensors) if sensors else None
        at = Serving(host, port, config)
        serve_command(words, folder, at, feeds=(lambda _: found) if found else None)


def _add_reports(app: typer.Typer, words: Translator) -> None:
    say = words.text
    city = typer.Argument(metavar=say("FOLDER"), help=say("Folder of a city"))
    machine = typer.Option("--json", help=say("For machines"))

    @app.command(help=say("Say what a city holds: counts, hash, sources."))
    def info(folder: Annotated[Path, city], as_json: Annotated[bool, machine] = False) -> None:
        from dash_app.reports import info_command

        info_command(words, folder, as_json=as_json)

    page = typer.Option("--report", help=say("Write the report with plots to this HTML file"))

    @app.command(help=say("Report the quality of a city: gaps, topology, estimates, licences."))
    def check(
        folder: Annotated[Path, city],
        as_json: Annotated[bool, machine] = False,
        report: Annotated[Path | None, page] = None,
    ) -> None:
        from dash_app.reports import check_command

        if not check_command(words, folder, as_json=as_json, html=report):
            raise typer.Exit(EXIT_FAULT)


def _add_scenarios(app: typer.Typer, words: Translator) -> None:
    say = words.text
    city = typer.Argument(metavar=say("FOLDER"), help=say("Folder of a city"))
    what = typer.Argument(metavar=say("SCENARIO"), help=say("Scenario file (JSON)"))
    where = typer.Option("-o", "--out", help=say("Folder to write tables, map, plots and page to"))
    machine = typer.Option("--json", help=say("For machines"))
    own = typer.Option(help=say("File of own assumptions, as `twin assumptions import` writes it"))
    meters = typer.Option(help=say("Measured heat: CSV with block_id and heat_kwh a year"))
    spread = typer.Option(help=say("Work out the range of each indicator"))
    moved = typer.Option("--rebase", help=say("Take a scenario made for another state of the city"))
    between = typer.Option(help=say("Vehicles a weekday between zones: CSV or OMX, car and truck"))
    counted = typer.Option(help=say("Counted vehicles a weekday on streets: CSV"))

    @app.command(help=say("Answer a scenario: demand, energy, greenhouse gas, money, by year."))
    def run(  # noqa: PLR0913, PLR0917 - the options of a command
        folder: Annotated[Path, city],
        scenario: Annotated[Path, what],
        out: Annotated[Path | None, where] = None,
        as_json: Annotated[bool, machine] = False,
        assumptions: Annotated[Path | None, own] = None,
        measured: Annotated[Path | None, meters] = None,
        ranges: Annotated[bool, spread] = True,
        rebase: Annotated[bool, moved] = False,
        matrix: Annotated[Path | None, between] = None,
        counts: Annotated[Path | None, counted] = None,
    ) -> None:
        from dash_app.scenario_commands import Given, run_command

        given = Given(assumptions, measured, ranges, rebase, matrix, counts)
        run_command(words, folder, scenario, out, given=given, as_json=as_json)


def _add_comparisons(app: typer.Typer, words: Translator) -> None:
    say = words.text
    city = typer.Argument(metavar=say("FOLDER"), help=say("Folder of a city"))
    several = typer.Argument(metavar=say("SCENARIOS"), help=say("Scenario files (JSON)"))
    one = typer.Argument(metavar=say("SCENARIO"), help=say("Scenario file (JSON)"))
    machine = typer.Option("--json", help=say("For machines"))
    own = typer.Option(help=say("File of own assumptions, as `twin assumptions import` writes it"))
    spread = typer.Option(help=say("Say whether the ranking survives the ranges"))

    @app.command(help=say("Answer several scenarios and show them side by side."))
    def compare(
        folder: Annotated[Path, city],
        scenarios: Annotated[list[Path], several],
        as_json: Annotated[bool, machine] = False,
        assumptions: Annotated[Path | None, own] = None,
        ranges: Annotated[bool, spread] = True,
    ) -> None:
        from dash_app.scenario_commands import Given, compare_command

        given = Given(assumptions, ranges=ranges)
        compare_command(words, folder, scenarios, given=given, as_json=as_json)

    @app.command(help=say("Say what differs between two scenarios: measures, assumptions."))
    def diff(
        first: Annotated[Path, one],
        second: Annotated[Path, one],
        as_json: Annotated[bool, machine] = False,
    ) -> None:
        from dash_app.scenario_commands import diff_command

        diff_command(words, first, second, as_json=as_json)


def _asked_language(arguments: list[str]) -> str | None:
    """Find `--lang` before the command line is parsed: even its help speaks that language."""
    for place, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
        if argument == "--lang" and place + 1 < len(arguments):
            return arguments[place + 1]
    return os.environ.get("TWIN_LANG")


def _complain(what: str, sentence: str) -> None:
    sys.stderr.write(f"{what}: {sentence}\n")


if __name__ == "__main__":
    main()
