"""The cache and its downloads against a server that misbehaves."""

import errno
import hashlib
import json
import os
import random
import ssl
import stat
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from layers.source import (
    CATALOGUE,
    CHUNK,
    addresses,
    cache_folder,
    cache_name,
    download,
    find_entry,
    known_sources,
    source_record,
)
from layers.web import Manners, TryAgainError, disk_errors, patiently, user_agent
from tests.osm_server import serve
from twin.errors import SourceError

BODY = random.Random(1).randbytes(3_000_000)
SHA256 = hashlib.sha256(BODY).hexdigest()
ETAG = {"ETag": '"v1"', "Accept-Ranges": "bytes"}


@pytest.fixture
def server():
    with serve() as running:
        running.files["town.osm.pbf"] = (BODY, dict(ETAG))
        yield running


class Patience(list):
    """Manners whose pauses are noted instead of slept."""

    @property
    def manners(self):
        return Manners(attempts=4, connect_timeout_s=5, read_timeout_s=5, sleep=self.append)


@pytest.fixture
def pauses():
    return Patience()


@pytest.fixture
def get(server, pauses, tmp_path):
    def get(name="town.osm.pbf", **how):
        url = f"{server.url}/{name}"
        return download(url, cache_dir=tmp_path, manners=pauses.manners, **how)

    return get


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir() if ".part" in path.name)


def test_a_file_arrives_whole_and_knows_where_it_comes_from(get, server, tmp_path):
    steps = []
    entry = get(source="osm", sha256=SHA256, progress=lambda *step: steps.append(step))
    assert entry.path.read_bytes() == BODY
    assert entry.path.name.endswith("-town.osm.pbf")  # readers know the kind by the ending
    assert (entry.url, entry.licence) == (f"{server.url}/town.osm.pbf", "ODbL-1.0")
    assert entry.sha256 == SHA256
    assert find_entry(entry.path) == entry
    assert steps[-1] == ("Downloading", 1.0)
    assert steps == sorted(steps)
    assert leftovers(tmp_path) == []


def test_the_second_time_nobody_is_asked(get, server):
    first = get()
    assert get() == first
    assert len(server.seen) == 1


def test_the_server_is_told_the_program_and_nothing_else(get, server):
    get()
    sent = server.seen[0].headers
    assert sent.pop("User-Agent") == user_agent()
    assert "troisdorf-twin" in user_agent()
    assert set(sent) == {"Host", "Accept", "Accept-Encoding", "Connection"}


def test_a_broken_download_is_continued_not_repeated(get, server):
    server.misbehave("town.osm.pbf", "half")
    entry = get()
    assert entry.path.read_bytes() == BODY
    again = server.seen[1].headers
    start = int(again["Range"].removeprefix("bytes=").removesuffix("-"))
    assert len(BODY) // 2 - CHUNK < start <= len(BODY) // 2
    assert again["If-Range"] == '"v1"'


def test_a_cancelled_download_is_continued_by_the_next_call(get, server, tmp_path):
    def cancel(_step, share):
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(progress=cancel)
    arrived = (tmp_path / leftovers(tmp_path)[0]).stat().st_size
    assert 0 < arrived < len(BODY)
    assert find_entry(tmp_path / cache_name(server.seen[0].path)) is None
    assert get(sha256=SHA256).path.read_bytes() == BODY
    assert server.seen[1].headers["Range"] == f"bytes={arrived}-"
    assert leftovers(tmp_path) == []


def test_a_file_that_changed_in_between_is_started_anew(get, server):
    server.misbehave("town.osm.pbf", "half")
    new = bytes(reversed(BODY))

    def change(_step, share):
        if share > 0.4:
            server.files["town.osm.pbf"] = (new, {"ETag": '"v2"'})

    assert get(progress=change).path.read_bytes() == new


@pytest.mark.parametrize(
    "headers",
    [
        {},  # nothing to tell versions apart by
        {"ETag": 'W/"v1"'},  # weak: equal in meaning, not in bytes
        {"ETag": '"v1"', "Accept-Ranges": "none"},
    ],
)
def test_what_cannot_be_continued_is_started_anew(get, server, headers):
    server.files["town.osm.pbf"] = (BODY, headers)
    server.misbehave("town.osm.pbf", "half")
    assert get().path.read_bytes() == BODY


def test_last_modified_serves_where_there_is_no_etag(get, server):
    modified = "Fri, 20 Nov 2026 06:00:00 GMT"
    server.files["town.osm.pbf"] = (BODY, {"Last-Modified": modified})
    server.misbehave("town.osm.pbf", "half")
    assert get().path.read_bytes() == BODY
    assert server.seen[1].headers["If-Range"] == modified


def test_a_rest_longer_than_the_file_is_forgotten(get, server, tmp_path):
    url = f"{server.url}/town.osm.pbf"
    part = tmp_path / f"{cache_name(url)}.part"
    part.write_bytes(BODY + b"x")
    state = {"url": url, "etag": '"v1"', "last_modified": ""}
    part.with_name(f"{part.name}.json").write_text(json.dumps(state))
    assert get().path.read_bytes() == BODY


def test_a_damaged_file_in_the_cache_is_fetched_again(get, server):
    path = get().path
    path.write_bytes(BODY[:-1])
    assert find_entry(path) is None
    assert get().path.read_bytes() == BODY
    path.write_bytes(BODY[:-1] + bytes([BODY[-1] ^ 1]))  # same length
    assert get(sha256=SHA256).path.read_bytes() == BODY
    assert len(server.seen) == 3


def test_a_record_that_is_no_json_counts_as_absent(get):
    path = get().path
    path.with_name(f"{path.name}.json").write_text("{")
    assert find_entry(path) is None
    assert get().path == path


def test_a_wrong_checksum_leaves_nothing(get, tmp_path):
    with pytest.raises(SourceError, match="differs from the one expected") as caught:
        get(sha256="0" * 64)
    assert "Try again" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------- renewal


def age(entry, days):
    record = entry.path.with_name(f"{entry.path.name}.json")
    facts = json.loads(record.read_text())
    facts["checked"] = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    record.write_text(json.dumps(facts))


def test_an_old_file_is_kept_if_the_server_says_it_is_the_newest(get, server):
    age(get(), days=3)
    fresh = get(max_age_days=1)
    assert server.seen[1].headers["If-None-Match"] == '"v1"'
    assert datetime.now(UTC) - datetime.fromisoformat(fresh.checked) < timedelta(hours=1)
    get(max_age_days=1)
    assert len(server.seen) == 2


def test_an_old_file_is_replaced_by_a_newer_one(get, server):
    age(get(), days=3)
    server.files["town.osm.pbf"] = (b"newer", {"ETag": '"v2"'})
    assert get(max_age_days=5).path.read_bytes() == BODY
    assert get(max_age_days=1).path.read_bytes() == b"newer"


def test_an_old_file_serves_when_the_server_is_away(get, server):
    age(get(), days=3)
    server.misbehave("town.osm.pbf", *[503] * 4)
    entry = get(max_age_days=1)
    assert entry.path.read_bytes() == BODY
    assert datetime.now(UTC) - datetime.fromisoformat(entry.checked) > timedelta(days=2)


# ------------------------------------------------------------------------------ patience


def test_a_busy_server_is_asked_again_with_growing_pauses(get, server, pauses):
    server.misbehave("town.osm.pbf", 503, 504, 429)
    assert get().path.read_bytes() == BODY
    assert len(pauses) == 3
    for pause, longest in zip(pauses, (2, 4, 8), strict=True):
        assert longest / 2 <= pause <= longest


def test_the_pause_the_server_asks_for_is_kept(get, server, pauses):
    server.misbehave("town.osm.pbf", (429, {"Retry-After": "17"}))
    get()
    assert pauses == [17]


def test_the_pause_may_be_given_as_a_date(get, server, pauses):
    soon = (datetime.now(UTC) + timedelta(seconds=60)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    server.misbehave("town.osm.pbf", (503, {"Retry-After": soon}))
    get()
    assert 30 < pauses[0] <= 60


def test_a_pause_nobody_waits_for_ends_it(get, server, pauses):
    server.misbehave("town.osm.pbf", (429, {"Retry-After": "3600"}))
    with pytest.raises(SourceError, match=r"busy or out of order .HTTP 429"):
        get()
    assert pauses == []


def test_nonsense_for_a_pause_is_passed_over(get, server, pauses):
    server.misbehave("town.osm.pbf", (503, {"Retry-After": "soon"}))
    get()
    assert 1 <= pauses[0] <= 2


def test_patience_ends(get, server, pauses, tmp_path):
    server.misbehave("town.osm.pbf", *[504] * 9)
    with pytest.raises(SourceError, match=r"busy or out of order .HTTP 504.*Try again later"):
        get()
    assert len(server.seen) == 4
    assert len(pauses) == 3
    assert leftovers(tmp_path) == []


def test_a_connection_that_breaks_is_tried_again(get, server):
    server.misbehave("town.osm.pbf", "reset")
    assert get().path.read_bytes() == BODY


def test_other_errors_are_not_asked_again(pauses):
    asked = []

    def ask():
        asked.append(1)
        raise SourceError("no")

    with pytest.raises(SourceError):
        patiently(ask, manners=pauses.manners)
    assert len(asked) == 1


# -------------------------------------------------------------------------- clear errors


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "refuses to give .*login"),
        (403, "refuses to give .*login"),
        (404, "does not know .*may have moved"),
        (410, "does not know"),
        (418, "with HTTP 418"),
    ],
)
def test_every_status_says_what_to_do(get, server, status, words, tmp_path):
    server.misbehave("town.osm.pbf", status)
    with pytest.raises(SourceError, match=words):
        get()
    assert len(server.seen) == 1
    assert list(tmp_path.iterdir()) == []


def test_half_an_answer_again_and_again_is_said_and_kept(get, server, tmp_path):
    server.files["town.osm.pbf"] = (BODY, {})
    server.misbehave("town.osm.pbf", *["half"] * 4)
    with pytest.raises(SourceError, match="broke off in the middle"):
        get()
    assert not any(path.name.endswith("town.osm.pbf") for path in tmp_path.iterdir())


def test_a_login_page_is_not_taken_for_the_file(get, server, tmp_path):
    server.misbehave("town.osm.pbf", "page")
    with pytest.raises(SourceError, match=r"web page instead of a file.*login"):
        get()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://nowhere.invalid/x.pbf", "server nowhere.invalid was not found"),
        ("http://127.0.0.1:1/x.pbf", r"No connection to 127.0.0.1:1 \(Connection refused\)"),
        ("x.pbf", "x.pbf is not a web address"),
        ("file:///etc/passwd", "not a web address"),
        ("http://", "not a web address"),
    ],
)
def test_unreachable(url, words, tmp_path, pauses):
    with pytest.raises(SourceError, match=words):
        download(url, cache_dir=tmp_path, manners=pauses.manners)
    assert pauses == []
    assert list(tmp_path.iterdir()) == []


class Silent(BaseHTTPRequestHandler):
    """Accepts and says nothing until the test is over."""

    over: threading.Event

    def do_GET(self):
        self.over.wait(10)

    def log_message(self, *_):
        """Stay quiet."""


def test_a_silent_server_is_not_waited_for_for_ever(tmp_path, pauses):
    over = threading.Event()
    handler = type("Handler", (Silent,), {"over": over})
    manners = Manners(attempts=2, read_timeout_s=0.1, sleep=pauses.append)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{http.server_address[1]}/x"
        with pytest.raises(SourceError, match="did not answer in time"):
            download(url, cache_dir=tmp_path, manners=manners)
        over.set()
        http.shutdown()
    assert len(pauses) == 1


def test_a_certificate_nobody_vouches_for(tmp_path, pauses):
    pem = tmp_path / "self.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    name = ["-subj", "/CN=127.0.0.1", "-keyout", str(pem), "-out", str(pem) + ".crt"]
    subprocess.run([*make, *name], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(pem) + ".crt", str(pem))

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_):
            """Hold back the trace of the handshake that the client ends."""

    with Quiet(("127.0.0.1", 0), BaseHTTPRequestHandler) as http:
        http.socket = context.wrap_socket(http.socket, server_side=True)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{http.server_address[1]}/x"
        with pytest.raises(SourceError, match=r"cannot be trusted.*certificate.*clock"):
            download(url, cache_dir=tmp_path / "cache", manners=pauses.manners)
        http.shutdown()
    assert pauses == []


def test_a_full_disk_is_said_and_what_fitted_is_kept(get, server, tmp_path, monkeypatch):
    real = os.fsync

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SourceError, match=r"disk is full.*Free some space"):
        get()
    assert find_entry(tmp_path / cache_name(f"{server.url}/town.osm.pbf")) is None
    monkeypatch.setattr(os, "fsync", real)
    assert get(sha256=SHA256).path.read_bytes() == BODY


def test_a_disk_that_is_really_full(server, pauses):
    small = Path("/dev/full")
    if not small.exists():
        pytest.skip("this system has no /dev/full")
    with (
        pytest.raises(SourceError, match="disk is full"),
        disk_errors(small),
        small.open("wb", buffering=0) as handle,
    ):
        handle.write(b"x")


def test_a_cache_that_may_not_be_written(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)  # root may write anywhere, so mode bits do not do
    with pytest.raises(SourceError, match=r"may not be written.*Choose another cache folder"):
        cache_folder(tmp_path / "new")


def test_a_cache_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="may not be written"):
        cache_folder(tmp_path / "file" / "cache")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_mode_bits(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(SourceError, match="may not be written"):
        cache_folder(tmp_path / "cache")


# ------------------------------------------------------------------- folder and catalogue


def test_the_cache_lies_where_the_platform_wants_it(tmp_path, monkeypatch):
    monkeypatch.delenv("TWIN_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    if os.name == "posix" and os.uname().sysname == "Linux":
        assert cache_folder() == tmp_path / "xdg" / "troisdorf-twin"
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    assert cache_folder(tmp_path / "said") == tmp_path / "said"
    assert (tmp_path / "said").is_dir()


def test_names_in_the_cache_are_unique_and_harmless():
    urls = ["http://a/x.pbf", "http://b/x.pbf", "http://a/x.pbf?v=2", "http://a/../../etc/x y"]
    names = [cache_name(url) for url in urls]
    assert len(set(names)) == 4
    assert all(Path(name).name == name and " " not in name for name in names)


def test_every_source_names_licence_and_attribution():
    assert known_sources()
    for source in known_sources().values():
        assert source.title
        assert source.licence
        assert source.attribution
        if source.licence == "not stated":  # a file of whoever gave it: the note says what to do
            assert source.note
            continue
        assert source.licence_url.startswith("https://")
        assert source.url.startswith("https://")
    for server in (*addresses("osm", "nominatim"), *addresses("osm", "overpass")):
        assert server.startswith("https://")
    assert source_record("osm", date="2026-01-01").date == "2026-01-01"
    in_the_open = Path(__file__).parents[2] / "data" / "sources.toml"
    assert in_the_open.read_bytes() == CATALOGUE.read_bytes(), "copy layers/sources.toml there"


def test_a_refusal_carries_what_people_are_told():
    error = SourceError("{host} is away.", host="x")
    assert str(TryAgainError(error)) == "x is away."
