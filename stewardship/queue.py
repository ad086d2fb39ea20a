"""Whose turn it is: which cases are open, in which order, and who holds which.

Belongs here: leases, giving a case to a colleague, putting it off, what is open for somebody, the next and the previous one.
Lives elsewhere: what a case is and how pressing (`cases.py`), verdicts (`verdicts.py`).

A case is held by one person at a time. Whoever opens a case holds it for ten minutes, renewed with every look, and lets
go of the one before. A lease that ran out is anybody's. A case that was given to somebody comes up in nobody else's turn, but
who opens it may judge it: it is a wish and no lock.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

from stewardship.accounts import within
from stewardship.casebook import Casebook
from stewardship.cases import Case, Kind
from stewardship.staff import judges
from stewardship.standing import UNSURE, Said, Settled, Standing
from stewardship.store import stamp, writing

LEASE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the queue somebody works on; None, or no area, is everything. areas: what they are kept to; area: the
    community or grid that they asked for; among: these cases only; group: the sample of which they are, '' of none; first: those that
    go before all others."""

    kind: Kind | None = None
    platform: str | None = None
    areas: frozenset[str] = frozenset()
    area: str | None = None
    among: frozenset[str] | None = None
    group: str = ""
    first: frozenset[str] = frozenset()

    def part(self, cases: Sequence[Case]) -> Sequence[Case]:
        """Those of some cases that belong to that part."""
        if (self.kind, self.platform, self.area, self.among) == (None,) * 4 and not self.areas:
            return cases
        return [case for case in cases if self.wants(case)]

    def wants(self, case: Case) -> bool:
        """Whether a case belongs to that part."""
        mine = within(case.areas, self.areas)
        of_kind = self.kind in (None, case.kind)
        there = self.area is None or self.area in case.areas
        of_platform = self.platform is None or self.platform in case.platforms
        return mine and of_kind and there and of_platform and (self.among is None or case.id in self.among)


@dataclass(frozen=True, slots=True)
class Deferred:
    """A case that was put off: by whom, until when, how often so far."""

    by: str
    until: str
    times: int


@dataclass(frozen=True, slots=True)
class Assigned:
    """A case that was given to somebody: to whom, by whom, when."""

    to: str
    by: str
    at: str


def hold(con: sqlite3.Connection, case_id: str, by: str, now: datetime) -> str | None:
    """Hold a case and let go of any other; None when that worked, else who holds it."""
    lease = (case_id, by, stamp(now + LEASE))
    if con.execute("select 1 from lease where (case_id, account, until) = (?, ?, ?)", lease).fetchone():
        return None  # taken a moment ago, on the way to its page
    with writing(con):
        row = con.execute(
            "select account from lease where case_id = ? and account <> ? and until > ?",
            (case_id, by, stamp(now)),
        ).fetchone()
        if row:
            return str(row[0])
        con.execute("delete from lease where account = ? or case_id = ?", (by, case_id))
        con.execute("insert into lease values (?, ?, ?)", lease)
    return None


def let_go(con: sqlite3.Connection, by: str) -> None:
    """Let go of whatever somebody holds."""
    con.execute("delete from lease where account = ?", (by,))


def held_by_others(con: sqlite3.Connection, by: str, now: datetime) -> dict[str, str]:
    """The cases that others hold now, and who."""
    query = "select case_id, account from lease where account <> ? and until > ?"
    return dict(con.execute(query, (by, stamp(now))).fetchall())


def assign(con: sqlite3.Connection, case_id: str, to: str, by: str, now: datetime) -> None:
    """Give a case to somebody, and let go of it if that is somebody else; to nobody, by an empty name."""
    with writing(con):
        con.execute("delete from assignment where case_id = ?", (case_id,))
        if to:
            con.execute("insert into assignment values (?, ?, ?, ?)", (case_id, to, by, stamp(now)))
        if to not in ("", by):
            con.execute("delete from lease where case_id = ? and account = ?", (case_id, by))


def assignments(con: sqlite3.Connection) -> dict[str, Assigned]:
    """Every case that was given to somebody who can still judge it."""
    able = {one.name for one in judges(con)}
    rows = con.execute("select case_id, account, given_by, at from assignment").fetchall()
    return {case: Assigned(to, by, at) for case, to, by, at in rows if to in able}


def spoken_for(con: sqlite3.Connection, by: str, now: datetime) -> dict[str, str]:
    """The cases that are not somebody's turn, and whose they are: those that others hold now, or were given."""
    given = {case: one.to for case, one in assignments(con).items() if one.to != by}
    return given | held_by_others(con, by, now)


def defer(con: sqlite3.Connection, case_id: str, by: str, days: int, now: datetime) -> None:
    """Put a case off for some days, for everybody; it is remembered how often that happened."""
    with writing(con):
        con.execute(
            "insert into deferral values (?, ?, ?, ?, 1) on conflict (case_id) do update set"
            " account = excluded.account, at = excluded.at, until = excluded.until, times = times + 1",
            (case_id, by, stamp(now), stamp(now + timedelta(days=days))),
        )
        con.execute("delete from lease where case_id = ? and account = ?", (case_id, by))


def deferrals(con: sqlite3.Connection) -> dict[str, Deferred]:
    """Every case that was ever put off."""
    rows = con.execute("select case_id, account, until, times from deferral").fetchall()
    return {case: Deferred(by, until, times) for case, by, until, times in rows}


class Waiting:
    """What waits for anybody, most pressing first: kept up to date verdict by verdict, so that the next case is there at
    once however much was said before."""

    def __init__(
        self, book: Casebook, standing: Standing, put_off: Mapping[str, Deferred], now: datetime
    ) -> None:
        self._book, self._put_off, self._minute = book, put_off, _minute(now)
        self._settled = Settled()
        touched = {resident for one in standing.standing() for resident in self._settle(one)}
        self._open = dict(book.unspoken)
        brought_back = False
        for case in _spoken_of(book, standing, touched, put_off).values():
            if self._answered(case, standing, now):
                self._open.pop(case.id, None)
            elif case.id not in self._open:
                self._open[case.id], brought_back = case, True
        if brought_back:
            self._open = dict(sorted(self._open.items(), key=lambda one: book.places[one[0]]))
        self._upto = standing.last

    def __contains__(self, case: Case) -> bool:
        """Whether a case is open."""
        return case.id in self._open

    def besides(self, others: Iterable[str]) -> list[Case]:
        """The open cases without some, by their ids."""
        left = dict(self._open)
        for case_id in others:
            left.pop(case_id, None)
        return list(left.values())

    @property
    def cases(self) -> list[Case]:
        """The open cases."""
        return self.besides(())

    def brought_up_to(
        self, book: Casebook, standing: Standing, put_off: Mapping[str, Deferred], now: datetime
    ) -> Waiting:
        """This, with what was said since; made anew when more has changed than words on pairs nobody had judged."""
        added = standing.since(self._upto)
        if (book, put_off, _minute(now)) != (self._book, self._put_off, self._minute) or not all(
            standing.of_pair[one.left, one.right] == [one.seq] for one in added
        ):
            return Waiting(book, standing, put_off, now)
        for one in added:
            stands = standing.of(one.left, one.right) == one and one.verdict != "unsure"
            for resident in [*(self._settle(one) if stands else ()), self._book.resident(one.left)]:
                for case in self._book.about(resident) if resident else ():
                    if not self._answered(case, standing, now):
                        if case.id not in self._open:  # a word that waits brings it back
                            return Waiting(book, standing, put_off, now)
                    elif case.id in self._open:
                        del self._open[case.id]
        self._upto = standing.last
        return self

    def _settle(self, said: Said) -> list[str]:
        left, right = self._book.resident(said.left), self._book.resident(said.right)
        return self._settled.take(left, right, said.verdict) if left and right else []

    def _answered(self, case: Case, standing: Standing, now: datetime) -> bool:
        """Whether a case waits for nobody: put off, or answered by what stands on its own pair, or on others that join or
        keep apart the same residents; not while a word on it waits for another person."""
        if case.id in self._put_off and self._put_off[case.id].until > stamp(now):
            return True
        said = standing.between(case.left, case.right)
        if said.waits:
            return False
        own = said.stands
        if case.kind == "stale_verdict":
            return own is None or own.seen == case.seen
        if own is not None and own.verdict == "unsure" and own.seen == case.seen and _age(own, now) < UNSURE:
            return True
        return self._settled.between(*case.residents)


def _spoken_of(
    book: Casebook, standing: Standing, touched: Iterable[str], put_off: Iterable[str]
) -> dict[str, Case]:
    """The cases that may not be as they were laid out: somebody spoke of the pair or of one of the residents, or put them off. There
    may be ten thousand others."""
    about = chain.from_iterable(map(book.about, touched))
    spoken = chain.from_iterable(book.of_pair.get(pair, ()) for pair in standing.of_pair)
    off = filter(None, map(book.case, put_off))
    return {case.id: case for case in chain(about, spoken, off)}


def _minute(now: datetime) -> str:
    return stamp(now)[:16]


def _age(said: Said, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(said.at)


def after(
    open_now: Sequence[Case], book: Casebook, here: str | None, asked: Asked, held: Mapping[str, str]
) -> Case | None:
    """The next open case behind one in the order of the casebook, from the top again behind the last."""
    return next(_around(open_now, book, here, asked, held), None)


def before(
    open_now: Sequence[Case], book: Casebook, here: str | None, asked: Asked, held: Mapping[str, str]
) -> Case | None:
    """The open case before one, from the end again before the first."""
    return next(_around(open_now[::-1], book, here, asked, held, backwards=True), None)


def _around(
    ordered: Sequence[Case],
    book: Casebook,
    here: str | None,
    asked: Asked,
    held: Mapping[str, str],
    *,
    backwards: bool = False,
) -> Iterator[Case]:
    if not backwards and (first := asked.first - {here, *held}):
        yield from (one for one in ordered if one.id in first and asked.wants(one))
    place, start = (book.places.get(here) if here else None), len(ordered)
    if place is not None:
        way = -1 if backwards else 1
        start = bisect_right(ordered, way * place, key=lambda case: way * book.places[case.id])
    for case in chain(islice(ordered, start, None), islice(ordered, start)):
        if case.id != here and case.id not in held and asked.wants(case):
            yield case
