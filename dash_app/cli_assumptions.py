"""The command `twin assumptions`: list and import what the models assume."""

# typer reads the annotations when the program runs, so they are no texts here

from pathlib import Path
from typing import Annotated

import typer

from dash_app.i18n import Translator

# The commands import what they need when they run: `twin --help` answers at once.
# ruff: noqa: PLC0415


def add_assumptions(app: typer.Typer, words: Translator) -> None:
    """Add `assumptions list` and `assumptions import` to the command line."""
    text = words.text("List what the models assume, or import better figures.")
    group = typer.Typer(name="assumptions", no_args_is_help=True, help=text)
    _add_list(group, words)
    _add_import(group, words)
    app.add_typer(group)


def _add_list(group: typer.Typer, words: Translator) -> None:
    say = words.text
    some = typer.Option(help=say("Only of this theme, e.g. supply"))
    machine = typer.Option("--json", help=say("For machines"))
    text = say("List every assumption with value, range, unit, status and source.")

    @group.command("list", help=text)
    def _list(theme: Annotated[str, some] = "", as_json: Annotated[bool, machine] = False) -> None:
        from dash_app.assumption_commands import list_command

        list_command(words, theme, as_json=as_json)


def _add_import(group: typer.Typer, words: Translator) -> None:
    say = words.text
    what = typer.Argument(metavar=say("FILE"), help=say("Catalogue, export or table"))
    where = typer.Option(
        "-o", "--out", help=say("File to write; beside the imported one if left out")
    )
    town = typer.Option("--city", help=say("Folder of the city, for heat by building"))
    machine = typer.Option("--json", help=say("For machines"))
    text = say(
        "Import the KWW-Technikkatalog, an HBEFA export, prices or heat by building, and say what "
        "changes."
    )

    @group.command("import", help=text)
    def _import(
        file: Annotated[Path, what],
        out: Annotated[Path | None, where] = None,
        city: Annotated[Path | None, town] = None,
        as_json: Annotated[bool, machine] = False,
    ) -> None:
        from dash_app.assumption_commands import import_command

        import_command(words, file, out, city=city, as_json=as_json)
