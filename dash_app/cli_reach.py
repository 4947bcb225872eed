"""The commands `twin reach`, `twin trip` and `twin access`: what is near and how one gets there."""

# typer reads the annotations when the program runs, so they are no texts here

from pathlib import Path
from typing import Annotated

import typer

from dash_app.i18n import Translator

# The commands import what they need when they run: `twin --help` answers at once.
# ruff: noqa: PLC0415


def add_reach(app: typer.Typer, words: Translator) -> None:
    """Add the three commands to the command line."""
    _add_reach(app, words)
    _add_trip(app, words)
    _add_access(app, words)


def _add_reach(app: typer.Typer, words: Translator) -> None:
    say = words.text
    city = typer.Argument(metavar=say("FOLDER"), help=say("Folder of a city"))
    start = typer.Option("--from", metavar="LON,LAT", help=say("Where one starts"))
    by = typer.Option(help=say("How: walk, bike, transit or car"))
    limits = typer.Option(help=say("Minutes, with commas"))
    where = typer.Option("-o", "--out", help=say("File for the areas: .gpkg or .geojson"))

    @app.command(help=say("Show what is reached from a place within some minutes."))
    def reach(
        folder: Annotated[Path, city],
        origin: Annotated[str, start],
        mode: Annotated[str, by] = "walk",
        minutes: Annotated[str, limits] = "5,10,15",
        out: Annotated[Path | None, where] = None,
    ) -> None:
        from dash_app.reach_commands import reach_command

        reach_command(words, folder, origin, mode=mode, minutes=minutes, out=out)


def _add_trip(app: typer.Typer, words: Translator) -> None:
    say = words.text
    city = typer.Argument(metavar=say("FOLDER"), help=say("Folder of a city"))
    start = typer.Option("--from", metavar="LON,LAT", help=say("Where one starts"))
    goal = typer.Option("--to", metavar="LON,LAT", help=say("Where one goes"))
    clock = typer.Option("--at", metavar="HH:MM", help=say("When one sets out"))
    where = typer.Option("-o", "--out", help=say("File for the ways: .gpkg or .geojson"))

    @app.command(help=say("Compare walking, cycling, public transport and driving for one trip."))
    def trip(
        folder: Annotated[Path, city],
        origin: Annotated[str, start],
        destination: Annotated[str, goal],
        at: Annotated[str, clock] = "08:00",
        out: Annotated[Path | None, where] = None,
    ) -> None:
        from dash_app.reach_commands import trip_command

        trip_command(words, folder, (origin, destination), at=at, out=out)


def _add_access(app: typer.Typer, words: Translator) -> None:
    say = words.text
    city = typer.Argument(metavar=say("FOLDER"), help=say("Folder of a city"))
    where = typer.Option("-o", "--out", help=say("File to write: .gpkg or .csv"))

    @app.command(
        help=say("Minutes from every building to schools, shops, doctors, stops and more.")
    )
    def access(folder: Annotated[Path, city], out: Annotated[Path | None, where] = None) -> None:
        from dash_app.reach_commands import access_command

        access_command(words, folder, out)
