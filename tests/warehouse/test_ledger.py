"""The ledger: lines are added, never changed, and a change of any kind is found; in its file and in a real PostgreSQL alike."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import PASSWORD, Database, keep_ledger, started

from warehouse.books import Unreachable
from warehouse.ledger import Cell, Ledger, move_ledger, open_chain, open_ledger
from warehouse.served import NOT_ALLOWED, OUT_OF_ORDER
from warehouse.site import Site, SiteError, read_site

SECRET = "她是张伟的母亲，电话 13800000001"


@dataclass
class Server:
    """A PostgreSQL server that each test gets a database of."""

    running: Database
    names: Iterator[int] = field(default_factory=count)

    def serves(self, site: Site) -> Site:
        """The same site, its ledger in a database of its own."""
        keep_ledger(self.running, site.root, f"ledger{next(self.names)}")
        return read_site(site.root)


def database_of(site: Site) -> str:
    assert site.ledger_at is not None
    return site.ledger_at.parts.path.strip("/")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LEDGER_PASSWORD", PASSWORD)
        for running in started("postgresql"):
            yield Server(running)


@pytest.fixture
def served(site: Site, server: Server) -> Site:
    return server.serves(site)


@pytest.fixture(params=["file", "postgresql"])
def kept(request: pytest.FixtureRequest, site: Site) -> Site:
    """A site that keeps its ledger in a file, or in a database."""
    return site if request.param == "file" else request.getfixturevalue("served")


@pytest.fixture
def ledger(kept: Site) -> Iterator[Ledger]:
    with open_ledger(kept) as opened:
        opened.append("note", {"about": "开始"})
        opened.judge("a", "b", "same", by="wang", because=SECRET, seen="f1", points=12.5, model="resident")
        opened.append("prepared", {"of": "grid"}, [Cell("a", "phone", "d1"), Cell("b", "phone", "d2")])
        opened.append("note", {"about": "结束"})
        yield opened


def forge(request: pytest.FixtureRequest, *statements: str) -> None:
    """What somebody with the file, or the database, and no scruples does: the triggers go first."""
    site = request.getfixturevalue("kept")
    if site.ledger_at is not None:
        off = [f"alter table {table} disable trigger user" for table in ("line", "cell")]
        request.getfixturevalue("server").running.admin(*off, *statements, database=database_of(site))
        return
    with sqlite3.connect(site.ledger) as con:
        for trigger in ("line_update", "line_delete", "cell_update", "cell_delete"):
            con.execute(f"drop trigger {trigger}")
        for statement in statements:
            con.execute(statement)


def test_a_ledger_nobody_touched_is_whole(ledger: Ledger) -> None:
    assert ledger.verify() is None
    assert ledger.verify(ledger.head()) is None
    assert [line.kind for line in ledger.lines()] == ["note", "verdict", "prepared", "note"]


@pytest.mark.parametrize("table", ["line", "cell"])
@pytest.mark.parametrize("statement", ["delete from {}", "update {} set seq = seq + 10"])
def test_the_database_itself_refuses_to_change_a_line(
    request: pytest.FixtureRequest, kept: Site, ledger: Ledger, table: str, statement: str
) -> None:
    with pytest.raises(NOT_ALLOWED, match="append-only"):
        if kept.ledger_at is not None:
            running = request.getfixturevalue("server").running
            running.admin(statement.format(table), database=database_of(kept))
        else:
            with sqlite3.connect(kept.ledger) as con:
                con.execute(statement.format(table))


@pytest.mark.parametrize(
    ("statement", "seq", "problem"),
    [
        ("update line set body = replace(body, 'same', 'different') where seq = 2", 2, "changed"),
        ("update line set at = '2020-01-01' where seq = 3", 3, "changed"),
        ("update line set kind = 'other' where seq = 1", 1, "changed"),
        ("update line set prev = hash where seq = 4", 4, "follow"),
        ("delete from line where seq = 2", 2, "missing"),
        ("delete from line where seq = 1", 1, "missing"),
        ("update cell set digest = 'dx' where record_id = 'b'", 3, "cells"),
        ("delete from cell where record_id = 'b'", 3, "cells"),
        ("insert into cell values (4, 'c', 'phone', 'd3', '', '')", 4, "cells"),
        ("insert into cell values (3, 'c', 'phone', 'd3', '', '')", 3, "cells"),
    ],
)
def test_a_forged_line_is_found_at_its_number(
    request: pytest.FixtureRequest, ledger: Ledger, statement: str, seq: int, problem: str
) -> None:
    forge(request, statement)
    fault = ledger.verify()
    assert fault is not None
    assert fault.seq == seq
    assert problem in fault.problem


def test_a_cut_off_end_is_found_by_the_head_noted_elsewhere(
    request: pytest.FixtureRequest, ledger: Ledger
) -> None:
    head = ledger.head()
    forge(request, "delete from line where seq = 4")
    assert ledger.verify() is None
    fault = ledger.verify(head)
    assert fault is not None
    assert fault.seq == 4


def test_a_personal_text_can_be_erased_and_the_chain_stays_whole(site: Site, ledger: Ledger) -> None:
    (verdict,) = ledger.verdicts()
    assert verdict.because == SECRET
    assert SECRET not in "".join(str(line) for line in ledger.lines())
    ledger.erase(str(ledger.lines("verdict")[0].body["because"]))
    assert ledger.verdicts()[0].because is None
    assert ledger.verify() is None


def test_the_latest_verdict_on_a_pair_stands_whichever_side_is_named_first(ledger: Ledger) -> None:
    ledger.judge("b", "a", "different", by="li", because="两人", seen="f2")
    assert [(v.left, v.right, v.verdict) for v in ledger.verdicts()] == [("a", "b", "different")]


def test_undo_brings_back_what_was_said_before(ledger: Ledger) -> None:
    later = ledger.judge("a", "b", "different", by="li", because="两人", seen="f2")
    ledger.undo(later, by="li", because="看错了")
    assert [(v.verdict, v.by) for v in ledger.verdicts()] == [("same", "wang")]
    ledger.undo(ledger.verdicts()[0].seq, by="wang", because="撤回")
    assert ledger.verdicts() == []
    assert ledger.verify() is None


def test_a_personal_text_that_was_pasted_with_a_nul_is_kept_without_it(ledger: Ledger) -> None:
    seq = ledger.judge("a", "c", "same", by="wang", because="见过\0面", seen="f")
    assert [one.because for one in ledger.verdicts() if one.seq == seq] == ["见过面"]


def test_only_a_verdict_can_be_undone_and_only_two_records_judged(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="第 1 行不是裁定"):
        ledger.undo(1, by="li", because="x")
    with pytest.raises(ValueError, match="两条不同的记录"):
        ledger.judge("a", "a", "same", by="li", because="x", seen="f")
    assert len(ledger.lines()) == 4


def test_a_line_that_cannot_be_written_whole_is_not_written_at_all(ledger: Ledger) -> None:
    with pytest.raises(NOT_ALLOWED):
        ledger.append("prepared", {}, [Cell("a", "phone", "d1"), Cell("a", "phone", "d2")])
    assert len(ledger.lines()) == 4
    assert ledger.verify() is None


def test_two_open_ledgers_continue_one_chain(kept: Site, ledger: Ledger) -> None:
    with open_ledger(kept) as other:
        for turn in range(6):
            (ledger, other)[turn % 2].append("note", {"turn": turn})
    assert [line.seq for line in ledger.lines()] == list(range(1, 11))
    assert ledger.verify() is None
    if kept.ledger_at is None:
        assert kept.ledger.stat().st_mode & 0o777 == 0o600
    else:
        assert not kept.ledger.exists()


def test_writers_at_the_same_time_keep_one_chain(kept: Site, ledger: Ledger) -> None:
    def writes(name: str) -> None:
        with open_ledger(kept) as own:
            for turn in range(8):
                own.append("note", {"by": name, "turn": turn}, [Cell(f"记录{turn}", "phone", name)])

    writers = [threading.Thread(target=writes, args=(name,)) for name in "abc"]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert [line.seq for line in ledger.lines()] == list(range(1, 4 + 3 * 8 + 1))
    assert ledger.verify() is None
    for name in "abc":
        own = [line.body["turn"] for line in ledger.lines("note", after=4) if line.body["by"] == name]
        assert own == list(range(8))


@settings(max_examples=15)
@given(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), unique=True, max_size=5))
def test_cells_come_back_in_the_order_of_their_code_points(
    shared: Ledger, places: list[tuple[str, str]]
) -> None:
    places = [(record.replace("\0", ""), field.replace("\0", "")) for record, field in places]
    cells = [Cell(record, field, "d") for record, field in dict.fromkeys(places)]
    seq = shared.append("prepared", {}, cells)
    assert list(shared.cells(seq)) == sorted(cells)


@pytest.fixture(scope="module")
def shared(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """One ledger in a database for all examples of a law."""
    from tests.warehouse.conftest import AREA
    from warehouse.site import create_site

    site = create_site(tmp_path_factory.mktemp("shared") / "site", name="望江街道", area=AREA, seed=7)
    with open_ledger(server.serves(site)) as opened:
        yield opened
        assert opened.verify() is None


def test_a_connection_that_breaks_is_made_anew_at_the_next_question(served: Site, server: Server) -> None:
    with open_ledger(served) as ledger:
        ledger.append("note", {})
        server.running.admin(
            f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database_of(served)}'",
            database="postgres",
        )
        with pytest.raises(OUT_OF_ORDER):
            ledger.append("note", {})
        assert ledger.append("note", {}) == 2
        assert ledger.verify() is None


def test_a_database_that_cannot_be_used_is_named_with_what_to_check_and_without_the_password(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for secret in ("wrong-s3cret", ""):
        monkeypatch.setenv("LEDGER_PASSWORD", secret)
        with pytest.raises(Unreachable, match="LEDGER_PASSWORD") as refused, open_ledger(served):
            pass
        assert "wrong-s3cret" not in str(refused.value) and PASSWORD not in str(refused.value)


def test_a_site_that_turns_to_a_database_takes_its_lines_along_as_they_are(
    site: Site, server: Server
) -> None:
    with open_ledger(site) as ledger:
        line = ledger.judge("a", "b", "same", by="wang", because=SECRET, seen="f1")
        ledger.append("prepared", {}, [Cell("b", "phone", "d"), Cell("a", "phone", "d")])
        before, head = ledger.lines(), ledger.head()
    served = server.serves(site)
    with pytest.raises(Unreachable, match="ledger move"), open_ledger(served):
        pass  # else everything that was told would be told again
    assert move_ledger(served) == 2
    with open_ledger(served) as ledger:
        assert (ledger.lines(), ledger.verify(head)) == (before, None)
        assert [one.because for one in ledger.verdicts()] == [SECRET]
        assert ledger.undo(line, by="wang", because="看错了") == 3
    with pytest.raises(Unreachable, match="不是空的"):
        move_ledger(served)


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ('address = "mysql://db.example/enter_once"', "postgresql"),
        ('address = "postgresql://db.example"', "数据库"),
        ('address = "postgresql://u:p@db.example/x"', "不能带用户、密码"),
        ('address = "postgresql://db.example/x"\nsecret = "p4ssword"', "env:变量名"),
        ('address = "postgresql://db.example/x"\nschema = "a"', "schema"),
    ],
)
def test_a_database_that_is_not_stated_as_it_should_be_is_refused(
    site: Site, stated: str, problem: str
) -> None:
    with (site.root / "site.toml").open("a") as toml:
        toml.write(f"[ledger]\n{stated}\n")
    with pytest.raises(SiteError, match=problem):
        read_site(site.root)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40)
@given(st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=3), max_size=4))
def test_any_body_comes_back_as_it_was_and_keeps_the_chain_whole(
    both: list[Ledger], bodies: list[dict[str, object]]
) -> None:
    for ledger in both:
        before = ledger.last()
        for body in bodies:
            ledger.append("any", body)
        assert [line.body for line in ledger.lines("any", after=before)] == bodies
        assert ledger.verify() is None


@pytest.fixture(scope="module")
def both(shared: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Ledger]]:
    """A ledger of either kind for all examples of a law."""
    with open_chain(tmp_path_factory.mktemp("both") / "ledger.sqlite", b"k" * 32) as filed:
        yield [filed, shared]


def test_the_newest_lines_are_those_of_one_kind_by_one_person_if_so_asked(ledger: Ledger) -> None:
    said = (("shown", "mei"), ("look", "bo"), ("shown", "bo"), ("look", "mei"))
    one, two, three, four = (ledger.append(kind, {"by": by}) for kind, by in said)
    assert [line.seq for line in ledger.newest(3)] == [four, three, two]
    assert [line.seq for line in ledger.newest(9, "shown")] == [three, one]
    assert [line.seq for line in ledger.newest(9, "shown", "mei")] == [one]
    assert ledger.newest(9, by="nobody") == []
