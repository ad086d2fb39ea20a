"""Leaving a batch on a real OpenSSH server: whole under its name, once, whatever cuts it off."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from servers import PASSPHRASE, Server, started_sshd

from connectors.platform import Platform
from connectors.send import Parcel, knock
from warehouse.site import Site

Page = Callable[..., Platform]
MakeParcel = Callable[..., Parcel]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from started_sshd(tmp_path_factory.mktemp("sshd"))


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """The platform's folder on the server, which is this machine."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def opened(
    server: Server, connect: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Site]:
    """A site that knows the server and has the key to it, but for what is said otherwise."""

    def opened(known_hosts: str | None = None, **more: str) -> Site:
        monkeypatch.setenv("PEER_SECRET", PASSPHRASE)
        stated = {"user": getpass.getuser(), "private_key": f"file:{server.user_key}", **more}
        site = connect(stated.pop("address", f"sftp://127.0.0.1:{server.port}"), **stated)
        site.known_hosts.write_text(server.known_hosts if known_hosts is None else known_hosts)
        return site

    return opened


def send(inbox: Path, more: str = "") -> str:
    return f'transport = "sftp"\nfolder = "{inbox}"\nbudget_seconds = 60\n{more}'


def test_a_batch_lies_there_whole_under_its_name_and_is_left_once(
    world: Any, page: Page, parcel: MakeParcel, opened: Any, inbox: Path
) -> None:
    made = parcel(page(send(inbox)))
    for _ in range(2):
        assert world.hear(opened(), made).fates == ["took"] * 3
    (left,) = inbox.iterdir()
    assert left.name == f"{world.BATCH}.csv"
    assert left.read_bytes() == (made.packed.file.parent / "trial.csv").read_bytes()


def test_a_file_of_that_name_with_other_bytes_is_never_replaced(
    world: Any, page: Page, parcel: MakeParcel, opened: Any, inbox: Path
) -> None:
    (inbox / f"{world.BATCH}.csv").write_text("of somebody else")
    heard = world.hear(opened(), parcel(page(send(inbox))))
    assert heard.fates == ["missed"] * 3 and "内容不同" in heard.problem
    assert (inbox / f"{world.BATCH}.csv").read_text() == "of somebody else"


@pytest.mark.parametrize("cut", ["before_renaming", "after_renaming"])
@pytest.mark.parametrize("gone", [False, True])
def test_a_line_that_is_cut_at_the_renaming_leaves_one_file_or_a_doubt(
    world: Any,
    page: Page,
    parcel: MakeParcel,
    opened: Any,
    inbox: Path,
    monkeypatch: pytest.MonkeyPatch,
    cut: str,
    gone: bool,
) -> None:
    real, left = paramiko.SFTPClient.rename, [True]

    def rename(self: paramiko.SFTPClient, old: str, new: str) -> None:
        if cut == "after_renaming" or not left:
            real(self, old, new)
        if left:
            left.clear()
            if gone and cut == "after_renaming":
                Path(new).unlink()  # taken by the platform in that moment
            raise EOFError

    monkeypatch.setattr(paramiko.SFTPClient, "rename", rename)
    heard = world.hear(opened(), parcel(page(send(inbox))))
    if gone and cut == "after_renaming":
        assert heard.fates == ["doubtful"] * 3 and "由人定夺" in heard.next_move
        assert list(inbox.iterdir()) == []
    else:
        assert heard.fates == ["took"] * 3
        assert [one.name for one in inbox.iterdir()] == [f"{world.BATCH}.csv"]


@pytest.mark.parametrize(
    ("there", "more", "fate"),
    [
        ("final", "", "took"),
        ("part", "", "missed"),
        ("nothing", "", "doubtful"),
        ("nothing", "stays = true", "missed"),
        ("taken", "", "doubtful"),
        ("taken", 'taken = "{taken}"', "took"),
        ("another", 'taken = "{taken}"', "missed"),
        ("nothing", 'taken = "{taken}"', "missed"),
    ],
)
def test_a_batch_of_an_earlier_run_is_looked_for_and_nothing_is_left(
    world: Any,
    page: Page,
    parcel: MakeParcel,
    opened: Any,
    inbox: Path,
    tmp_path: Path,
    there: str,
    more: str,
    fate: str,
) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    made = parcel(page(send(inbox, more.format(taken=taken))), again=True)
    template = (made.packed.file.parent / "trial.csv").read_bytes()
    places = {"final": inbox / f"{world.BATCH}.csv", "part": inbox / f"{world.BATCH}.csv.tmp"}
    places["another"] = taken / f"{world.BATCH}2.csv"
    places["taken"] = taken / f"20261101_{world.BATCH}.csv.done"
    if there in places:
        places[there].write_bytes(template)
    before = sorted(inbox.iterdir())
    assert world.hear(opened(), made).fates == [fate] * 3
    assert sorted(inbox.iterdir()) == before


def test_a_server_that_is_not_known_or_not_there_or_refuses_gets_nothing(
    world: Any, page: Page, parcel: MakeParcel, opened: Any, inbox: Path, dead_port: int
) -> None:
    stories = {
        "没有服务器": opened(known_hosts=""),
        "连不上服务器": opened(address=f"sftp://127.0.0.1:{dead_port}"),
        "平台不接受登录": opened(user="nobody-here"),
    }
    for says, site in stories.items():
        known = "" if says == "没有服务器" else None
        if known is not None:
            site.known_hosts.write_text(known)
        heard = world.hear(site, parcel(page(send(inbox).replace("= 60", "= 2"))))
        assert heard.fates == ["missed"] * 3 and says in heard.problem
        opened()
    heard = world.hear(opened(), parcel(page(send(inbox / "nowhere"))))
    assert heard.fates == ["missed"] * 3 and "没有文件夹" in heard.problem
    assert list(inbox.iterdir()) == [] and PASSPHRASE not in heard.problem + heard.next_move


def test_knocking_looks_into_the_folders_and_leaves_nothing(page: Page, opened: Any, inbox: Path) -> None:
    assert knock(opened(), page(send(inbox))) == ""
    problem = knock(opened(), page(send(inbox, f'taken = "{inbox}/nowhere"')))
    assert "没有文件夹" in problem and list(inbox.iterdir()) == []
