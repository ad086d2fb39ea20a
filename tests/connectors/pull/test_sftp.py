"""The newest file of a folder on a real OpenSSH server on loopback, whose host key is known, unknown or changed."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import date as Day
from pathlib import Path
from typing import Any

import paramiko
import pytest
from servers import PASSPHRASE, Server, key, started_sshd

from connectors.land import pull_all, pulls
from connectors.platform import Platform
from connectors.pull import ask
from warehouse.site import Site

pytestmark = pytest.mark.usefixtures("read_here")

PASSWORD = "password-not-to-be-seen"
NIGHT = Day(2026, 11, 1)

Make = Callable[..., Platform]
Connect = Callable[..., Site]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from started_sshd(tmp_path_factory.mktemp("sshd"))


@pytest.fixture
def exports(server: Server) -> Iterator[Path]:
    yield server.exports
    for path in server.exports.iterdir():
        path.unlink() if path.is_file() or path.is_symlink() else shutil.rmtree(path)


@pytest.fixture
def opened(server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    """A site that knows the server and has the key to it, but for what is said otherwise."""

    def opened(known_hosts: str | None = None, **more: str) -> Site:
        monkeypatch.setenv("PEER_SECRET", PASSPHRASE)
        stated = {
            "address": f"sftp://127.0.0.1:{server.port}",
            "user": getpass.getuser(),
            "private_key": f"file:{server.user_key}",
            "secret": "env:PEER_SECRET",
        }
        site = connect(trial={**stated, **more})
        site.known_hosts.write_text(server.known_hosts if known_hosts is None else known_hosts)
        return site

    return opened


def csv(*people: Any) -> str:
    return "bh,xm,sfzh,gxsj,bz\n" + "".join(",".join(map(str, one.values())) + "\n" for one in people)


def put(folder: Path, name: str, text: str, age: int) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    return path


@pytest.fixture
def platform(make: Make, server: Server) -> Platform:
    pull = f'folder = "{server.exports}"\nfile = "people_*.csv"'
    return make(pull, transport="sftp", format="csv", records="[]")


def asked(site: Site, platform: Platform, folder: Path) -> dict[str, Any]:
    (folder / "fetched").mkdir(exist_ok=True)
    return ask(site, platform, "", "", folder / "fetched", False)


def test_the_newest_file_that_fits_is_landed(server, exports, opened, platform, world):
    people = [world.person(number) for number in range(3)]
    put(exports, "people_1.csv", csv(*people[:1]), age=300)
    put(exports, "people_2.csv", csv(*people), age=100)
    put(exports, "people_3.csv", csv(*people[:2]), age=200)
    put(exports, "other.csv", "x", age=0)
    put(exports, ".people_4.csv", "x", age=0)
    (exports / "people_folder.csv").mkdir()
    (exports / "people_link.csv").symlink_to("/etc/passwd")
    site = opened()
    (pull,) = pull_all(site, {"trial": platform}, NIGHT, today=NIGHT)
    assert (pull.status, pull.rows, pull.source) == ("landed", 4, "people_2.csv")
    (original,) = (site.landing / "trial").glob("*.csv")
    assert original.read_text(encoding="utf-8") == csv(*people)
    kept = b"".join(path.read_bytes() for path in site.root.rglob("*") if path.is_file())
    assert PASSPHRASE.encode() not in kept and PASSPHRASE not in repr(pulls(site))


def test_a_folder_without_an_export_is_no_fault(exports, opened, platform):
    (pull,) = pull_all(opened(), {"trial": platform}, NIGHT, today=NIGHT)
    assert pull.status == "missing"
    assert "没有符合 people_*.csv 的文件" in pull.message


def test_an_unknown_host_is_refused_with_its_fingerprint_and_what_to_do(
    server, exports, opened, platform, tmp_path
):
    site = opened(known_hosts="")
    told = asked(site, platform, tmp_path)
    public = paramiko.PKey.from_path(server.host_key)
    assert "没有服务器 127.0.0.1 的主机密钥" in told["problem"][0]
    assert public.fingerprint in told["problem"][0]
    assert f"ssh-keyscan -p {server.port} 127.0.0.1" in told["problem"][1]
    assert str(site.known_hosts) in told["problem"][1]
    site.known_hosts.unlink()
    assert asked(site, platform, tmp_path) == told


def test_a_changed_host_key_is_refused_as_a_possible_impostor(server, exports, opened, platform, tmp_path):
    put(exports, "people_1.csv", "x", age=0)
    other = key(tmp_path / "other").with_suffix(".pub").read_text().split()[:2]
    told = asked(opened(known_hosts=f"[127.0.0.1]:{server.port} {' '.join(other)}\n"), platform, tmp_path)
    assert "主机密钥变了" in told["problem"][0] and "可能有人冒充" in told["problem"][1]
    assert not list((tmp_path / "fetched").iterdir())


def test_what_ssh_keyscan_prints_is_what_the_message_asks_for(server, exports, opened, platform, tmp_path):
    put(exports, "people_1.csv", "bh\n", age=0)
    scanned = subprocess.run(
        ["ssh-keyscan", "-p", str(server.port), "127.0.0.1"], check=True, capture_output=True, text=True
    )
    assert "file" in asked(opened(known_hosts=scanned.stdout), platform, tmp_path)


LOGINS = {
    "another key": ({"private_key": "file:stranger"}, ("不接受登录", "file:stranger")),
    "a password where a key is wanted": (
        {"private_key": "", "secret": "env:WRONG_SECRET"},
        ("不接受登录", "env:WRONG_SECRET"),
    ),
    "another passphrase": ({"secret": "env:WRONG_SECRET"}, ("不是可用的私钥，或口令不对", "secret")),
    "no such key": ({"private_key": "file:nowhere"}, ("找不到 file:nowhere",)),
    "a key that others can read": ({"private_key": "file:open"}, ("可被他人读取", "chmod 600")),
    "a variable that is not set": ({"secret": "env:NO_SUCH"}, ("环境变量 NO_SUCH 没有设置",)),
}


@pytest.mark.parametrize("story", LOGINS)
def test_a_refused_login_says_which_reference_to_check_and_never_the_secret(
    server, exports, opened, platform, tmp_path, monkeypatch, story
):
    more, says = LOGINS[story]
    monkeypatch.setenv("WRONG_SECRET", "another-secret")
    site = opened(**more)
    if story == "another key":
        key(site.root / "stranger", PASSPHRASE)
    shutil.copyfile(server.user_key, site.root / "open")
    (site.root / "open").chmod(0o644)
    words = "".join(asked(site, platform, tmp_path)["problem"])
    assert all(part in words for part in says), words
    assert PASSPHRASE not in words and "another-secret" not in words


def test_a_folder_that_is_not_there_and_a_file_too_large_are_said(
    server, exports, opened, make, platform, tmp_path
):
    gone = make(
        'folder = "/nowhere"\nfile = "*.csv"', transport="sftp", format="csv", records="[]", slug="trial"
    )
    assert "没有文件夹 /nowhere" in asked(opened(), gone, tmp_path)["problem"][0]
    put(exports, "people_1.csv", "x" * (2 << 20), age=0)
    pull = f'folder = "{exports}"\nfile = "*.csv"\nlargest_mb = 1'
    small = make(pull, transport="sftp", format="csv", records="[]")
    assert "上限（1 MB）" in asked(opened(), small, tmp_path)["problem"][0]
    assert not list((tmp_path / "fetched").iterdir())


def test_a_file_that_changes_while_it_is_fetched_is_not_taken(
    server, exports, opened, platform, tmp_path, monkeypatch
):
    from connectors.pull import sftp

    path = put(exports, "people_1.csv", "bh,xm\n", age=10)
    copy = sftp._copy

    def copy_and_grow(*arguments: Any) -> None:
        copy(*arguments)
        with path.open("a") as file:
            file.write("K1,王\n")

    monkeypatch.setattr(sftp, "_copy", copy_and_grow)
    assert "还在变" in asked(opened(), platform, tmp_path)["problem"][0]
    assert not list((tmp_path / "fetched").iterdir())


def test_a_server_that_is_down_or_says_nothing_ends_with_the_budget(make, connect, tmp_path, dead_port):
    platform = make(
        'folder = "/"\nfile = "*"\nbudget_seconds = 2', transport="sftp", format="csv", records="[]"
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (dead_port, silent.getsockname()[1]):
            site = connect(trial={"address": f"sftp://127.0.0.1:{port}", "user": "x"})
            told = asked(site, platform, tmp_path)
            assert "连不上服务器" in told["problem"][0] or "没有取完" in told["problem"][0]
            assert "下一夜再取" in told["problem"][1]


class _Door(paramiko.ServerInterface):
    """A server that takes one user's password, as sshd does of the system's users, which a test may not add to."""

    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == ("wj", PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password"


class _Folder(paramiko.SFTPServerInterface):
    """The one file `people_1.csv`, in every folder."""

    text = b"bh,xm,sfzh,gxsj,bz\nK1,x,,,\n"

    def _facts(self) -> paramiko.SFTPAttributes:
        facts = paramiko.SFTPAttributes()
        facts.filename, facts.st_size, facts.st_mtime = "people_1.csv", len(self.text), 1_700_000_000
        facts.st_mode = 0o100644
        return facts

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes]:
        return [self._facts()]

    def stat(self, path: str) -> paramiko.SFTPAttributes:
        return self._facts()

    def open(self, path: str, flags: int, attr: Any) -> paramiko.SFTPHandle:
        folder = self

        class Handle(paramiko.SFTPHandle):
            def read(self, offset: int, length: int) -> bytes:
                return folder.text[offset : offset + length]

            def stat(self) -> paramiko.SFTPAttributes:
                return folder._facts()

        return Handle(flags)


def test_a_password_opens_and_a_wrong_one_does_not(server, platform, opened, tmp_path, monkeypatch):
    host = paramiko.PKey.from_path(server.host_key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                transport = paramiko.Transport(line)
                transport.add_server_key(host)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder)
                transport.start_server(event=threading.Event(), server=_Door())

        threading.Thread(target=serve, daemon=True).start()
        site = opened(
            known_hosts=server.known_hosts.replace(str(server.port), str(port)),
            address=f"sftp://127.0.0.1:{port}",
            user="wj",
            private_key="",
            secret="env:PEER_PASSWORD",
        )
        monkeypatch.setenv("PEER_PASSWORD", PASSWORD)
        answer = asked(site, platform, tmp_path)
        assert "file" in answer, answer
        assert Path(answer["file"]).read_bytes() == _Folder.text
        monkeypatch.setenv("PEER_PASSWORD", "another-secret")
        told = asked(site, platform, tmp_path)
        assert "env:PEER_PASSWORD" in told["problem"][1] and "another-secret" not in repr(told)
