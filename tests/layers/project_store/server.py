"""A PostgreSQL server of our own for the time of the tests: its own folder, a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

PASSWORD = "geh:eim/p@ss %23"
"""With everything that addresses need escaped."""

HOME = Path("/usr/lib/postgresql")


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL of the Debian package, or of the PATH."""
    found = [path.parent for path in HOME.glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: float(path.parent.name))
    there = shutil.which("initdb")
    return Path(there).parent if there else None


def unprivileged() -> dict[str, object]:
    """PostgreSQL refuses to run as root; as root it is started as another user."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@dataclass
class Server:
    """A running server; `crash` kills it as a power cut would, `start` recovers it."""

    bin: Path
    folder: Path
    port: int
    sync: str = "off"  # a killed server loses nothing by that, only a computer without power

    def run(self, program: str, *arguments: str) -> None:
        # its children keep the output open, so it goes to a file and not into a pipe
        with (self.folder / f"{program}.out").open("wb") as out:
            done = subprocess.run(
                [self.bin / program, *arguments], stdout=out, stderr=out, check=False,
                cwd=self.folder, env={"LC_ALL": "C", "PATH": os.environ["PATH"]}, **unprivileged(),
            )  # fmt: skip
        if done.returncode:
            raise RuntimeError((self.folder / f"{program}.out").read_text())

    def make(self) -> None:
        word = self.folder / "word"
        word.write_text(PASSWORD)
        self.run(
            "initdb", "-D", str(self.folder / "data"), "-U", "owner", "--auth=scram-sha-256",
            f"--pwfile={word}", "--encoding=UTF8", "--no-sync",
        )  # fmt: skip

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -h 127.0.0.1 -c fsync={self.sync}"
        self.run(
            "pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-w",
            "-o", options, "start",
        )  # fmt: skip

    def crash(self) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, database: str, *, user: str = "owner", password: str = PASSWORD) -> str:
        login = f"{user}:{quote(password, safe='')}" if password else user
        return f"postgresql://{login}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple]:
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="owner", password=PASSWORD, dbname=database,
            autocommit=True,
        ) as connection:  # fmt: skip
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def new_server(*, durable: bool = False) -> Server:
    folder = Path(tempfile.mkdtemp(prefix="twin-pg-"))
    owner = unprivileged()
    if owner:
        os.chown(folder, owner["user"], owner["group"])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Server(binaries(), folder, port, "on" if durable else "off")
    server.make()
    server.start()
    return server
