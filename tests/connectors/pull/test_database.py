"""Views of a real PostgreSQL and a real MariaDB, each started for this file on a free port of loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date as Day
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from servers import PASSWORD, Database, started

from connectors.land import cells_path, pull_all, pulls
from connectors.platform import Platform
from connectors.pull import ask
from warehouse.site import Site

pytestmark = pytest.mark.usefixtures("read_here")

HOSTILE = 'a"` int); drop table people; --'

Make = Callable[..., Platform]
Connect = Callable[..., Site]


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with a table of people, a view of it, and a reader who may not see the view's last column."""
    for running in started(request.param):
        number = "numeric(20, 0)" if request.param == "postgresql" else "decimal(20, 0)"
        running.admin(
            f"create table people (bh varchar(20), xm varchar(20), sfzh {number}, gxsj timestamp null,"
            f" bz varchar(20), {running.quoted(HOSTILE).replace('%', '%%')} varchar(20))",
            "create view v_people as select * from people",
            "create view v_denied as select * from people",
            f"grant select (bh, xm, sfzh, gxsj, {running.quoted(HOSTILE)}) on v_people to {reader(request.param)}",
        )
        yield running


def reader(scheme: str) -> str:
    return "reader" if scheme == "postgresql" else "reader@'127.0.0.1'"


@pytest.fixture
def people(database: Database) -> Iterator[Database]:
    """Three people, inserted out of order; the second has nothing but a key."""
    database.admin(
        "insert into people values ('K2', null, null, null, 'secret remark', null),"
        " ('K1', '𠮷大\"伟\\', 330106198001011234, '2026-10-01 08:00:00', 'secret remark', 'x'),"
        " ('K3', '王敏', 110101199003071234, '2026-10-05 09:30:00', 'secret remark', 'y')"
    )
    yield database
    database.admin("delete from people")


COLUMNS = 'columns = { bh = "bh", xm = "xm", sfzh = "sfzh", gxsj = "gxsj" }'
VIEW = f'view = "v_people"\n{COLUMNS}'


def platform_of(make: Make, pull: str = VIEW) -> Platform:
    return make(pull, transport="database", records="[]", accounted="forbidden")


def site_of(connect: Connect, database: Database, **more: str) -> Site:
    stated = {"address": database.address, "user": "reader", "secret": "env:PEER_SECRET", **more}
    return connect(trial=stated)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEER_SECRET", PASSWORD)


def asked(site: Site, platform: Platform, folder: Path, start: str = "") -> dict[str, Any]:
    (folder / "fetched").mkdir(exist_ok=True)
    return ask(site, platform, start, "", folder / "fetched", False)


def test_rows_land_with_the_type_of_their_column_and_nothing_that_was_not_asked_for(people, make, connect):
    night = Day(2026, 11, 1)
    site, platform = site_of(connect, people), platform_of(make)
    (pull,) = pull_all(site, {"trial": platform}, night, today=night)
    assert (pull.status, pull.rows, pull.source) == ("landed", 4, "trial.json")
    landed = pq.read_table(cells_path(site, pull)).to_pylist()
    assert [row["cells"] for row in landed] == [
        ["bh", "xm", "sfzh", "gxsj", "bz"],
        ["K1", '𠮷大"伟\\', "330106198001011234", "2026-10-01 08:00:00", ""],
        ["K2", "", "", "", ""],
        ["K3", "王敏", "110101199003071234", "2026-10-05 09:30:00", ""],
    ]
    # An ID number kept in a column of numbers is a number cell, which is never trusted.
    assert [row["types"] for row in landed[1:]] == ["ssns.", "s....", "ssns."]
    assert [one.status for one in pull_all(site, {"trial": platform}, night, today=night)] == ["unchanged"]
    kept = b"".join(path.read_bytes() for path in site.root.rglob("*") if path.is_file())
    assert b"secret remark" not in kept and PASSWORD.encode() not in kept
    assert PASSWORD not in repr(pulls(site))


def test_a_name_that_looks_like_a_statement_is_only_a_name(people, make, connect, tmp_path):
    columns = COLUMNS.replace('xm = "xm"', f"xm = {json.dumps(HOSTILE)}")
    answer = asked(site_of(connect, people), platform_of(make, f'view = "v_people"\n{columns}'), tmp_path)
    assert answer.get("rows") == 3, answer
    view = f"view = {json.dumps(HOSTILE)}\n{COLUMNS}"
    assert "没有" in asked(site_of(connect, people), platform_of(make, view), tmp_path)["problem"][0]
    assert asked(site_of(connect, people), platform_of(make), tmp_path)["rows"] == 3


def test_many_rows_come_in_several_documents_and_in_the_order_of_their_key(database, make, connect, tmp_path):
    many = [f"('N{number:06d}', '王敏', {number}, null, null, null)" for number in range(12_001)]
    database.admin("insert into people values " + ",".join(reversed(many)))
    try:
        answer = asked(site_of(connect, database), platform_of(make), tmp_path)
    finally:
        database.admin("delete from people")
    text = Path(answer["file"]).read_text(encoding="utf-8")
    assert answer["rows"] == 12_001 and text.count("]\n[") == 2
    assert text.startswith('[{"bh":"N000000"') and '"bh":"N012000"' in text


def test_only_what_changed_is_asked_for_when_the_platform_says_when(people, make, connect, tmp_path):
    since = 'since = { column = "gxsj", overlap_minutes = 0 }'
    platform, site = platform_of(make, f"{VIEW}\n{since}"), site_of(connect, people)
    whole = asked(site, platform, tmp_path)
    assert (whole["rows"], whole["cursor"]) == (3, "2026-10-05 09:30:00")
    some = asked(site, platform, tmp_path, "2026-10-05 09:30:00")
    assert (some["rows"], some["cursor"]) == (1, "2026-10-05 09:30:00")
    assert asked(site, platform, tmp_path, "2026-10-05 09:30:01")["rows"] == 0


REFUSALS = {
    "a wrong password": ({"secret": "env:WRONG_SECRET"}, VIEW, ("不接受登录", "env:WRONG_SECRET")),
    "no password": ({"secret": ""}, VIEW, ("不接受登录", "secret（没有写）")),
    "another user": ({"user": "nobody"}, VIEW, ("不接受登录", "[connections.trial]")),
    "no such view": ({}, VIEW.replace("v_people", "v_none"), ("视图 v_none", "view")),
    "no such column": (
        {},
        VIEW.replace('"xm" ', '"xn" ').replace('= "xm"', '= "xn"'),
        ("列", "columns"),
    ),
    "no right to the view": (
        {},
        VIEW.replace("v_people", "v_denied"),
        ("没有读取视图 v_denied 的权限", "只读权限"),
    ),
    "no right to a column": ({}, VIEW.replace('xm = "xm"', 'xm = "bz"'), ("没有读取视图 v_people 的权限",)),
}


@pytest.mark.parametrize("story", REFUSALS)
def test_a_refusal_says_what_to_check_and_never_the_secret(
    people, make, connect, tmp_path, monkeypatch, story
):
    more, pull, says = REFUSALS[story]
    monkeypatch.setenv("WRONG_SECRET", "another-secret")
    told = asked(
        site_of(connect, people, **more), platform_of(make, f"{pull}\nbudget_seconds = 20"), tmp_path
    )
    words = "".join(told["problem"])
    assert all(part in words for part in says), words
    assert "another-secret" not in words and PASSWORD not in words
    assert not list((tmp_path / "fetched").iterdir())


def test_a_view_that_takes_too_long_ends_with_the_budget(people, make, connect, tmp_path):
    sleep = "pg_sleep(60)::varchar" if people.scheme == "postgresql" else "sleep(60)"
    columns = "select bh, xm, sfzh, gxsj from people"
    people.admin(
        f"create view v_slow as {columns.replace('xm', f'{sleep} as xm', 1)}",
        f"grant select on v_slow to {reader(people.scheme)}",
    )
    pull = f"{VIEW.replace('v_people', 'v_slow')}\nbudget_seconds = 2"
    try:
        told = asked(site_of(connect, people), platform_of(make, pull), tmp_path)
    finally:
        people.admin("drop view v_slow")
    assert "超过时间预算" in told["problem"][0]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # a view of MariaDB cannot write
def test_a_view_that_would_write_is_refused(database, make, connect, tmp_path):
    database.admin(
        "create sequence counted",
        "create view v_writes as select nextval('counted')::text as bh, '' as xm, 0 as sfzh, null as gxsj",
        "grant select on v_writes to reader; grant usage on sequence counted to reader",
    )
    pull = VIEW.replace("v_people", "v_writes")
    told = asked(site_of(connect, database), platform_of(make, pull), tmp_path)
    assert "会改写数据" in told["problem"][0]


def test_a_database_without_encryption_is_refused_where_encryption_is_asked_for(
    database, make, connect, tmp_path, certificate
):
    site = site_of(connect, database, ca=f"file:{certificate / 'cert.pem'}")
    told = asked(site, platform_of(make, f"{VIEW}\nbudget_seconds = 20"), tmp_path)
    assert "加密" in told["problem"][0] and "ca" in told["problem"][1]


def test_a_database_that_is_down_is_said_to_be(make, connect, tmp_path, dead_port):
    for scheme in ("postgresql", "mysql", "mariadb"):
        down = Database(scheme, dead_port, lambda *_: None, lambda *_: None)
        told = asked(site_of(connect, down), platform_of(make, f"{VIEW}\nbudget_seconds = 2"), tmp_path)
        assert "连不上数据库" in told["problem"][0] and "下一夜再取" in told["problem"][1]


def test_a_platform_without_rows_comes_back_as_an_empty_list(database, make, connect, tmp_path):
    answer = asked(site_of(connect, database), platform_of(make), tmp_path)
    assert answer["rows"] == 0 and Path(answer["file"]).read_text() == "[]\n"
