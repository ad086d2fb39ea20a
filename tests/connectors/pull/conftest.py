"""A site with connections, platforms that are asked, and a real HTTP server on loopback that can misbehave."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import date as Day
from pathlib import Path
from typing import Any

import pytest
from here import run_here
from servers import Answers, Peer, Said, Seen, free_port

from connectors.platform import Platform, read_platform
from dedup.normalise.area import Area
from warehouse.site import Site, create_site, read_site

NIGHT = Day(2026, 11, 1)
PLATFORM = """
id = "P000"
title = "试验平台"
department = "社区"
level = "区"
tier = "T2"
entities = ["person"]
cadence = "日"
transport = "{transport}"
basis = "modelled"
trust = 50
[export]
format = "{format}"
file = "*.{format}"
key = "bh"
records = {records}
columns = ["bh", "xm", "sfzh", "gxsj", "bz"]
[fields]
name = "xm"
id_number = "sfzh"
updated_on = "gxsj"
[{accounted}]
bz = "自由文本"
[pull]
{pull}
"""


def person(number: int, **more: str) -> dict[str, Any]:
    return {
        "bh": f"K{number:04d}",
        "xm": "张王李赵"[number % 4] + "伟敏静丽"[number // 4 % 4],
        "sfzh": f"33010219800101{number:04d}",
        "gxsj": f"2026-10-{number % 28 + 1:02d} 08:00:00",
        "bz": "",
        **more,
    }


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched is read in this process: what a process of its own is good for is tried in `connectors/land`."""
    monkeypatch.setattr("connectors.land.run_all", run_here)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Platform]:
    """A platform with this [pull] table; `records` is the path of its rows."""

    def make(
        pull: str,
        *,
        slug: str = "trial",
        transport: str = "http",
        format: str = "json",
        records: str = '["data.list"]',
        accounted: str = "ignore",
    ) -> Platform:
        path = tmp_path / f"{slug}.toml"
        text = PLATFORM.format(
            transport=transport, pull=pull, format=format, records=records, accounted=accounted
        )
        path.write_text(text, encoding="utf-8")
        return read_platform(path)

    return make


@pytest.fixture
def site(tmp_path: Path) -> Site:
    area = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571", ())
    return create_site(tmp_path / "site", name="试验", area=area, seed=7)


@pytest.fixture
def connect(site: Site) -> Callable[..., Site]:
    """The site with connections: slug -> keys of its table."""

    def connect(**connections: dict[str, str]) -> Site:
        lines = [(site.root / "site.toml").read_text(encoding="utf-8").split("\n[connections")[0]]
        for slug, stated in connections.items():
            lines.append(f"\n[connections.{slug}]")
            lines += [f"{name} = {json.dumps(value)}" for name, value in stated.items()]
        (site.root / "site.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_site(site.root)

    return connect


@pytest.fixture
def peer() -> Iterator[Peer]:
    started = Peer()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody but its own key signed, with the key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=peer",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            folder / "key.pem",
            "-out",
            folder / "cert.pem",
        ],
        check=True,
        capture_output=True,
    )
    whole = folder / "both.pem"
    whole.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return folder


@pytest.fixture
def secure_peer(certificate: Path) -> Iterator[Peer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "both.pem")
    started = Peer(context)
    yield started
    started.stop()


@pytest.fixture
def dead_port() -> int:
    """A port that nobody listens on."""
    return free_port()


def pages_by_number(rows: list[Any]) -> Answers:
    """`page` and `size`, and the total."""

    def answer(seen: Seen) -> Said:
        page, size = int(seen.parameters["page"]), int(seen.parameters["size"])
        return listed(rows[(page - 1) * size : page * size], total=len(rows))

    return answer


def listed(rows: list[Any], **more: Any) -> Said:
    return Said({"code": 0, "data": {"list": rows, **more}})


@pytest.fixture
def world() -> Any:
    """The words of this file: the tests are no package, so they cannot import it."""
    from types import SimpleNamespace

    return SimpleNamespace(
        NIGHT=NIGHT, Said=Said, Seen=Seen, listed=listed, person=person, pages_by_number=pages_by_number
    )
