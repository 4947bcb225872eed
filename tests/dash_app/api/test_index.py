"""The page that lists the addresses: every one of them, in the language of the reader."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


class Balanced(HTMLParser):
    """Fails where a tag is not closed."""

    VOID = ("meta", "link", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(("lang", "word"), [("de", "Ergebnisse"), ("en", "Results")])
def test_it_lists_every_address(client: TestClient, lang: str, word: str) -> None:
    answer = client.get(f"/api?lang={lang}")
    assert answer.headers["content-type"].startswith("text/html")
    html = answer.text
    assert f'<html lang="{lang}">' in html
    assert f"<h2>{word}</h2>" in html
    paths = [p for p in client.get("/openapi.json").json()["paths"] if p.startswith("/api")]
    assert len(paths) > 30
    for path in paths:
        assert path in re.sub(r"<a [^>]*>|</a>", "", html), path
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    assert re.findall(r"<script[^>]*>", html) == ['<script src="/assets/page_boot.js">']
    assert not re.search(r"style=|https?:", html)
