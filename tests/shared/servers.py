"""Real servers on loopback that tests talk to: HTTP that can misbehave, OpenSSH, PostgreSQL, MariaDB.

Tests are no package: this folder stands on their path (`pythonpath` in pyproject.toml), so that the way in and the way out are
tried against the same servers.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pymysql
import pytest

PASSWORD = "reader-s3cret-not-to-be-seen"
PASSPHRASE = "passphrase-not-to-be-seen"


@dataclass
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def parameters(self) -> dict[str, str]:
        if self.headers.get("content-type", "").startswith("application/json"):
            return json.loads(self.body)
        text = self.body.decode() if self.body else self.query
        return dict(parse_qsl(text, keep_blank_values=True))


@dataclass
class Said:
    """One answer; `after` bytes the line goes dead, `drip` seconds pass between two bytes, `endless` headers never end."""

    body: bytes | str | dict[str, Any] | list[Any] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after: int | None = None
    drip: float = 0.0
    endless: bool = False

    @property
    def bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)
        return text.encode("utf-8")


Answers = Callable[[Seen], Said]


class Peer:
    """The server: what each path answers, and what was asked of it."""

    def __init__(self, secure: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answers] = {}
        self.seen: list[Seen] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if secure:
            self._server.socket = secure.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.address = f"{'https' if secure else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def of(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(self.command, parts.path, parts.query, headers, body)
                peer.seen.append(seen)
                said = peer.answers.get(parts.path, lambda _: Said(status=404))(seen)
                try:
                    self._say(said)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST = do_PUT = handle_any

            def _say(self, said: Said) -> None:
                body = said.bytes
                self.send_response(said.status)
                while said.endless:
                    self.wfile.write(b"X-More: x\r\n"[:1])
                    self.flush_headers()
                    time.sleep(0.1)
                for name, value in {"Content-Type": "application/json", **said.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if said.after is not None:
                    self.wfile.write(body[: said.after])
                    self.close_connection = True
                elif said.drip:
                    for at in range(len(body)):
                        self.wfile.write(body[at : at + 1])
                        self.wfile.flush()
                        time.sleep(said.drip)
                else:
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@dataclass
class Database:
    """A running server; `admin` runs statements as its owner, over connections that `connect` makes."""

    scheme: str
    port: int
    admin: Callable[..., None]
    connect: Callable[..., Any]

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/city"

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a query of the city's database."""
        with self.connect("city") as con, con.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def quoted(self, name: str) -> str:
        mark = '"' if self.scheme == "postgresql" else "`"
        return mark + name.replace(mark, mark * 2) + mark


def keep_ledger(running: Database, root: Path, name: str) -> None:
    """Name a new database of this server in `site.toml` as the one that holds the site's ledger; LEDGER_PASSWORD opens it."""
    running.admin(f"create database {name} owner reader", database="postgres")
    with (root / "site.toml").open("a", encoding="utf-8") as toml:
        toml.write(
            f'\n[ledger]\naddress = "postgresql://127.0.0.1:{running.port}/{name}"\nuser = "reader"\n'
            'secret = "env:LEDGER_PASSWORD"\n'
        )


def program(*places: str) -> str:
    """The first of these programs that is there; a test that needs it skips by its name."""
    for place in places:
        found = shutil.which(place) or next(map(str, sorted(Path("/").glob(place.lstrip("/")))), None)
        if found:
            return found
    pytest.skip(f"no {Path(places[0]).name}: install it as .ci/run does")


def own_folder(user: str) -> tuple[Path, dict[str, Any]]:
    """A folder, and how to start a program in it: as this user where we are root, which servers refuse to be."""
    folder = Path(tempfile.mkdtemp(prefix=f"enter-once-{user}-"))
    if os.getuid() != 0:
        return folder, {"cwd": folder}
    shutil.chown(folder, user, user)
    return folder, {"cwd": folder, "user": user, "group": user}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_up(connect: Callable[[], Any], server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the server ended"
        try:
            connect().close()
            return
        except (psycopg.OperationalError, pymysql.err.OperationalError):
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def started(scheme: str) -> Iterator[Database]:
    """A running server of one of the two families."""
    return _postgres() if scheme == "postgresql" else _mariadb()


def _in_silence(command: list[str], how: dict[str, Any]) -> subprocess.Popen[bytes]:
    """A server that runs beside the tests and says nothing."""
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)


def _postgres() -> Iterator[Database]:
    initdb, postgres = (
        program("/usr/lib/postgresql/*/bin/initdb"),
        program("/usr/lib/postgresql/*/bin/postgres"),
    )
    folder, how = own_folder("postgres")
    port, owner = free_port(), "owner-password"
    (folder / "pw").write_text(owner)
    (folder / "pw").chmod(0o644)
    made = f"-D {folder}/data -A scram-sha-256 -U owner --pwfile={folder}/pw -N --no-locale -E UTF8"
    subprocess.run([initdb, *made.split()], check=True, capture_output=True, **how)
    running = (
        f"-D {folder}/data -p {port} -F -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    )
    server = _in_silence([postgres, *running.split(), "-c", "shared_buffers=16MB"], how)

    def connect(database: str = "postgres") -> Any:
        return psycopg.connect(
            host="127.0.0.1", port=port, user="owner", password=owner, dbname=database, autocommit=True
        )

    def admin(*statements: str, database: str = "city") -> None:
        with connect(database) as con:
            for statement in statements:
                con.execute(statement)

    try:
        until_up(connect, server)
        admin("create database city", f"create user reader password '{PASSWORD}'", database="postgres")
        yield Database("postgresql", port, admin, connect)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _mariadb() -> Iterator[Database]:
    install, mariadbd = program("mariadb-install-db"), program("mariadbd", "/usr/sbin/mariadbd")
    folder, how = own_folder("mysql")
    port, socket_file = free_port(), folder / "s"
    made = (
        f"--no-defaults --datadir={folder}/data --auth-root-authentication-method=normal --skip-test-db"
        " --skip-name-resolve --innodb-log-file-size=8M"
    )
    subprocess.run([install, *made.split()], check=True, capture_output=True, **how)
    running = (
        f"--no-defaults --datadir={folder}/data --port={port} --socket={socket_file} --bind-address=127.0.0.1"
        f" --pid-file={folder}/pid --skip-name-resolve --innodb-buffer-pool-size=16M --innodb-flush-log-at-trx-commit=0"
    )
    server = _in_silence([mariadbd, *running.split()], how)

    def connect(database: str | None = None) -> Any:
        return pymysql.connect(
            unix_socket=str(socket_file),
            user="root",
            database=database,
            autocommit=True,
            init_command="set sql_mode = 'NO_BACKSLASH_ESCAPES'",
        )

    def admin(*statements: str, database: str | None = "city") -> None:
        with connect(database) as con, con.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    try:
        until_up(connect, server)
        admin(
            "create database city character set utf8mb4",
            f"create user reader@'127.0.0.1' identified by '{PASSWORD}'",
            database=None,
        )
        yield Database("mysql", port, admin, connect)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def key(path: Path, passphrase: str = "") -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path], check=True, capture_output=True
    )
    return path


@dataclass
class Server:
    """A running server: its port, its folder of exports, its host key, and the key that opens it."""

    port: int
    exports: Path
    host_key: Path
    user_key: Path

    @property
    def known_hosts(self) -> str:
        kind, word = self.host_key.with_suffix(".pub").read_text().split()[:2]
        return f"[127.0.0.1]:{self.port} {kind} {word}\n"


def started_sshd(folder: Path) -> Iterator[Server]:
    """A running OpenSSH server on loopback, its files below this folder."""
    sshd = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")
    if sshd is None:
        pytest.skip("no sshd: install it as .ci/run does")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd, started by root, locks itself in
    port = free_port()
    server = Server(port, folder / "exports", key(folder / "host"), key(folder / "user", PASSPHRASE))
    server.exports.mkdir()
    config = folder / "config"
    config.write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {server.host_key}\nPidFile none\n"
        f"AuthorizedKeysFile {server.user_key}.pub\nStrictModes no\nUsePAM no\n"
        "PermitRootLogin yes\nSubsystem sftp internal-sftp\n"
    )
    running = subprocess.Popen([sshd, "-D", "-e", "-f", config], stderr=subprocess.DEVNULL)
    for _ in range(100):
        assert running.poll() is None, "sshd ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    try:
        yield server
    finally:
        running.terminate()
        running.wait()
