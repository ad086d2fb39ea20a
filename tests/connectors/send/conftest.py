"""A platform that is told by any of the transports, a site with a way out to it, and a batch of three rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date as Day
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pages import HEAD
from servers import Peer, free_port

from connectors.platform import Platform, read_platform
from connectors.send import Parcel, tell
from connectors.send.parcel import Heard, pack
from connectors.write.draft import Draft, Row
from connectors.write.manifest import Change
from connectors.write.outbox import write_outbox
from dedup.normalise.area import Area
from warehouse.site import Site, create_site, read_site

NIGHT = Day(2026, 11, 1)
BATCH = "trial-20261101-1"
SECRET = "s3cret-not-to-be-seen"
PAGE = (
    HEAD
    + """\
[export]
format = "csv"
file = "*.csv"
key = "bh"
columns = ["bh", "xm", "sjh", "dz"]
[fields]
name = { column = "xm", required = true }
phone = { column = "sjh", max_length = 20 }
address = "dz"
[receive]
fields = ["phone", "address"]
purpose = "补全"
basis = "政务数据共享条例第十九条"
"""
)
PEOPLE = {"K1": "13800000001", "K2": "13800000002", "K3": "13800000003"}


@pytest.fixture
def page(tmp_path: Path) -> Callable[..., Platform]:
    """The platform with this [send] table."""

    def page(send: str, text: str = PAGE) -> Platform:
        path = tmp_path / "trial.toml"
        path.write_text(f"{text}\n[send]\n{send}\n", encoding="utf-8")
        return read_platform(path)

    return page


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("PEER_SECRET", SECRET)
    area = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571", ())
    return create_site(tmp_path / "site", name="试验", area=area, seed=7)


@pytest.fixture
def connect(site: Site) -> Callable[..., Site]:
    """The site with a way out to the trial platform."""

    def connect(address: str, **more: str) -> Site:
        stated = {"address": address, "user": "writer", "secret": "env:PEER_SECRET", **more}
        lines = [(site.root / "site.toml").read_text(encoding="utf-8").split("\n[sending")[0]]
        lines += ["\n[sending.trial]", *(f"{name} = {json.dumps(value)}" for name, value in stated.items())]
        (site.root / "site.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_site(site.root)

    return connect


@pytest.fixture
def parcel(tmp_path: Path) -> Callable[..., Parcel]:
    """A batch of three rows that tells each person's phone; `again`: it may have arrived."""

    def parcel(
        platform: Platform, *, again: bool = False, resend: bool = True, newcomer: str = "", **people: str
    ) -> Parcel:
        told = people or PEOPLE
        rows = tuple(
            Row(f"r-{key}", "", key, {"bh": key, "xm": f"张{key}", "sjh": phone}, (change(key, phone),))
            for key, phone in told.items()
        )
        if newcomer:
            rows += (Row("+r-new", "", "", {"xm": "张新", "sjh": newcomer}, (change("", newcomer),)),)
        folder, drafted = tmp_path / "outbox", Draft(platform, rows, ())
        written = write_outbox(folder, drafted, NIGHT, batch=BATCH, live=True)
        assert written is not None and written.file is not None
        packed = pack(folder, drafted, folder / written.file)
        return Parcel(platform, BATCH, packed, tuple(row.record_id for row in rows), again, resend)

    return parcel


def change(key: str, phone: str) -> Change:
    return Change(f"r-{key}", key, "phone", phone, "fill")


@pytest.fixture
def peer() -> Iterator[Peer]:
    started = Peer()
    yield started
    started.stop()


@pytest.fixture
def dead_port() -> int:
    """A port that nobody listens on."""
    return free_port()


def hear(site: Site, parcel: Parcel) -> Heard:
    """What becomes of a batch, told in this process."""
    return Heard.of(json.loads(json.dumps(tell(site, parcel))))


@pytest.fixture
def world() -> Any:
    """The words of this file: the tests are no package, so they cannot import it."""
    return SimpleNamespace(BATCH=BATCH, PAGE=PAGE, PEOPLE=PEOPLE, SECRET=SECRET, hear=hear)
