"""Writing a batch into a real PostgreSQL and a real MariaDB: all of it once, or nothing of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from servers import PASSWORD, Database, started
from sqlalchemy.exc import OperationalError

from connectors.platform import Platform
from connectors.send import Parcel, knock
from connectors.send.database import _Visit
from warehouse.site import Site

Page = Callable[..., Platform]
MakeParcel = Callable[..., Parcel]
COLUMNS = 'columns = { bh = "id", xm = "name", sjh = "mobile", dz = "addr" }'
SEND = f'transport = "database"\ntable = "people"\nbatches = "arrivals"\nbudget_seconds = 60\n{COLUMNS}'


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A table of people whose mobile is a number, and a table of batches, for a writer."""
    for running in started(request.param):
        writer = "reader" if running.scheme == "postgresql" else "reader@'127.0.0.1'"
        number = "gen_random_uuid()::text" if running.scheme == "postgresql" else "uuid()"
        engine = "" if running.scheme == "postgresql" else " engine=InnoDB"
        running.admin(
            f"create table people (id varchar(40) primary key default ({number}), name varchar(20) not null, mobile bigint, addr varchar(9)){engine}",
            f"create table arrivals (batch varchar(60) primary key, at timestamp default current_timestamp){engine}",
            f"create table loose (batch varchar(60)){engine}",
            *(
                f"grant select, insert, update on {table} to {writer}"
                for table in ("people", "arrivals", "loose")
            ),
        )
        yield running


@pytest.fixture
def people(database: Database) -> Iterator[Database]:
    """Two of the three people of a batch; the third one is not there."""
    database.admin("insert into people values ('K1', '张一', null, '旧'), ('K2', '张二', 1, null)")
    yield database
    database.admin("delete from people", "delete from arrivals")


@pytest.fixture
def opened(
    people: Database, connect: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Site]:
    def opened(**more: str) -> Site:
        monkeypatch.setenv("PEER_SECRET", PASSWORD)
        return connect(more.pop("address", people.address), **{"user": "reader", **more})

    return opened


def rows(people: Database, query: str = "select id, name, mobile, addr from people order by id") -> list[Any]:
    return people.query(query)


ONCE = [("K1", "张一", 13800000001, "旧"), ("K2", "张二", 13800000002, None)]


def test_changed_cells_are_written_and_no_others_together_with_the_batch(
    world: Any, page: Page, parcel: MakeParcel, people: Database, opened: Any
) -> None:
    made = parcel(page(SEND))
    heard = world.hear(opened(), made)
    # The name stands beside the phone in the template; it does not change, and is not written.
    assert rows(people) == ONCE
    assert (heard.fates, heard.refused) == (["took"] * 3, [(2, "表里没有这个编号")])
    assert rows(people, "select batch from arrivals") == [(world.BATCH,)]
    people.admin("update people set mobile = 7")
    assert world.hear(opened(), made).fates == ["took"] * 3  # it is there already, and is not written again
    assert [row[2] for row in rows(people)] == [7, 7]


def test_a_row_that_is_not_there_is_inserted_only_where_the_page_says_so(
    world: Any, page: Page, parcel: MakeParcel, people: Database, opened: Any
) -> None:
    heard = world.hear(opened(), parcel(page(SEND + '\nmissing = "insert"')))
    assert heard.refused == [] and rows(people)[2] == ("K3", "张K3", 13800000003, None)


def test_a_newcomer_is_numbered_by_the_table_itself(
    world: Any, page: Page, parcel: MakeParcel, people: Database, opened: Any
) -> None:
    made = parcel(page(SEND + '\nmissing = "insert"'), newcomer="13900000009")
    for _ in range(2):
        assert world.hear(opened(), made).fates == ["took"] * 4
    found = people.query("select id, mobile from people where name = '张新'")
    assert len(found) == 1 and found[0][1] == 13900000009 and len(found[0][0]) == 36


def test_a_row_that_the_table_refuses_costs_itself_alone_and_nothing_is_cut_to_fit(
    world: Any, page: Page, parcel: MakeParcel, people: Database, opened: Any
) -> None:
    heard = world.hear(opened(), parcel(page(SEND), K1="no number", K2="13800000002"))
    ((at, words),) = heard.refused
    assert at == 0 and words and heard.fates == ["took"] * 2
    assert [row[2] for row in rows(people)] == [None, 13800000002]


@pytest.mark.parametrize(
    "cut", ["between_rows", "before_commit", "after_commit", "after_commit_for_good", "after_commit_then_no"]
)
def test_a_line_that_is_cut_anywhere_applies_the_batch_once(
    world: Any,
    page: Page,
    parcel: MakeParcel,
    people: Database,
    opened: Any,
    monkeypatch: pytest.MonkeyPatch,
    cut: str,
) -> None:
    send = (
        SEND.replace("= 60", "= 6") if cut == "after_commit_for_good" else SEND
    )  # it is tried until time is up
    made, faults = parcel(page(send), K1="13800000001", K2="13800000002"), [True]
    row, commit, take = _Visit._write_row, sa.Connection.commit, _Visit._take_name

    def fail() -> None:
        if faults:
            faults.clear()
            raise OperationalError("lost", {}, Exception())

    def commits(self: sa.Connection) -> None:
        if cut == "before_commit":
            fail()
        commit(self)
        if cut.startswith("after_commit"):
            fail()

    def writes(self: _Visit, con: sa.Connection, one: Any) -> str | None:
        if cut == "between_rows" and one.key == "K2":
            fail()
        return row(self, con, one)

    def takes(self: _Visit, con: sa.Connection) -> None:
        if cut == "after_commit_for_good" and not faults:
            raise OperationalError("lost", {}, Exception())
        if cut == "after_commit_then_no" and not faults:
            raise OperationalError("no", {}, Exception(1142))
        take(self, con)

    monkeypatch.setattr(_Visit, "_write_row", writes)
    monkeypatch.setattr(sa.Connection, "commit", commits)
    monkeypatch.setattr(_Visit, "_take_name", takes)
    heard = world.hear(opened(), made)
    assert heard.fates == ["doubtful" if cut.startswith("after_commit_") else "took"] * 2
    assert rows(people) == ONCE
    monkeypatch.setattr(_Visit, "_take_name", take)
    again = parcel(page(SEND), again=True, K1="13800000001", K2="13800000002")
    assert world.hear(opened(), again).fates == ["took"] * 2


def test_a_batch_of_an_earlier_run_is_asked_about_and_its_name_given_back(
    world: Any, page: Page, parcel: MakeParcel, people: Database, opened: Any, dead_port: int
) -> None:
    again = parcel(page(SEND), again=True)
    before = rows(people)
    brief = parcel(page(SEND.replace("= 60", "= 2")), again=True)
    assert world.hear(opened(), again).fates == ["missed"] * 3
    assert rows(people) == before and rows(people, "select * from arrivals") == []
    dead = people.address.replace(str(people.port), str(dead_port))
    assert world.hear(opened(address=dead), brief).fates == ["doubtful"] * 3


def test_asking_waits_for_a_transaction_that_has_not_ended(
    world: Any, page: Page, parcel: MakeParcel, people: Database, opened: Any
) -> None:
    with people.connect("city") as held, held.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute(f"insert into arrivals (batch) values ('{world.BATCH}')")
        ending = Thread(target=lambda: (time.sleep(1), cursor.execute("commit")))
        ending.start()
        assert world.hear(opened(), parcel(page(SEND), again=True)).fates == ["took"] * 3
        ending.join()


def test_what_cannot_be_kept_is_not_begun(
    world: Any, page: Page, parcel: MakeParcel, people: Database, opened: Any
) -> None:
    before = rows(people)
    stories = {
        "可以重复": page(SEND.replace('"arrivals"', '"loose"')),
        "nobody": page(SEND.replace('"people"', '"nobody"')),
    }
    for says, platform in stories.items():
        heard = world.hear(opened(), parcel(platform))
        assert heard.fates == ["missed"] * 3 and says in heard.problem, says
    people.admin("alter table arrivals add source varchar(9) not null" + (
        " default ''" if people.scheme != "postgresql" else ""
    ))  # fmt: skip
    people.admin("alter table arrivals alter column source drop default")
    heard = world.hear(opened(), parcel(page(SEND)))
    people.admin("alter table arrivals drop column source")
    assert heard.fates == ["missed"] * 3 and "默认值" in heard.next_move
    assert rows(people) == before


def test_a_table_without_transactions_is_refused(
    world: Any, page: Page, parcel: MakeParcel, people: Database, opened: Any
) -> None:
    if people.scheme == "postgresql":
        return  # it has no such tables
    people.admin("alter table people engine=MyISAM")
    heard = world.hear(opened(), parcel(page(SEND)))
    people.admin("alter table people engine=InnoDB")
    assert heard.fates == ["missed"] * 3 and "没有事务" in heard.problem


def test_knocking_writes_nothing(page: Page, people: Database, opened: Any) -> None:
    before = rows(people)
    assert knock(opened(), page(SEND)) == ""
    assert "nobody" in knock(opened(), page(SEND.replace('"people"', '"nobody"')))
    assert "people" in knock(opened(), page(SEND.replace('"mobile"', '"mobil"')))
    assert "env:PEER_SECRET" in knock(opened(user="nobody"), page(SEND))
    assert rows(people) == before and rows(people, "select * from arrivals") == []
