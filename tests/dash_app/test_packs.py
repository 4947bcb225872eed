import gzip
import re

import pytest
from fastapi.testclient import TestClient

from dash_app.app import create_app
from dash_app.packs import ASSETS, IN_HEAD, packs
from tests.conftest import make_toy_city


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(make_toy_city()), base_url="http://localhost") as found:
        yield found


def test_every_script_and_style_is_in_exactly_one_pack():
    everything = [gzip.decompress(part.body) for part in packs().values()]
    files = [p for p in ASSETS.iterdir() if p.suffix in {".js", ".css"} and p.name != IN_HEAD]
    assert len(files) > 20
    for path in files:
        assert sum(path.read_bytes() in content for content in everything) == 1, path.name


def test_the_page_names_packs_and_no_single_file(client):
    page = client.get("/").text
    named = set(re.findall(r'(?:src|href)="(/assets/[^"]+\.(?:js|css))"', page))
    assert named == set(packs()) | {f"/assets/{IN_HEAD}"}


def test_packs_never_change_under_their_address(client):
    for url in packs():
        answer = client.get(url)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert len(answer.content) > 1000
        again = client.get(url, headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304
