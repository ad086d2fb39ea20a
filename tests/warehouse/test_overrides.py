"""Lines of the ledger about single rows: which of them stand, and what the chain knows of people."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

import pytest

from warehouse.ledger import open_ledger
from warehouse.overrides import add, overrides, take_back
from warehouse.site import Site

UNTIL = date(2027, 11, 20)


def said(ledger: Any, **facts: Any) -> int:
    told = {"bad": "锟斤拷", "value": "张伟", "by": "李主任", "because": "查过户口簿", "until": UNTIL}
    return add(ledger, "grid", "0a1b2c", "姓名", **{**told, **facts})


def test_an_override_says_who_why_and_until_when(site: Site) -> None:
    with open_ledger(site) as ledger:
        line = said(ledger)
        (one,) = overrides(ledger)
    assert (one.line, one.action, one.by, one.because) == (line, "fix", "李主任", "查过户口簿")
    assert (one.bad, one.value) == ("锟斤拷", "张伟")
    assert one.stands_on(UNTIL) and not one.stands_on(date(2027, 11, 21))


def test_of_one_row_and_value_the_latest_counts(site: Site) -> None:
    with open_ledger(site) as ledger:
        said(ledger)
        second = said(ledger, value="张玮")
        other = said(ledger, bad="？？", value=None)
        assert [(one.line, one.action) for one in overrides(ledger)] == [(second, "fix"), (other, "drop")]


def test_what_was_taken_back_stands_no_more_and_what_stood_before_does(site: Site) -> None:
    with open_ledger(site) as ledger:
        first, second = said(ledger), said(ledger, value="张玮")
        take_back(ledger, second, by="李主任", because="看错了")
        assert [one.line for one in overrides(ledger)] == [first]
        take_back(ledger, first, by="李主任", because="看错了")
        assert overrides(ledger) == []
        with pytest.raises(LookupError):
            take_back(ledger, first, by="李主任", because="再来一次")


def test_no_value_of_a_person_stands_in_the_chain_and_an_erased_one_leaves_it_whole(site: Site) -> None:
    with open_ledger(site) as ledger:
        said(ledger)
        ledger.erase(ledger.digests(["张伟"])[0])
        (one,) = overrides(ledger)
        assert (one.action, one.value) == ("fix", None)
        assert ledger.verify() is None
    with sqlite3.connect(site.ledger) as con:
        chain = str(con.execute("select body from line").fetchall())
    assert not [text for text in ("张伟", "锟斤拷", "户口簿") if text in chain]
