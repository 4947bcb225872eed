"""The web application: headers, start page, health, real 404s, callbacks over HTTP."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from fastapi.testclient import TestClient

from dash_app.app import create_app
from dash_app.security import renderer_style_hashes
from tests.conftest import make_toy_city


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(make_toy_city()), base_url="http://localhost")


@pytest.mark.parametrize("path", ["/", "/nope", "/_dash-layout", "/assets/page.css", "/health"])
def test_every_answer_carries_the_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == policy["font-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not re.search(r"unsafe|https?:|\*", headers["content-security-policy"])


def test_inline_scripts_of_the_page_are_exactly_those_allowed(client: TestClient) -> None:
    answer = client.get("/")
    inline = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>(.*?)</script>",
                        answer.text, re.DOTALL)  # fmt: skip
    assert inline
    for script in inline:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]


def test_the_style_that_the_renderer_brings_is_found() -> None:
    assert len(renderer_style_hashes()) == 2


def test_the_page_names_no_other_host(client: TestClient) -> None:
    html = client.get("/").text
    assert re.findall(r"https?:|//cdn|plot\.ly", html.replace("http://www.w3.org", "")) == []
    assert "python_version" not in html


@pytest.mark.parametrize(
    ("query", "lang"),
    [("", "de"), ("?lang=en", "en"), ("?lang=%22%3E%3Cscript%3E", "de"), ("?theme=%22x", "de")],
)
def test_the_language_stands_in_the_page(client: TestClient, query: str, lang: str) -> None:
    html = client.get("/" + query).text
    assert f'<html lang="{lang}">' in html
    assert "<script>" not in html


@pytest.mark.parametrize(
    "path", ["/nope", "/index.php", "/assets/nope.js", "/map/nope", "/_dash-x"]
)
def test_unknown_paths_are_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_health(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok", "city": make_toy_city().hash}


def test_beside_plain_data_browsers_find_the_sign(client: TestClient) -> None:
    """Else every tab on data has an error on its console."""
    answer = client.get("/favicon.ico")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.content == client.get("/assets/mark.svg").content


def test_text_is_compressed(client: TestClient) -> None:
    answer = client.get("/assets/page.css", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"


def test_every_script_and_style_of_the_page_is_there(client: TestClient) -> None:
    html = client.get("/").text
    files = re.findall(r'(?:src|href)="(/[^"]+)"', html)
    assert len(files) > 10
    assert {path: client.get(path).status_code for path in files} == dict.fromkeys(files, 200)


def test_a_callback_answers_over_http(client: TestClient) -> None:
    output = "..found.children...found-status.children.."
    body = {
        "output": output,
        "outputs": [
            {"id": "found", "property": "children"},
            {"id": "found-status", "property": "children"},
        ],
        "inputs": [
            {"id": "query", "property": "data", "value": {"text": "grundschule", "lang": "de"}}
        ],
        "changedPropIds": ["query.data"],
        "state": [],
    }
    answer = client.post("/_dash-update-component", json=body).json()["response"]
    assert len(answer["found"]["children"]) == 2
    assert answer["found-status"]["children"] == "2 Treffer"


def test_a_city_name_cannot_break_out_of_the_title() -> None:
    city = make_toy_city()
    object.__setattr__(city, "name", "</title><script>x</script>")
    html = TestClient(create_app(city), base_url="http://localhost").get("/").text
    assert "<script>x" not in html


def test_a_body_without_end_is_refused(client: TestClient) -> None:
    long = client.post("/_dash-update-component", content=b"x" * 1_000_001)
    assert long.status_code == 413
    endless = client.post("/_dash-update-component", content=iter([b"x"]))
    assert endless.status_code == 411
    told = client.post("/api/runs", content=b"x" * 1_000_001)
    assert (told.status_code, told.json()["status"]) == (413, 413)
    assert told.headers["content-type"] == "application/problem+json"
    assert client.delete("/api/scenarios/none").status_code == 404  # no body at all
