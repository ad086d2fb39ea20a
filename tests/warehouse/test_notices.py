"""Two records of a platform that are one person: told by a person's word, once, and taken back by another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from warehouse.approvals import Said
from warehouse.ledger import Ledger, open_ledger
from warehouse.notices import Notice, note_told, open_notices, say_of_notice, told_on
from warehouse.site import Site

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
ME = Said("wang", "查过")


@dataclass(frozen=True)
class Notices:
    split: str = "02"


@dataclass(frozen=True)
class Receive:
    notices: Notices | None = Notices()


@dataclass(frozen=True)
class Taker:
    slug: str = "grid"
    receive: Receive = Receive()


@pytest.fixture
def ledger(site: Site) -> Iterator[Ledger]:
    with open_ledger(site) as opened:
        yield opened


@pytest.fixture
def twice(world: Any) -> Any:
    """Somebody who stands at the grid twice, and once at the card; a second person at the grid."""
    world.platforms(world.platform("grid"), world.platform("card"))
    world.states("grid", {"a": {"name": "张三"}}, night=FIRST)
    world.states("grid", {"a": {"name": "张三"}, "b": {"name": "张三"}, "c": {"name": "李四"}}, night=SECOND)
    world.states("card", {"d": {"name": "张三"}}, night=SECOND)
    world.people(R1=["a", "b", "d"], R2=["c"])
    return world


def _open(world: Any, ledger: Ledger, *takers: Taker) -> list[tuple[str, str, str, Any]]:
    found = open_notices(world.con, ledger, takers or [Taker()])
    return [(one.kind, one.kept, one.other, one.word) for one in found]


def _the_one(world: Any, ledger: Ledger) -> Notice:
    [one] = open_notices(world.con, ledger, [Taker()])
    return one


def test_two_records_of_one_platform_are_a_notice_and_two_platforms_are_none(
    twice: Any, ledger: Ledger
) -> None:
    assert _open(twice, ledger) == [("merged", "a", "b", None)]  # a was there first
    assert (_the_one(twice, ledger).kept_key, _the_one(twice, ledger).other_key) == ("A", "B")
    assert _open(twice, ledger, Taker("card")) == []
    assert _open(twice, ledger, Taker("grid", Receive(None))) == []


def test_a_word_holds_for_the_pair_and_is_used_up_by_telling(twice: Any, ledger: Ledger) -> None:
    say_of_notice(ledger, "declined", _the_one(twice, ledger), ME)
    assert _open(twice, ledger) == [("merged", "a", "b", "declined")]
    say_of_notice(ledger, "approved", _the_one(twice, ledger), ME)
    note_told(ledger, SECOND, [_the_one(twice, ledger)])
    assert _open(twice, ledger) == []  # told once
    [told] = told_on(ledger, SECOND)
    assert (told.kept_key, told.other_key, told.kind) == ("A", "B", "merged")
    assert told_on(ledger, FIRST) == [] and ledger.verify() is None


def test_who_was_told_to_be_one_and_is_two_after_all_is_a_notice_where_the_platform_takes_it(
    twice: Any, ledger: Ledger
) -> None:
    twice.people(R1=["a", "d"], R2=["c"], R3=["b"])
    assert _open(twice, ledger) == []  # nobody was told otherwise
    twice.people(R1=["a", "b", "d"], R2=["c"])
    say_of_notice(ledger, "approved", _the_one(twice, ledger), ME)
    note_told(ledger, SECOND, [_the_one(twice, ledger)])
    twice.people(R1=["a", "d"], R2=["c"], R3=["b"])
    assert _open(twice, ledger) == [("split", "a", "b", None)]  # the old word is no word on this
    assert _open(twice, ledger, Taker("grid", Receive(Notices("")))) == []
    note_told(ledger, SECOND, [_the_one(twice, ledger)])
    assert _open(twice, ledger) == []
    twice.people(R1=["a", "b", "d"], R2=["c"])
    assert _open(twice, ledger) == [("merged", "a", "b", None)]


def test_no_key_of_a_platform_stands_in_the_chain(twice: Any, ledger: Ledger) -> None:
    note_told(ledger, SECOND, [_the_one(twice, ledger)])
    assert all(
        value not in ("A", "B") for line in ledger.lines("notice_told") for value in line.body.values()
    )
