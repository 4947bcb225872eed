"""The pages of signing in: plain HTML from the server, nothing in them needs a script."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from dash_app.i18n import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dash_app.i18n import Translator
    from layers.project_store import Account, LogEntry

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""As strict as that of the map, but its own forms may be sent."""

SHELL = """<!DOCTYPE html>
<html lang="{lang}" class="acc-root">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
<script src="/assets/page_boot.js"></script>
<link rel="stylesheet" href="/assets/tokens.css">
<link rel="stylesheet" href="/assets/work-accounts.css">
</head>
<body class="acc-page">
<header class="acc-bar"><a class="acc-town" href="{home}"><img src="/assets/mark.svg" alt=""
 width="28" height="28"><span>{town}</span></a><nav aria-label="{languages}">{switch}</nav></header>
<main class="acc-main{wide}">
{body}
</main>
</body>
</html>
"""


KEYS = ("account", "scenario")
"""Details of the log that are for programs: ids."""


@dataclass(frozen=True)
class Sheet:
    """What every page needs: its language, the town, where to go on."""

    words: Translator
    town: str
    next: str = "/"


def sign_in_page(
    sheet: Sheet,
    *,
    token: str,
    login: str = "",
    problem: str = "",
    service: str = "",
) -> str:
    """Return the page with the form; `service` is the name of the other sign-in service."""
    say = sheet.words.text
    with_service = (
        f'<a class="acc-button acc-second" href="/login/oidc?{escape(_query(sheet))}">'
        f"{escape(say('Sign in with {name}', name=service))}</a>"
        f'<p class="acc-or"><span>{escape(say("or with an account of this server"))}</span></p>'
        if service
        else ""
    )
    note = say(
        "Without signing in you see what is public: results by Baublock and published scenarios."
    )
    on_without = say("Go on without signing in")
    body = f"""<div class="acc-card">
<h1>{escape(say("Sign in"))}</h1>
{_alert([problem] if problem else [])}{with_service}
<form method="post" action="/login?{escape(_query(sheet))}">
<input type="hidden" name="form" value="{escape(token)}">
{_field(say("Login"), "login", auto="username", value=login, focus=not login)}
{_field(say("Password"), "password", auto="current-password", focus=bool(login))}
<button class="acc-button" type="submit">{escape(say("Sign in"))}</button>
</form>
<p class="acc-quiet">{escape(note)}</p>
<p><a href="{escape(sheet.next)}">{escape(on_without)}</a></p>
</div>"""
    return _page(sheet, say("Sign in"), body, path="/login")


def account_page(
    sheet: Sheet, account: Account, *, token: str, problems: Sequence[str] = (), least: int
) -> str:
    """Return the page of somebody who is signed in: sign out, change the password."""
    words = sheet.words
    say = words.text
    hidden = f'<input type="hidden" name="form" value="{escape(token)}">'
    log = (
        f'<p><a href="/admin?{escape(_query(sheet))}">{escape(say("Accounts and log"))}</a></p>'
        if account.role == "admin"
        else ""
    )
    body = f"""<div class="acc-card">
<h1>{escape(say("Your account"))}</h1>
{_alert(problems)}<dl class="acc-facts">
<dt>{escape(say("Name"))}</dt><dd>{escape(account.name)}</dd>
<dt>{escape(say("Login"))}</dt><dd>{escape(account.login)}</dd>
<dt>{escape(say("Role"))}</dt><dd>{escape(words.word(account.role, "role"))}</dd>
</dl>
<form method="post" action="/logout?{escape(_query(sheet))}">{hidden}
<button class="acc-button" type="submit">{escape(say("Sign out"))}</button>
<button class="acc-button acc-second" type="submit" name="everywhere" value="1">{
        escape(say("Sign out on all devices"))
    }</button>
</form>
{_password_form(sheet, hidden + _known_login(account), least) if account.password_hash else ""}
{log}
<p><a href="{escape(sheet.next)}">{escape(say("Back to the map"))}</a></p>
</div>"""
    return _page(sheet, say("Your account"), body, path="/account")


def _known_login(account: Account) -> str:
    """Return what tells a password manager whose password is changed."""
    value = escape(account.login)
    return f'<input type="text" name="login" autocomplete="username" value="{value}" hidden>'


def _password_form(sheet: Sheet, hidden: str, least: int) -> str:
    say = sheet.words.text
    rule = say(
        "At least {least} characters. Several words that only you put together are easy to "
        "remember and hard to guess.",
        least=least,
    )
    return f"""<section aria-labelledby="acc-change"><h2 id="acc-change">{
        escape(say("Change the password"))
    }</h2>
<form method="post" action="/account/password?{escape(_query(sheet))}">{hidden}
{_field(say("Password until now"), "old", auto="current-password")}
{_field(say("New password"), "new", auto="new-password", help_text=rule)}
{_field(say("New password, once more"), "again", auto="new-password")}
<button class="acc-button acc-second" type="submit">{escape(say("Change the password"))}</button>
</form></section>"""


def message_page(sheet: Sheet, heading: str, text: str) -> str:
    """Return a page that says one thing."""
    say = sheet.words.text
    body = f"""<div class="acc-card"><h1>{escape(heading)}</h1>
{_alert([text])}<p><a href="/login?{escape(_query(sheet))}">{escape(say("Sign in"))}</a></p>
<p><a href="/">{escape(say("Back to the map"))}</a></p></div>"""
    return _page(sheet, heading, body, path="/login")


def admin_page(
    sheet: Sheet, accounts: Sequence[Account], entries: Sequence[LogEntry], *, most: int
) -> str:
    """Return the accounts and one page of the log, the newest line first."""
    say = sheet.words.text
    hint = say("Accounts are added and changed with the command `twin accounts`.")
    older = ""
    if len(entries) == most:
        query = urlencode({"lang": sheet.words.lang, "before": entries[-1].id})
        older = f'<p><a href="/admin?{escape(query)}">{escape(say("Older entries"))}</a></p>'
    body = f"""<h1>{escape(say("Accounts and log"))}</h1>
<section class="acc-card" aria-labelledby="acc-accounts"><h2 id="acc-accounts">{
        escape(say("Accounts"))
    }</h2>
{account_table(sheet.words, accounts)}<p class="acc-quiet">{escape(hint)}</p></section>
<section class="acc-card" aria-labelledby="acc-log"><h2 id="acc-log">{escape(say("Log"))}</h2>
{log_table(sheet.words, entries)}{older}</section>
<p><a href="/">{escape(say("Back to the map"))}</a></p>"""
    return _page(sheet, say("Accounts and log"), body, path="/admin", wide=True)


def account_table(words: Translator, accounts: Sequence[Account]) -> str:
    """Return the accounts as a table."""
    say = words.text
    heads = [say("Login"), say("Name"), say("Role"), say("Signs in with"), say("State")]
    rows = [
        [
            account.login,
            account.name,
            words.word(account.role, "role"),
            how_of(words, account),
            state_of(words, account),
        ]
        for account in accounts
    ]
    return _table(say("Accounts"), heads, rows)


def log_table(words: Translator, entries: Sequence[LogEntry]) -> str:
    """Return lines of the log as a table."""
    say = words.text
    heads = [say("Time"), say("Who"), say("What happened"), say("Concerns"), say("Details")]
    rows = [list(line_of(words, entry)) for entry in entries]
    return _table(say("Log"), heads, rows)


def line_of(words: Translator, entry: LogEntry) -> tuple[str, str, str, str, str]:
    """Return one line of the log in words: time, who, action, what, details."""
    local = entry.at.astimezone()
    shown = {k: v for k, v in (entry.detail or {}).items() if k not in KEYS}
    return (
        f"{words.date(local.date())} {local:%H:%M:%S}",
        entry.account or "–",
        words.word(entry.action, "log"),
        entry.what or "–",
        ", ".join(_detail(words, key, value) for key, value in shown.items()) or "–",
    )


def _detail(words: Translator, key: str, value: object) -> str:
    """Return one detail of a line; words of programs as people read them."""
    if isinstance(value, bool | None):
        said = words.text("yes") if value else words.text("no") if value is False else "–"
    elif isinstance(value, int | float):
        said = str(value) if key in {"year", "version"} else words.number(value)
    else:
        said = words.word(str(value), "log")
    return f"{words.word(key, 'log')}: {said}"


def how_of(words: Translator, account: Account) -> str:
    """Return with what an account signs in."""
    say = words.text
    ways = [say("Password")] if account.password_hash else []
    ways += [say("sign-in service")] if account.subject else []
    return ", ".join(ways) or "–"


def state_of(words: Translator, account: Account) -> str:
    """Return whether an account may sign in."""
    if account.disabled is None:
        return words.text("active")
    return words.text("disabled since {date}", date=words.date(account.disabled.date()))


def _page(sheet: Sheet, heading: str, body: str, *, path: str, wide: bool = False) -> str:
    words = sheet.words
    switch = " · ".join(
        f'<a href="{path}?{escape(_query(sheet, code))}" lang="{code}" '
        f'hreflang="{code}"{_current(code == words.lang)}>{code.upper()}</a>'
        for code in LANGUAGES
    )
    return SHELL.format(
        lang=words.lang,
        title=escape(f"{heading} · {sheet.town}"),
        town=escape(sheet.town),
        home=escape(sheet.next),
        languages=escape(words.text("Language")),
        switch=switch,
        wide=" acc-wide" if wide else "",
        body=body,
    )


def _current(is_so: bool) -> str:
    return ' aria-current="true"' if is_so else ""


def _query(sheet: Sheet, lang: str | None = None) -> str:
    return urlencode({"lang": lang or sheet.words.lang, "next": sheet.next})


def _alert(problems: Sequence[str]) -> str:
    if not problems:
        return ""
    lines = "".join(f"<p>{escape(text)}</p>" for text in problems)
    return f'<div class="acc-alert" role="alert">{lines}</div>\n'


def _field(
    label: str, name: str, *, auto: str, value: str = "", focus: bool = False, help_text: str = ""
) -> str:
    """Return a labelled field; browsers and password managers know by `auto` what it is."""
    told = f' aria-describedby="acc-{name}-help"' if help_text else ""
    helping = (
        f'<p class="acc-quiet" id="acc-{name}-help">{escape(help_text)}</p>' if help_text else ""
    )
    kind = "text" if auto == "username" else "password"
    plain = ' autocapitalize="none" spellcheck="false"' if kind == "text" else ""
    return (
        f'<div class="acc-field"><label for="acc-{name}">{escape(label)}</label>'
        f'<input id="acc-{name}" name="{name}" type="{kind}" autocomplete="{auto}" '
        f'value="{escape(value)}" required{" autofocus" if focus else ""}{plain}{told}>'
        f"{helping}</div>"
    )


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    lines = "\n".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="acc-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )
