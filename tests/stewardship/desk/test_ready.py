"""Nobody waits for a night's sums: a desk has worked out what everybody asks for before it answers, and of a new night before it shows."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from pipelines.desk_intake import SiteIntake
from stewardship.accounts import accounts
from stewardship.desk.app import desk
from stewardship.desk.current import now
from stewardship.sessions import begin_session
from stewardship.store import open_desk
from tests.stewardship.conftest import Clock
from tests.stewardship.desk.conftest import Office
from tests.stewardship.office import PEOPLE, SECOND, night
from warehouse.site import Site
from warehouse.snapshot import current_snapshot

LOOKS = ("/tonight", "/groups", "/", "/next")  # what a steward opens first


def until(holds: Callable[[], bool]) -> None:
    for _ in range(3000):
        if holds():
            return
        time.sleep(0.01)
    raise TimeoutError


def books(site: Site) -> list[Path]:
    return sorted(site.cases.glob("*.sqlite"))


def spoil(site: Site) -> None:
    """Leave nothing of the snapshot that could be read: whoever asks it for anything fails."""
    snapshot = current_snapshot(site)
    assert snapshot is not None
    snapshot.write_bytes(b"nothing")


@pytest.fixture
def bare(site: Site) -> Site:
    """A site whose cases nobody has laid out yet."""
    shutil.rmtree(site.cases)
    return site


@pytest.fixture
def begun(office: Office) -> Iterator[Office]:
    """A desk whose process has begun, as a server begins it."""
    with TestClient(office.app):
        yield office


def test_the_first_looks_of_a_day_ask_the_warehouse_nothing(begun: Office) -> None:
    wang = begun.at_work("wang")
    spoil(begun.site)
    for address in LOOKS:
        assert wang.get(address).status_code == 200, address
    assert wang.judges("unsure").status_code == 200
    assert wang.submit("/undo").status_code == 200
    assert wang.get("/conflicts").status_code == 500  # whose homes are read when somebody looks at them


def test_a_night_is_turned_to_while_nobody_looks_and_shows_when_all_is_worked_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stewardship.desk.app._LOOK", 0.02)
    with TestClient(office.app):
        wang, old = office.at_work("wang"), books(office.site)
        night(office.site, SECOND, PEOPLE)
        until(lambda: len(books(office.site)) > len(old))
        until(lambda: office.book.snapshot == current_snapshot(office.site))
        spoil(office.site)
        for address in LOOKS:
            assert wang.get(address).status_code == 200, address


def test_what_cannot_be_worked_out_ahead_keeps_nobody_from_the_cases(
    site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("王伟")

    monkeypatch.setattr("stewardship.desk.app.look_ahead", fails)
    office = Office(site, desk(site, SiteIntake(site), clock), clock)
    with TestClient(office.app):
        assert office.at_work("wang").get("/next").status_code == 200
    assert "ValueError at" in caplog.text and "王伟" not in caplog.text


def test_a_served_desk_takes_no_call_before_its_cases_are_laid_out(bare: Site) -> None:
    """Two processes lay them out once, and each answers the first call at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open_desk(bare) as con:
        (wang,) = [one for one in accounts(con) if one.name == "wang"]
        token, _ = begin_session(con, wang, "zh", now())
    command = ["review", "--site", bare.root, "--port", port, "--workers", 2]
    served = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *map(str, command)], stderr=subprocess.PIPE, text=True
    )
    try:
        assert served.stderr is not None
        told = [served.stderr.readline(), served.stderr.readline()]
        assert "正在准备" in told[0] and "已打开" in told[1]
        assert len(books(bare)) == 1
        spoil(bare)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", cookies={"desk": token}) as client:
            assert client.get("/").status_code == 200
    finally:
        served.send_signal(signal.SIGINT)
        served.communicate(timeout=60)
    assert served.returncode == 0
