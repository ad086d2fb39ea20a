"""A night of the whole catalogue on which three platforms are down, each in its own way. Mirrors no module.

A small city has one good night of all platforms. On the second, one platform that the site asks itself refuses the
connection, one hands out its login page instead of the export, and of one comes a workbook that would kill its parser.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest

from connectors.errors import Unreadable
from connectors.platform import Platform, read_platforms
from pipelines.night import Night, open_night
from pipelines.steps import STEPS, run_step
from pipelines.summary import files, summary, tell
from synthetic_city.city import make_city

TODAY = date.today()
LOGIN_PAGE = "<!doctype html><html><body><form>用户名<input>密码<input type=password></form></body></html>"
DOWN = {
    "one_table": ("unreadable", "连不上平台"),
    "elderly_care": ("unreadable", "登录页面"),
    "grid": ("unreadable", "远在数据区之外"),
}


def _far_cell() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active["A1"], book.active["XFD1048576"] = 1, 1
    book.save(out)
    return out.getvalue()


def _impatient() -> tuple[dict[str, Platform], Mapping[str, Unreadable]]:
    """All platforms; the one that will not answer is given a few seconds."""
    good, bad = read_platforms()
    asked = good["one_table"]
    assert asked.pull is not None
    return good | {"one_table": replace(asked, pull=replace(asked.pull, budget_seconds=2))}, bad


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Night, Night]:
    """The site, its good night and the bad one."""
    root = tmp_path_factory.mktemp("whole") / "site"
    make_city(root, residents=120, nights=2, seed=5)
    first, second = sorted((root / "inbox").iterdir())
    yesterday, today = (root / "inbox" / day.isoformat() for day in (TODAY - timedelta(days=1), TODAY))
    first.rename(yesterday), second.rename(today)
    good = _run(root, "land", "stage", "snapshot")
    (file,) = (today / "elderly_care").iterdir()
    file.write_text(LOGIN_PAGE, encoding="utf-8")
    (file,) = (today / "grid").iterdir()
    file.write_bytes(_far_cell())
    (file,) = (today / "one_table").iterdir()
    file.unlink()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with (root / "site.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[connections.one_table]\naddress = "http://127.0.0.1:{port}"\nuser = "u"\n')
        settings.write(f'secret = "file:{root / "secret.key"}"\n')
    return root, good, _run(root, *STEPS)


def _run(root: Path, *steps: str) -> Night:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pipelines.night.read_platforms", _impatient)
        done = [path.stem for path in (root / "reports").glob("*.json")]
        night = TODAY if (root / "landing" / "manifest.jsonl").exists() else TODAY - timedelta(days=1)
        assert not done
        with open_night(root, night) as opened:
            for name in steps:
                run_step(opened, name)
    return opened


def test_every_platform_has_its_good_night(nights):
    _, good, _ = nights
    assert len(good.outcomes) >= 85
    assert {outcome.status for outcome in good.outcomes.values() if not outcome.silent} == {"staged"}


def test_all_but_the_three_complete_and_each_of_these_says_why(nights):
    _, good, bad = nights
    for slug, outcome in bad.outcomes.items():
        if slug in DOWN:
            status, words = DOWN[slug]
            assert outcome.status == status and words in outcome.message, outcome.message
        elif not good.outcomes[slug].silent:
            assert outcome.status in ("staged", "unchanged") and outcome.age == 0, (slug, outcome.message)
            assert outcome.balanced
    assert bad.status == "partial" and bad.stopped == frozenset(DOWN)


def test_the_three_are_shown_stale_with_their_age_wherever_a_person_looks(nights, enter_once):
    root, _, bad = nights
    found = summary(bad)
    assert {slug: found["platforms"][slug]["age"] for slug in DOWN} == dict.fromkeys(DOWN, 1)
    terminal = tell(found, "zh").splitlines()
    page = files(bad).quality.read_text(encoding="utf-8")
    listed = enter_once("platform", "list", "--site", root, "--lang", "zh").out.splitlines()
    for slug in DOWN:
        for lines in (terminal, listed):
            (line,) = [line for line in lines if line.split()[:1] == [slug]]
            assert "1 夜前" in line
    assert page.count("1 夜前") == len(DOWN)


def test_what_the_three_said_before_stays_in_force(nights):
    root, good, bad = nights
    assert {slug: bad.outcomes[slug].age for slug in DOWN} == dict.fromkeys(DOWN, 1)
    assert all(good.outcomes[slug].staged for slug in DOWN)
    assert not [folder for folder in (root / "outbox").glob("*/*") if folder.name in DOWN]
