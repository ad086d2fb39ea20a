"""What the tests of the desk share: an office, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from stewardship.casebook import Casebook, open_casebook
from tests.stewardship.office import office
from warehouse.site import Site, read_site
from warehouse.snapshot import current_snapshot


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Passwords are hashed the same way, with less work: what makes guessing slow makes tests slow, too."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("stewardship.accounts._hasher", lambda: PasswordHasher(time_cost=1, memory_cost=64))
        yield


def laid_out(site: Site) -> Casebook:
    """The cases of a site as its desk lays them out once a snapshot: a copy of the site has them, too."""
    snapshot = current_snapshot(site)
    assert snapshot is not None
    return open_casebook(site, snapshot, [])


@pytest.fixture(scope="session")
def office_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = office(tmp_path_factory.mktemp("office") / "site")
    laid_out(site)
    return site.root


@pytest.fixture
def site(office_made: Path, tmp_path: Path) -> Site:
    """A fresh copy of the office."""
    root = tmp_path / "site"
    shutil.copytree(office_made, root, symlinks=True)
    return read_site(root)


@pytest.fixture
def book(site: Site) -> Casebook:
    return laid_out(site)


class Clock:
    """A clock that stands until it is turned on."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()
