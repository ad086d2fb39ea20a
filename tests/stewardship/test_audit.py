"""The audit: a chain like the ledger's, and both proven together."""

from __future__ import annotations

import sqlite3

from stewardship.audit import note, open_audit, prove_books
from warehouse.ledger import open_ledger
from warehouse.site import Site


def fill(site: Site) -> None:
    with open_audit(site) as book:
        note(book, "login", "wang")
        note(book, "shown", "wang", because="电话核实 13900000001")
        note(book, "viewed", "wang", case="c1", full=1)
    with open_ledger(site) as ledger:
        ledger.judge("a", "b", "same", by="wang", because="", seen="f")


def test_both_books_are_whole_and_a_reason_stands_beside_the_chain(site: Site) -> None:
    fill(site)
    assert [(one.book, one.lines, one.fault) for one in prove_books(site)] == [
        ("ledger", 1, None),
        ("audit", 3, None),
    ]
    with open_audit(site) as book:
        line = book.lines("shown")[0]
        assert "13900000001" not in str(line)
        assert book.recall(line.body["because"]) == "电话核实 13900000001"
    assert site.audit.stat().st_mode & 0o777 == 0o600


def test_the_first_bad_line_is_named(site: Site) -> None:
    fill(site)
    with sqlite3.connect(site.audit) as con:
        con.execute("drop trigger line_update")
        con.execute("update line set body = replace(body, 'wang', 'li') where seq = 2")
    ledger, audit = prove_books(site)
    assert ledger.fault is None
    assert audit.fault is not None and audit.fault.seq == 2
