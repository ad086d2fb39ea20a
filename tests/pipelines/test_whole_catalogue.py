"""Two nights of the whole catalogue. Mirrors no module.

A small city has one good night of all platforms, by the whole command: no personal value leaves its tables. On the second, three
platforms are down, each in its own way: one that the site asks itself refuses the connection, one hands out its login page
instead of the export, and of one comes a workbook that would kill its parser.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import socket
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
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
def good(enter_once, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The site after its good night, whose second waits in the inbox; and what the night said to the clerk."""
    root = tmp_path_factory.mktemp("whole") / "site"
    make_city(root, residents=300, nights=2, seed=3)
    first, second = sorted((root / "inbox").iterdir())
    first.rename(_inbox(root, TODAY - timedelta(days=1))), second.rename(_inbox(root, TODAY))
    ran = enter_once("nightly", "--site", root, "--night", TODAY - timedelta(days=1))
    assert ran.status == 0, ran.err
    return root, ran


def _inbox(root: Path, night: date) -> Path:
    return root / "inbox" / night.isoformat()


@pytest.fixture(scope="module")
def said(good: tuple[Path, Any]) -> dict[str, Any]:
    """The report of the good night, which is what `--json` prints."""
    (report,) = (good[0] / "reports").glob("*.json")
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def bad(good: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The second night of a copy of the site, on which three platforms are down."""
    root = shutil.copytree(good[0], tmp_path_factory.mktemp("down") / "site", symlinks=True)
    (file,) = (_inbox(root, TODAY) / "elderly_care").iterdir()
    file.write_text(LOGIN_PAGE, encoding="utf-8")
    (file,) = (_inbox(root, TODAY) / "grid").iterdir()
    file.write_bytes(_far_cell())
    (file,) = (_inbox(root, TODAY) / "one_table").iterdir()
    file.unlink()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with (root / "site.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[connections.one_table]\naddress = "http://127.0.0.1:{port}"\nuser = "u"\n')
        settings.write(f'secret = "file:{root / "secret.key"}"\n')
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pipelines.night.read_platforms", _impatient)
        with open_night(root, TODAY) as opened:
            for step in STEPS:
                run_step(opened, step)
    return opened


def silent(one: Mapping[str, Any]) -> bool:
    """Whether nothing ever came of a platform of the report."""
    return bool(one["status"] == "missing" and one["age"] is None)


def test_every_platform_has_its_good_night(said):
    assert len(said["platforms"]) >= 85
    # A small city may have nobody for one of them, and then it sends nothing.
    assert {one["status"] for one in said["platforms"].values() if not silent(one)} == {"staged"}


NUMBERS = r"[0-9-]+[X0-9]"


def pieces(runs: str, text: str, sizes: set[int]) -> set[str]:
    """Every stretch of these lengths inside the runs of a text: looked through once, however many values are sought."""
    return {
        run[at : at + size]
        for run in set(re.findall(runs, text))
        for size in sizes
        for at in range(len(run) - size + 1)
    }


def test_no_personal_value_of_a_city_leaves_its_tables(good, enter_once):
    site, ran = good
    people = pq.read_table(site / "truth" / "residents.parquet").to_pydict()
    numbers = {str(value) for name in ("id_number", "phone") for value in people[name] if value}
    names = {value for value in people["name"] if value and len(value) > 2}
    assert len(numbers | names) > 600
    texts = [ran.out.encode(), ran.err.encode()]
    texts += [
        file.read_bytes()
        for folder in ("reports", "dagster")
        for file in (site / folder).rglob("*")
        if file.is_file()
    ]
    assert len(texts) > 6
    for text in texts:
        said = text.decode("utf-8", "ignore")
        assert not numbers & pieces(NUMBERS, said, {len(one) for one in numbers})
        assert not names & pieces(r"[\u3400-\u9fff]+", said, {len(one) for one in names})
    assert all(one in pieces(NUMBERS, f"a{one}b", {len(one)}) for one in numbers)  # each would be found
    score = enter_once("score", "--site", site, "--json")
    assert score.status == 0
    assert score.found["pairs"]["precision"] > 0.99
    assert score.found["pairs"]["recall"] > 0.9


def test_all_but_the_three_complete_and_each_of_these_says_why(said, bad):
    for slug, outcome in bad.outcomes.items():
        if slug in DOWN:
            status, words = DOWN[slug]
            assert outcome.status == status and words in outcome.message, outcome.message
        elif not silent(said["platforms"][slug]):
            assert outcome.status in ("staged", "unchanged") and outcome.age == 0, (slug, outcome.message)
            assert outcome.balanced
    assert bad.status == "partial" and bad.stopped == frozenset(DOWN)


def test_the_three_are_shown_stale_with_their_age_wherever_a_person_looks(bad, enter_once):
    found = summary(bad)
    assert {slug: found["platforms"][slug]["age"] for slug in DOWN} == dict.fromkeys(DOWN, 1)
    terminal = tell(found, "zh").splitlines()
    page = files(bad).quality.read_text(encoding="utf-8")
    listed = enter_once("platform", "list", "--site", bad.site.root, "--lang", "zh").out.splitlines()
    for slug in DOWN:
        for lines in (terminal, listed):
            (line,) = [line for line in lines if line.split()[:1] == [slug]]
            assert "1 夜前" in line
    assert page.count("1 夜前") == len(DOWN)


def test_what_the_three_said_before_stays_in_force(said, bad):
    assert {slug: bad.outcomes[slug].age for slug in DOWN} == dict.fromkeys(DOWN, 1)
    assert all(said["platforms"][slug]["staged"] for slug in DOWN)
    written = {folder.name for folder in (bad.site.outbox / TODAY.isoformat()).iterdir()}
    assert written and written.isdisjoint(DOWN)
