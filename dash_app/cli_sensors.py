"""The command `twin sensors`: try feeds out, run them, see how they are."""

# typer reads the annotations when the program runs, so they are no texts here

from pathlib import Path
from typing import Annotated

import typer

from dash_app.i18n import Translator

# The commands import what they need when they run: `twin --help` answers at once.
# ruff: noqa: PLC0415


def add_sensors(app: typer.Typer, words: Translator) -> None:
    """Add `sensors check`, `sensors run` and `sensors status`."""
    text = words.text("Try sensor feeds out, run them, see how they are.")
    group = typer.Typer(name="sensors", no_args_is_help=True, help=text)
    _add_check(group, words)
    _add_run(group, words)
    _add_status(group, words)
    app.add_typer(group)


def _config(words: Translator) -> typer.models.ArgumentInfo:
    text = words.text("File that describes the sources (sensors.toml)")
    found: typer.models.ArgumentInfo = typer.Argument(
        metavar=words.text("FILE"), help=text, show_default=False
    )
    return found


def _add_check(group: typer.Typer, words: Translator) -> None:
    say = words.text
    file = _config(words)
    time = typer.Option(min=0.1, max=3600, help=say("So long messages are waited for"))
    some = typer.Option("--source", help=say("Only this source"))
    machine = typer.Option("--json", help=say("For machines"))
    text = say("Read all sources for a moment, show what they bring, and keep nothing.")

    @group.command("check", help=text)
    def _check(
        config: Annotated[Path, file],
        seconds: Annotated[float, time] = 10.0,
        source: Annotated[str, some] = "",
        as_json: Annotated[bool, machine] = False,
    ) -> None:
        from dash_app.sensor_check import check_command

        check_command(words, config, seconds=seconds, only=source, as_json=as_json)


def _add_run(group: typer.Typer, words: Translator) -> None:
    say = words.text
    file = _config(words)
    text = say("Read all sources for good and keep what they bring; Ctrl+C ends it.")

    @group.command("run", help=text)
    def _run(config: Annotated[Path, file]) -> None:
        from dash_app.sensor_commands import run_command

        run_command(words, config)


def _add_status(group: typer.Typer, words: Translator) -> None:
    say = words.text
    text = say("File that describes the sources; without it the usual store is looked at")
    file = typer.Argument(metavar=say("FILE"), help=text, show_default=False)
    machine = typer.Option("--json", help=say("For machines"))

    @group.command("status", help=say("Show how the sources are, their last values, refusals."))
    def _status(
        config: Annotated[Path | None, file] = None,
        as_json: Annotated[bool, machine] = False,
    ) -> None:
        from dash_app.sensor_commands import status_command

        status_command(words, config, as_json=as_json)
