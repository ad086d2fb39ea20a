"""The ledger: lines are added, never changed, and a change of any kind is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.ledger import Cell, Ledger, open_ledger
from warehouse.site import Site

SECRET = "她是张伟的母亲，电话 13800000001"


@pytest.fixture
def ledger(site: Site) -> Iterator[Ledger]:
    with open_ledger(site) as opened:
        opened.append("note", {"about": "开始"})
        opened.judge("a", "b", "same", by="wang", because=SECRET, seen="f1", points=12.5, model="resident")
        opened.append("prepared", {"of": "grid"}, [Cell("a", "phone", "d1"), Cell("b", "phone", "d2")])
        opened.append("note", {"about": "结束"})
        yield opened


def forge(site: Site, *statements: str) -> None:
    """What somebody with the file and no scruples does: the triggers go first."""
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
    site: Site, ledger: Ledger, table: str, statement: str
) -> None:
    with sqlite3.connect(site.ledger) as con, pytest.raises(sqlite3.IntegrityError, match="append-only"):
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
    site: Site, ledger: Ledger, statement: str, seq: int, problem: str
) -> None:
    forge(site, statement)
    fault = ledger.verify()
    assert fault is not None
    assert fault.seq == seq
    assert problem in fault.problem


def test_a_cut_off_end_is_found_by_the_head_noted_elsewhere(site: Site, ledger: Ledger) -> None:
    head = ledger.head()
    forge(site, "delete from line where seq = 4")
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


def test_only_a_verdict_can_be_undone_and_only_two_records_judged(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="第 1 行不是裁定"):
        ledger.undo(1, by="li", because="x")
    with pytest.raises(ValueError, match="两条不同的记录"):
        ledger.judge("a", "a", "same", by="li", because="x", seen="f")
    assert len(ledger.lines()) == 4


def test_a_line_that_cannot_be_written_whole_is_not_written_at_all(ledger: Ledger) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        ledger.append("prepared", {}, [Cell("a", "phone", "d1"), Cell("a", "phone", "d2")])
    assert len(ledger.lines()) == 4
    assert ledger.verify() is None


def test_two_open_ledgers_continue_one_chain(site: Site, ledger: Ledger) -> None:
    with open_ledger(site) as other:
        for turn in range(6):
            (ledger, other)[turn % 2].append("note", {"turn": turn})
    assert [line.seq for line in ledger.lines()] == list(range(1, 11))
    assert ledger.verify() is None
    assert site.ledger.stat().st_mode & 0o777 == 0o600


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40)
@given(st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=3), max_size=4))
def test_any_body_comes_back_as_it_was_and_keeps_the_chain_whole(bodies: list[dict[str, object]]) -> None:
    con = sqlite3.connect(":memory:", isolation_level=None)
    ledger = Ledger(con, b"k" * 32)
    for body in bodies:
        ledger.append("any", body)
    assert [line.body for line in ledger.lines("any")] == bodies
    assert ledger.verify() is None
    con.close()


def test_the_newest_lines_are_those_of_one_kind_by_one_person_if_so_asked(ledger: Ledger) -> None:
    said = (("shown", "mei"), ("look", "bo"), ("shown", "bo"), ("look", "mei"))
    one, two, three, four = (ledger.append(kind, {"by": by}) for kind, by in said)
    assert [line.seq for line in ledger.newest(3)] == [four, three, two]
    assert [line.seq for line in ledger.newest(9, "shown")] == [three, one]
    assert [line.seq for line in ledger.newest(9, "shown", "mei")] == [one]
    assert ledger.newest(9, by="nobody") == []
