"""A real MQTT broker on a free port of this computer, with what a broker of a town may ask for."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "stadt", "geheim"


def program(name: str = "mosquitto") -> str:
    """Give the path of the broker, or skip the test with the reason where it is absent."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
    if found is None:
        pytest.skip(f"needs the MQTT broker {name} (Debian package mosquitto)")
    return found


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


class Broker:
    """One mosquitto; `lines` are lines of its configuration."""

    def __init__(self, folder: Path, *lines: str, port: int = 0) -> None:
        self.port = port or free_port()
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        user = pwd.getpwuid(os.getuid()).pw_name
        config = [
            "per_listener_settings true", f"user {user}", "persistence true",
            f"persistence_location {folder}/", "autosave_interval 1800", "log_type error",
            "max_queued_messages 200000", "set_tcp_nodelay true", f"listener {self.port} 127.0.0.1",
            *(lines or ("allow_anonymous true",)),
        ]  # fmt: skip
        (folder / "mosquitto.conf").write_text("\n".join(config) + "\n", "utf-8")

    def start(self) -> Broker:
        command = [program(), "-c", str(self.folder / "mosquitto.conf")]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda: self._answers() or self._process.poll() is not None, "the broker")
        assert self._process.poll() is None, "mosquitto did not start"
        return self

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it in order: sessions and what waits in them are written."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def publish(self, *messages: tuple[str, Any], qos: int = 1, retain: bool = False) -> None:
        """Send messages and wait until the broker has them."""
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        client.max_inflight_messages_set(1000)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        sent = [client.publish(topic, text, qos=qos, retain=retain) for topic, text in messages]
        for one in sent:
            one.wait_for_publish(10)
        client.disconnect()
        client.loop_stop()


def until(holds: Any, what: str, seconds: float = 15.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def password_file(folder: Path) -> Path:
    path = folder / "passwords"
    command = [program("mosquitto_passwd"), "-c", "-b", str(path), USER, PASSWORD]
    subprocess.run(command, check=True, capture_output=True)
    path.chmod(0o600)
    return path


def certificates(
    folder: Path, host: str = "127.0.0.1", name: str = "town", *, is_old: bool = False
) -> dict[str, str]:
    """Write an authority and a certificate for a host; give the paths `ca`, `cert`, `key`."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority of {name}")])
    root = _certificate(authority, authority, authority_key.public_key(), authority_key, host=None)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    leaf = _certificate(
        subject, authority, key.public_key(), authority_key, host=host, is_old=is_old
    )
    paths = {part: str(folder / f"{name}-{part}.pem") for part in ("ca", "cert", "key")}
    pem = serialization.Encoding.PEM
    Path(paths["ca"]).write_bytes(root.public_bytes(pem))
    Path(paths["cert"]).write_bytes(leaf.public_bytes(pem))
    Path(paths["key"]).write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public: Any,
    signer: Any,
    *,
    host: str | None,
    is_old: bool = False,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC) - dt.timedelta(days=10 if is_old else 0)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
    )
    if host is not None:
        is_address = host.replace(".", "").isdigit()
        named = x509.IPAddress(ipaddress.ip_address(host)) if is_address else x509.DNSName(host)
        made = made.add_extension(x509.SubjectAlternativeName([named]), critical=False)
    return made.sign(signer, hashes.SHA256())


class Kept:
    """A sink that keeps what it is given, as the store does: idempotent, `done` when told to."""

    def __init__(self, *, says_done: bool = True) -> None:
        self.says_done = says_done
        self.values: dict[tuple[str, int], float] = {}
        self.written: list[tuple[str, int]] = []
        self.streams: dict[str, Any] = {}
        self.refused: list[Any] = []
        self.cursors: dict[str, Any] = {}
        self.states: list[tuple[str, str]] = []
        self.open: list[Any] = []
        self.flags: dict[tuple[str, int], int] = {}

    def put(self, delivery: Any) -> None:
        for reading in delivery.readings:
            self.written.append((reading.stream, reading.at))
            self.values[reading.stream, reading.at] = reading.value
            self.flags[reading.stream, reading.at] = reading.flags
        self.streams |= {stream.key: stream for stream in delivery.streams}
        self.refused += delivery.refused
        if delivery.cursor is not None:
            self.cursors[delivery.cursor[0]] = dict(delivery.cursor[1])
        if delivery.done is not None and self.says_done:
            delivery.done()
        elif delivery.done is not None:
            self.open.append(delivery.done)

    def cursor(self, name: str) -> dict[str, Any] | None:
        return self.cursors.get(name)

    def state(self, state: str, why: Any = None) -> None:
        self.states.append((state, "" if why is None else str(why)))

    @property
    def last(self) -> tuple[str, str]:
        return self.states[-1] if self.states else ("", "")

    def reasons(self) -> list[str]:
        return [refusal.reason for refusal in self.refused]


class Running:
    """A source that runs in a thread while the block lasts."""

    def __init__(self, source: Any, sink: Kept, *, waits: bool = True) -> None:
        self.source, self.sink, self.stop = source, sink, threading.Event()
        self._thread = threading.Thread(target=source.run, args=(sink, self.stop), daemon=True)
        self._waits = waits

    def __enter__(self) -> Kept:
        self._thread.start()
        if self._waits:
            until(lambda: self.sink.last[0] == "connected", "a connection")
        return self.sink

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(10)
        assert not self._thread.is_alive(), "the source does not stop"
