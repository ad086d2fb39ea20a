"""Which platforms are asked on a night, and that one of them costs the others nothing."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from connectors import pull
from connectors.land import pull_all
from connectors.pull import ask_all, connected, misfit
from warehouse.connections import Connection

pytestmark = pytest.mark.usefixtures("read_here")


@pytest.fixture
def people(peer: Any, world: Any) -> Any:
    peer.answers["/people"] = lambda _: world.listed([world.person(number) for number in range(3)])
    return peer


def test_a_file_in_the_inbox_goes_before_the_connection(site, people, make, connect, world):
    platform, site = make('path = "/people"'), connect(trial={"address": people.address})
    folder = site.inbox / world.NIGHT.isoformat() / "trial"
    folder.mkdir(parents=True)
    (folder / "by_hand.json").write_text('{"data": {"list": []}}')
    (landed,) = pull_all(site, {"trial": platform}, world.NIGHT, today=world.NIGHT)
    assert (landed.source, landed.status) == ("by_hand.json", "unreadable")
    assert people.seen == []
    (folder / "by_hand.json").unlink()
    (landed,) = pull_all(site, {"trial": platform}, world.NIGHT, today=world.NIGHT)
    assert (landed.source, landed.status) == ("trial.json", "landed")


def test_without_a_connection_the_inbox_is_all_there_is(site, people, make, world):
    platform = make('path = "/people"')
    assert not connected(site, platform)
    (landed,) = pull_all(site, {"trial": platform}, world.NIGHT, today=world.NIGHT)
    assert landed.status == "missing" and "放入" in landed.message


@pytest.mark.parametrize(("days", "status"), [(0, "landed"), (1, "landed"), (2, "missing"), (-1, "landed")])
def test_a_night_that_is_over_is_not_asked_for(people, make, connect, world, days, status):
    platform, site = make('path = "/people"'), connect(trial={"address": people.address})
    today = world.NIGHT + timedelta(days=days)
    (landed,) = pull_all(site, {"trial": platform}, world.NIGHT, today=today)
    assert landed.status == status
    assert bool(people.seen) == (status == "landed")


def test_the_same_answer_again_lands_nothing_and_adds_no_line(people, make, connect, world):
    platform, site = make('path = "/people"'), connect(trial={"address": people.address})
    pull_all(site, {"trial": platform}, world.NIGHT, today=world.NIGHT)
    lines = (site.landing / "manifest.jsonl").read_bytes()
    (again,) = pull_all(site, {"trial": platform}, world.NIGHT, today=world.NIGHT)
    assert (again.status, again.rows) == ("unchanged", 4)
    assert (site.landing / "manifest.jsonl").read_bytes() == lines


def test_what_a_killed_night_left_half_fetched_is_gone(people, make, connect, world):
    platform, site = make('path = "/people"'), connect(trial={"address": people.address})
    (site.pulling / "trial").mkdir(parents=True)
    (site.pulling / "trial" / "trial.json").write_text("half")
    (landed,) = pull_all(site, {"trial": platform}, world.NIGHT, today=world.NIGHT)
    assert landed.status == "landed" and not site.pulling.exists()


def test_a_forbidden_column_that_an_interface_sends_is_not_kept(peer, make, connect, world):
    rows = [world.person(number, bz="宗教信仰其一") for number in range(3)]
    peer.answers["/people"] = lambda _: world.listed(rows)
    platform = make('path = "/people"', accounted="forbidden")
    site = connect(trial={"address": peer.address})
    (landed,) = pull_all(site, {"trial": platform}, world.NIGHT, today=world.NIGHT)
    assert (landed.status, landed.forbidden) == ("landed", ("bz",))
    kept = b"".join(path.read_bytes() for path in site.root.rglob("*") if path.is_file())
    assert "宗教信仰其一".encode() not in kept


def test_all_platforms_are_asked_at_once_and_a_bad_one_ends_alone(
    peer, make, connect, world, tmp_path, dead_port
):
    names = [f"p{number}" for number in range(5)]
    others = threading.Semaphore(0)

    def quick(_: Any) -> Any:
        others.release()
        return world.listed([world.person(1)])

    def patient(_: Any) -> Any:
        """Answers only when the others have been asked meanwhile."""
        waited = all(others.acquire(timeout=60) for _ in names)
        return world.listed([world.person(1)]) if waited else world.Said(status=404)

    peer.answers.update({f"/{name}": quick for name in names})
    peer.answers["/patient"] = patient
    peer.answers["/drip"] = lambda _: world.Said(b"[" * 1000, drip=0.05)
    platforms = [
        make('path = "/patient"', slug="patient"),
        make('path = "/drip"\nbudget_seconds = 3', slug="drip"),
        make('path = "/"\nbudget_seconds = 10', slug="dead"),
        *(make(f'path = "/{name}"', slug=name) for name in names),
    ]
    stated = {platform.slug: {"address": peer.address} for platform in platforms}
    stated["dead"] = {"address": f"http://127.0.0.1:{dead_port}"}
    done = dict(ask_all(connect(**stated), platforms, world.NIGHT, tmp_path / "pulling"))
    arrived = {slug for slug, one in done.items() if isinstance(one, pull.Arrived)}
    assert arrived == {"patient", *names}
    assert "连不上平台" in done["dead"].message
    assert "3 秒内没有取完" in done["drip"].message


def test_a_worker_that_overstays_its_budget_is_ended(peer, make, connect, world, tmp_path, monkeypatch):
    """A library may hang where no budget is asked; here it is a header that never ends."""
    monkeypatch.setattr(pull, "_GRACE", 2.0)
    peer.answers["/people"] = lambda _: world.Said(b"", headers={"X-Endless": "x"}, drip=0.0, endless=True)
    platform = make('path = "/people"\nbudget_seconds = 2')
    site = connect(trial={"address": peer.address})
    ((_, answer),) = ask_all(site, [platform], world.NIGHT, tmp_path / "pulling")
    assert isinstance(answer, pull.NotArrived) and "没有在时间预算之内取完" in answer.message


def test_many_that_hang_cannot_hold_the_night_and_who_hung_is_asked_last_the_next_time(
    peer, make, connect, world, monkeypatch
):
    """Two at a time, in the order of their names: while `a` and `b` hang, `c` waits in vain, but not on the next night."""
    for slug in "ab":
        peer.answers[f"/{slug}"] = lambda _: world.Said(b"[" * 10_000, drip=0.05)
    peer.answers["/c"] = lambda _: world.listed([world.person(1)])
    platforms = {slug: make(f'path = "/{slug}"', slug=slug) for slug in "abc"}
    site = connect(**{slug: {"address": peer.address} for slug in platforms})
    with monkeypatch.context() as hurried:
        hurried.setattr(pull, "ALL_SECONDS", 4.0)
        hurried.setattr(pull, "_AT_ONCE", 2)
        a, b, c = pull_all(site, platforms, world.NIGHT, today=world.NIGHT)
    assert (a.status, b.status, c.status) == ("unreadable", "unreadable", "missing")
    assert "没有在时间预算之内取完" in a.message and "没有轮到" in c.message
    tomorrow, before = world.NIGHT + timedelta(days=1), len(peer.seen)
    monkeypatch.setattr(pull, "_AT_ONCE", 1)
    peer.answers.update({f"/{slug}": peer.answers["/c"] for slug in "ab"})
    assert {one.status for one in pull_all(site, platforms, tomorrow, today=tomorrow)} == {"landed"}
    assert [seen.path for seen in peer.seen[before:]] == ["/c", "/a", "/b"]


@pytest.mark.parametrize(
    ("transport", "address", "fits"),
    [
        ("http", "https://x", True),
        ("http", "sftp://x", False),
        ("sftp", "sftp://x", True),
        ("sftp", "https://x", False),
        ("database", "mariadb://x", True),
        ("database", "https://x", False),
    ],
)
def test_a_connection_has_to_fit_the_transport(make, transport, address, fits):
    pulls = {
        "http": 'path = "/"',
        "sftp": 'folder = "/"\nfile = "*"',
        "database": 'view = "v"\ncolumns = { bh = "bh", xm = "xm", sfzh = "sfzh", gxsj = "gxsj" }',
    }
    platform = make(
        pulls[transport], transport=transport, records='["data"]' if transport == "http" else "[]"
    )
    assert (misfit(platform, Connection(address)) == "") == fits
