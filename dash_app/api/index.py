"""A plain page that lists the addresses of the API, for people; it needs no script."""

from collections.abc import Iterable
from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from dash_app.api.asking import Desk, Words
from dash_app.i18n import Translator
from dash_app.packs import pack_tags

PAGE = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
<script src="/assets/page_boot.js"></script>
{css}
</head>
<body>
<main class="api-page">
<h1>{title}</h1>
<p>{intro}</p>
<p><a href="/openapi.json">{described}</a> · <a href="/">{back}</a>
 · <a href="/api?lang={other}" lang="{other}" hreflang="{other}">{other_name}</a></p>
{parts}
</main>
</body>
</html>"""


def page(request: Request, desk: Desk, t: Words) -> HTMLResponse:
    """Return the list of addresses."""
    styles, _ = pack_tags()
    other = "en" if t.lang == "de" else "de"
    title = t.text("Addresses for programs: {city}", city=desk.city.name)
    parts = _parts(t, request.app.openapi()["paths"])
    text = PAGE.format(
        lang=t.lang,
        title=escape(title),
        css=styles,
        intro=escape(t.text(
            "Other programs can ask for everything here that the page itself shows. Answers are "
            "JSON; the description names every field."
        )),
        described=escape(t.text("Description of all addresses (OpenAPI)")),
        back=escape(t.text("To the map")),
        other=other,
        other_name="English" if other == "en" else "Deutsch",
        parts="\n".join(parts),
    )  # fmt: skip
    return HTMLResponse(text, headers={"Content-Language": t.lang})


def _parts(t: Translator, paths: dict[str, Any]) -> Iterable[str]:
    headings = {
        "city": t.text("City and tables"),
        "catalogue": t.text("Measures, indicators, assumptions"),
        "scenarios": t.text("Scenarios"),
        "runs": t.text("Working scenarios out"),
        "results": t.text("Results"),
        "views": t.text("Maps of results"),
        "drafts": t.text("Drafting measures"),
        "observations": t.text("Observations"),
        "events": t.text("What happens meanwhile"),
        "export": t.text("Export"),
    }
    found: dict[str, list[str]] = {}
    for path, methods in paths.items():
        for method, operation in methods.items():
            tag = next(iter(operation.get("tags", [])), "")
            if path.startswith("/api"):
                found.setdefault(tag, []).append(_line(method, path, operation))
    others = [tag for tag in found if tag not in headings]
    for tag in [*(tag for tag in headings if tag in found), *others]:
        heading = headings.get(tag) or t.text("Further addresses")
        yield f"<h2>{escape(heading)}</h2>\n<dl>\n{''.join(found[tag])}</dl>"


def _line(method: str, path: str, operation: dict[str, Any]) -> str:
    """Return one address; its description is in English, as all of OpenAPI."""
    said = str(operation.get("description", "")).strip().split("\n\n")[0]
    address = escape(path)
    if method == "get" and "{" not in path:
        address = f'<a href="{address}">{address}</a>'
    return f'<dt><code>{method.upper()} {address}</code></dt><dd lang="en">{escape(said)}</dd>\n'
