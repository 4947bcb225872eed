"""The file of settings: what it may hold, and how every fault of it is said."""

from __future__ import annotations

import pytest

from dash_app.i18n import translator
from dash_app.settings import Settings, read_settings
from dash_app.settings_file import SettingsError, serving_settings

FULL = """
mode = "shared"
database = "data/projects.sqlite"
address = "https://twin.town.de/"
hosts = ["twin.intern", "10.0.0.5"]
proxies = ["10.0.0.1", "10.1.0.0/16"]

[privacy]
building_level = false
min_addresses = 10

[sessions]
idle_minutes = 30
hours = 8

[oidc]
issuer = "https://login.town.de/realms/town"
client_id = "twin"
client_secret_file = "secret"
name = "Town login"
admins = ["chief@town.de"]
planners = ["*@town.de", "guest@other.de"]
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "twin.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def faults_of(path):
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    return [str(fault) for fault in caught.value.faults], caught.value


def test_everything_is_read_and_files_are_beside_it(written, tmp_path):
    (tmp_path / "secret").write_text("s")
    settings = read_settings(written(FULL))
    assert settings.mode == "shared"
    assert settings.database == str(tmp_path / "data/projects.sqlite")
    assert settings.address == "https://twin.town.de"
    assert settings.privacy.min_addresses == 10
    assert settings.privacy.building_level is False
    assert (settings.sessions.idle_minutes, settings.sessions.hours) == (30, 8)
    assert settings.oidc.client_secret_file == str(tmp_path / "secret")
    assert settings.oidc.planners == ("*@town.de", "guest@other.de")


def test_an_empty_file_is_a_laptop(written):
    assert read_settings(written("\ufeff# nothing\n")) == Settings()


def test_an_address_of_a_server_stays_as_it_is(written):
    settings = read_settings(written('database = "postgresql://twin@db/twin"'))
    assert settings.database == "postgresql://twin@db/twin"


def test_every_fault_is_said_at_once_with_what_is_allowed(written):
    text = """
    mode = "shred"
    https = 5
    privasy = 1
    [privacy]
    min_addresses = 1
    min_adresses = 2
    [oidc]
    issuer = 3
    planners = "x"
    """
    faults, error = faults_of(written(text))
    assert len(faults) == 9
    told = "\n".join(faults)
    for said in (
        "mode is shred; allowed are laptop, shared.",
        "https is 5; it should be true or false.",
        "privasy is no setting; privacy is meant, perhaps.",
        "privacy.min_addresses is 1; allowed is 3 to 100.",
        "privacy.min_adresses is no setting; min_addresses is meant",
        "oidc.issuer is 3; it should be a text in quotation marks.",
        "oidc.client_id is missing.",
        'oidc.planners is x; it should be a list of texts, e.g. ["one", "two"].',
    ):
        assert said in told
    assert "twin.toml" in str(error)
    german = translator("de").error(error)
    for fault in faults:
        assert fault not in german
    assert "erlaubt sind laptop, shared" in german


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('address = "twin.town.de"', "address is twin.town.de"),
        ('address = "https://twin.town.de/path"', "without a path"),
        ('address = "https://a:b@twin.town.de"', "without a path"),
        ('address = "https://twin:99999"', "address is"),
        ('mode = "shared"\naddress = "http://twin.town.de"', "contradicts the setting https"),
        ('hosts = ["a b"]', "hosts: a b is no name"),
        ('hosts = ["https://a.de"]', "hosts: https://a.de is no name"),
        ('proxies = ["proxy.de"]', "proxies: proxy.de is no IP address"),
        ('certificate = "nope.pem"', "there is no file"),
        ('certificate = "twin.toml"', "belong together"),
        ('[sessions]\nhours = 100000', "allowed is 1 to 720"),
        ('[privacy]\nmin_addresses = 4.5', "a whole number"),
        ('privacy = 5', "a section of its own"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(written, text, said):
    faults, _ = faults_of(written(text))
    assert any(said in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"https://login.town.de/realms/town"', '"http://login.town.de"'), "https address"),
        (('address = "https://twin.town.de/"', ""), "oidc needs address"),
        (('mode = "shared"', ""), 'oidc needs mode = "shared"'),
        (('"secret"', '"nope"'), "cannot be read or is empty"),
        (('["chief@town.de"]', '["*@town.de"]'), "oidc.admins: *@town.de is no e-mail address."),
        (('"*@town.de"', '"*"'), "oidc.planners: * is neither"),
        (('"*@town.de"', '"*@*.de"'), "oidc.planners: *@*.de is neither"),
    ],
)
def test_a_sign_in_service_must_be_whole(written, tmp_path, change, said):
    (tmp_path / "secret").write_text("s")
    faults, _ = faults_of(written(FULL.replace(*change)))
    assert any(said in fault for fault in faults), faults


def test_a_secret_is_never_repeated(written, tmp_path):
    (tmp_path / "secret").write_text("the-secret")
    faults, error = faults_of(written(FULL.replace('"*@town.de"', '"*"')))
    assert "the-secret" not in str(error)
    assert faults


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"mode = shared", "no valid TOML"),
        (b"\xff\xfe", "no UTF-8 text"),
        (b"#" * 2_000_000, "too long"),
        (b"a = " + b"[" * 5000, "no valid TOML"),
    ],
)
def test_what_is_no_file_of_settings_is_said(tmp_path, content, said):
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        read_settings(path)


def test_a_missing_file_and_a_folder_are_said(tmp_path):
    for path in (tmp_path / "nope.toml", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            read_settings(path)


@pytest.mark.parametrize(
    ("text", "host", "fine"),
    [
        ("", "0.0.0.0", True), ('mode = "shared"', "127.0.0.1", True),
        ('mode = "shared"', "localhost", True), ('mode = "shared"', "::1", True),
        ('mode = "shared"', "0.0.0.0", False), ('mode = "shared"', "twin.town.de", False),
        ('mode = "shared"\nhttps = false', "0.0.0.0", True),
        ('mode = "shared"\nproxies = ["10.0.0.1"]', "0.0.0.0", True),
    ],
)  # fmt: skip
def test_a_shared_server_without_tls_must_be_wanted(written, text, host, fine):
    path = written(text)
    if fine:
        assert serving_settings(path, host) == read_settings(path)
    else:
        with pytest.raises(SettingsError, match="plain text"):
            serving_settings(path, host)


def test_without_a_file_it_is_a_laptop():
    assert serving_settings(None, "0.0.0.0") == Settings()
