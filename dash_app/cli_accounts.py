"""The command `twin accounts`: who may sign in to a shared server, and its log."""

# typer reads the annotations when the program runs, so they are no texts here

from typing import Annotated

import typer

from dash_app.i18n import Translator

# The commands import what they need when they run: `twin --help` answers at once.
# ruff: noqa: PLC0415

EXIT_FAULT = 1


def add_accounts(app: typer.Typer, words: Translator) -> None:
    """Add `accounts add`, `list`, `role`, `password`, `disable`, `enable` and `log`."""
    text = words.text("Say who may sign in to a shared server, and read its log.")
    group = typer.Typer(name="accounts", no_args_is_help=True, help=text)
    _add_add(group, words)
    _add_lists(group, words)
    _add_changes(group, words)
    _add_switches(group, words)
    app.add_typer(group)


def _store(words: Translator) -> typer.models.ArgumentInfo:
    text = words.text("Database of the server: a file, or postgresql://user@server/database")
    found: typer.models.ArgumentInfo = typer.Argument(
        metavar=words.text("DATABASE"), help=text, show_default=False
    )
    return found


def _login(words: Translator) -> typer.models.ArgumentInfo:
    found: typer.models.ArgumentInfo = typer.Argument(
        metavar=words.text("LOGIN"), help=words.text("Login of the account"), show_default=False
    )
    return found


def _add_add(group: typer.Typer, words: Translator) -> None:
    say = words.text
    store, who = _store(words), _login(words)
    role_help = say("planner, or admin, who also reads the log")
    called = typer.Option(help=say("Name that changes are signed with; the login if left out"))
    may = typer.Option(help=role_help)
    text = say("Add an account. The password is asked for, or read from standard input.")

    @group.command("add", help=text)
    def _add(
        database: Annotated[str, store],
        login: Annotated[str, who],
        name: Annotated[str, called] = "",
        role: Annotated[str, may] = "planner",
    ) -> None:
        from dash_app.account_commands import add_command

        add_command(words, database, login, name=name, role=role)


def _add_lists(group: typer.Typer, words: Translator) -> None:
    say = words.text
    store = _store(words)
    machine = typer.Option("--json", help=say("For machines"))
    number = typer.Option(min=1, max=100_000, help=say("So many lines, the newest"))

    @group.command("list", help=say("List all accounts."))
    def _list(database: Annotated[str, store], as_json: Annotated[bool, machine] = False) -> None:
        from dash_app.account_commands import list_command

        list_command(words, database, as_json=as_json)

    @group.command("log", help=say("Show who did what and when."))
    def _log(
        database: Annotated[str, store],
        most: Annotated[int, number] = 50,
        as_json: Annotated[bool, machine] = False,
    ) -> None:
        from dash_app.account_commands import log_command

        log_command(words, database, most=most, as_json=as_json)


def _add_changes(group: typer.Typer, words: Translator) -> None:
    say = words.text
    store, who = _store(words), _login(words)
    may = typer.Argument(metavar=say("ROLE"), help=say("planner or admin"))
    text = say("Give an account a new password; it is asked for, or read from standard input.")

    @group.command("password", help=text)
    def _password(database: Annotated[str, store], login: Annotated[str, who]) -> None:
        from dash_app.account_commands import password_command

        password_command(words, database, login)

    @group.command("role", help=say("Give an account another role."))
    def _role(
        database: Annotated[str, store], login: Annotated[str, who], role: Annotated[str, may]
    ) -> None:
        from dash_app.account_commands import role_command

        role_command(words, database, login, role)


def _add_switches(group: typer.Typer, words: Translator) -> None:
    say = words.text
    store, who = _store(words), _login(words)

    @group.command("disable", help=say("Lock an account and sign it out everywhere."))
    def _disable(database: Annotated[str, store], login: Annotated[str, who]) -> None:
        from dash_app.account_commands import switch_command

        switch_command(words, database, login, disabled=True)

    @group.command("enable", help=say("Open a locked account again."))
    def _enable(database: Annotated[str, store], login: Annotated[str, who]) -> None:
        from dash_app.account_commands import switch_command

        switch_command(words, database, login, disabled=False)
