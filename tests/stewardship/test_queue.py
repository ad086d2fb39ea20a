"""Whose turn it is: nobody holds what another holds, what is put off comes back, what is settled does not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stewardship.casebook import Casebook, Member
from stewardship.cases import Case
from stewardship.conflicts import Conflicts
from stewardship.queue import (
    LEASE,
    Asked,
    Deferred,
    Waiting,
    after,
    before,
    defer,
    deferrals,
    held_by_others,
    hold,
    let_go,
)
from stewardship.standing import UNSURE, Settled, Standing
from stewardship.store import open_desk, stamp
from tests.stewardship.conftest import Clock
from warehouse.books import FileBook
from warehouse.ledger import Ledger, open_ledger
from warehouse.site import Site
from warehouse.words import Word


def test_a_case_is_held_by_one_person_until_they_let_go_or_take_too_long(site: Site, clock: Clock) -> None:
    with open_desk(site) as con:
        assert hold(con, "c1", "wang", clock()) is None
        assert hold(con, "c1", "li", clock()) == "wang"
        assert held_by_others(con, "li", clock()) == {"c1": "wang"}
        assert hold(con, "c1", "wang", clock()) is None
        let_go(con, "wang")
        assert hold(con, "c1", "li", clock()) is None
        clock.now += LEASE + timedelta(seconds=1)
        assert hold(con, "c1", "wang", clock()) is None


def test_who_opens_a_case_lets_go_of_the_one_before(site: Site, clock: Clock) -> None:
    with open_desk(site) as con:
        hold(con, "c1", "wang", clock())
        hold(con, "c2", "wang", clock())
        assert hold(con, "c1", "li", clock()) is None


MOVES = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", "z"]), st.integers(0, 700)), max_size=25
)


@settings(max_examples=40)
@given(MOVES)
def test_no_two_people_ever_hold_one_case(tmp_path_factory: Any, moves: list[tuple[str, str, int]]) -> None:
    root: Path = tmp_path_factory.mktemp("desk")
    clock = Clock()
    holds: dict[str, tuple[str, Any]] = {}  # of each person: which case, until when
    with open_desk(Site(root, "s", None, b"k")) as con:  # type: ignore[arg-type]
        for who, what, seconds in moves:
            clock.pass_by(seconds=seconds)
            others = {
                person
                for person, (held, until) in holds.items()
                if held == what and until > clock() and person != who
            }
            got = hold(con, what, who, clock())
            assert (got is None) == (not others)
            if got is None:
                holds = {person: held for person, held in holds.items() if person != who}
                holds[who] = (what, clock.now.replace(microsecond=0) + LEASE)
            now_held = [held for held, until in holds.values() if until > clock()]
            assert len(now_held) == len(set(now_held))


def open_now(site: Site, book: Casebook, clock: Clock) -> list[Case]:
    standing = Standing()
    with open_ledger(site) as ledger, open_desk(site) as con:
        standing.refresh(ledger)
        return Waiting(book, standing, deferrals(con), clock()).cases


def judge(site: Site, case: Case, word: Word, seen: str | None = None) -> None:
    with open_ledger(site) as ledger:
        ledger.judge(case.left, case.right, word, by="wang", because="", seen=seen or case.seen)


@pytest.mark.parametrize("word", ["same", "different"])
def test_what_was_answered_is_asked_no_more(site: Site, book: Casebook, clock: Clock, word: Word) -> None:
    first = book.cases[0]
    judge(site, first, word)
    assert open_now(site, book, clock) == list(book.cases[1:])


def test_unsure_comes_back_after_a_week_or_when_the_data_change(
    site: Site, book: Casebook, clock: Clock
) -> None:
    first, second = book.cases[:2]
    judge(site, first, "unsure")
    judge(site, second, "unsure", seen="something else")
    assert first not in open_now(site, book, clock)
    assert second in open_now(site, book, clock)
    clock.now += UNSURE + timedelta(minutes=1)
    assert first in open_now(site, book, clock)


def test_a_case_put_off_comes_back_and_remembers(site: Site, book: Casebook, clock: Clock) -> None:
    first = book.cases[0]
    with open_desk(site) as con:
        defer(con, first.id, "wang", 7, clock())
    assert first not in open_now(site, book, clock)
    clock.pass_by(days=8)
    assert open_now(site, book, clock)[0] == first
    with open_desk(site) as con:
        defer(con, first.id, "li", 1, clock())
        assert (deferrals(con)[first.id].by, deferrals(con)[first.id].times) == ("li", 2)


def test_next_and_previous_go_round_and_keep_to_what_was_asked(book: Casebook) -> None:
    cases = list(book.cases)
    everything = Asked()
    assert after(cases, book, None, everything, {}) == cases[0]
    assert after(cases, book, cases[0].id, everything, {}) == cases[1]
    assert after(cases, book, cases[-1].id, everything, {}) == cases[0]
    assert before(cases, book, cases[0].id, everything, {}) == cases[-1]
    assert before(cases, book, cases[2].id, everything, {}) == cases[1]
    assert after(cases, book, cases[0].id, everything, {cases[1].id: "li"}) == cases[2]
    rest = cases[1:]  # the first was answered just now
    assert after(rest, book, cases[0].id, everything, {}) == cases[1]
    ties = [one for one in cases if one.kind == "near_tie"]
    assert after(cases, book, ties[0].id, Asked("near_tie"), {}) == ties[1]
    assert after(cases, book, ties[1].id, Asked("near_tie"), {}) == ties[0]
    assert after(cases, book, None, Asked(platform="civil"), {}) is not None
    assert after(cases, book, None, Asked(platform="nowhere"), {}) is None


RESIDENTS = [f"R{place}" for place in range(6)]
SAID = st.one_of(
    st.tuples(
        st.sampled_from(["same", "different", "unsure"]),
        st.permutations(range(12)).map(lambda order: order[:2]),
        st.sampled_from([1, 2]),
    ),
    st.tuples(st.sampled_from(["undo", "defer", "wait"]), st.integers(0, 20), st.just(1)),
)


def small_book() -> Casebook:
    """Six residents of two records each, and a case between every two of them; two of an older verdict on other data."""
    cases = [
        Case(
            f"c{a}{b}",
            "stale_verdict" if b == a + 4 else "possible_match",
            f"r{a:02}",
            f"r{b:02}",
            (RESIDENTS[a], RESIDENTS[b]),
            "",
            1,
            0.5,
            "g" if b == a + 4 else "f",
            0,
            0,
            (),
            0,
            (),
        )
        for a, b in combinations(range(6), 2)
    ]
    members = {f"r{place:02}": Member(RESIDENTS[place % 6], place, "grid") for place in range(12)}
    return Casebook(
        Path(),
        Path(),
        cases,
        {case.id: at for at, case in enumerate(cases)},
        members,
        {},
        Conflicts(date.max, []),
    )


def waiting_slowly(
    book: Casebook, standing: Standing, put_off: dict[str, Deferred], now: datetime
) -> list[Case]:
    """What waits, every case asked by itself."""
    settled = Settled()
    for one in standing.standing():
        left, right = book.resident(one.left), book.resident(one.right)
        if left and right:
            settled.take(left, right, one.verdict)

    def waits(case: Case) -> bool:
        said = standing.between(case.left, case.right)
        own = said.stands
        if case.id in put_off and put_off[case.id].until > stamp(now):
            return False
        if said.waits or case.kind == "stale_verdict":
            return bool(said.waits) or (own is not None and own.seen != case.seen)
        unsure = own is not None and (own.verdict, own.seen) == ("unsure", case.seen)
        if unsure and now - datetime.fromisoformat(own.at) < UNSURE:  # type: ignore[union-attr]
            return False
        return not settled.between(*case.residents)

    return [case for case in book.cases if waits(case)]


@settings(max_examples=60)
@given(st.lists(SAID, max_size=15))
@example([("same", [0, 11], 1), ("wait", 15, 1), ("unsure", [0, 5], 1)])  # not known, but known from others
@example(
    [("same", [0, 1], 1), ("same", [0, 5], 1), ("same", [1, 5], 1)]
)  # what joins nobody any more, of other data
def test_what_waits_is_the_same_word_by_word_as_all_at_once(steps: list[tuple[str, Any, int]]) -> None:
    book, clock, standing, put_off = small_book(), Clock(), Standing(), dict[str, Deferred]()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as con:
        ledger = Ledger(FileBook(con), b"k" * 32)
        waiting = Waiting(book, standing, put_off, clock())
        for turn, (what, which, needs) in enumerate(steps):
            if what == "undo" and which in standing.lines:
                ledger.undo(standing.lines[which].undoes or which, by="wang", because="")
            elif what == "defer":
                put_off = {
                    **put_off,
                    book.cases[which % 15].id: Deferred("wang", stamp(clock() + timedelta(days=1)), 1),
                }
            elif what == "wait":
                clock.pass_by(hours=which * 12)
            elif what in ("same", "different", "unsure"):
                left, right = (f"r{place:02}" for place in which)
                by = ("wang", "li")[turn % 2]
                ledger.judge(left, right, what, by=by, because="", seen="f", needs=needs)  # type: ignore[arg-type]
            standing.refresh(ledger)
            waiting = waiting.brought_up_to(book, standing, put_off, clock())
            assert waiting.cases == Waiting(book, standing, put_off, clock()).cases
            assert waiting.cases == waiting_slowly(book, standing, put_off, clock())
