"""What comes from the forms of the sign-in pages: short, of one kind, never trusted."""

import re
from urllib.parse import parse_qsl

from starlette.requests import Request

from dash_app.accounts.errors import AccessError
from dash_app.i18n import LANGUAGES, Translator, translator

LONGEST, MOST_FIELDS = 20_000, 20
KIND = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> dict[str, str]:
    """
    Return the fields of a form, each once.

    Raises
    ------
    AccessError
        It is no form (415), or far too long (413).
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != KIND:
        raise AccessError("This address takes the form of its page only.", status=415)
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > LONGEST:
            raise AccessError("The form is too long.", status=413)
    try:
        fields = parse_qsl(
            content.decode("ascii"), keep_blank_values=True, errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError as error:
        raise AccessError("The form cannot be read.", status=400) from error
    return dict(fields)


def safe_next(wanted: str | None) -> str:
    """
    Return where to go after signing in: a path of this server, else its start page.

    >>> safe_next("/?a=1&lang=en"), safe_next("//evil.org"), safe_next("https://evil.org")
    ('/?a=1&lang=en', '/', '/')
    """
    path = wanted or ""
    fine = re.fullmatch(r"/(?![/\\])[\x21-\x7e]*", path) and "\\" not in path and len(path) < 4000
    leads_back = path.startswith(("/login", "/logout", "/api/"))
    return path if fine and not leads_back else "/"


def words_of(request: Request, lang: str) -> Translator:
    """Return the translator for a request: of its address, its browser, else of the server."""
    asked = request.query_params.get("lang", "")
    browser = request.headers.get("accept-language", "").split(",")
    codes = (code.strip()[:2].lower() for code in [asked, *browser])
    return translator(next((code for code in codes if code in LANGUAGES), lang))
