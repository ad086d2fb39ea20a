"""The cases of a snapshot, laid out so that the desk turns a page without asking the warehouse.

Belongs here: writing the casebook of a snapshot once, and reading a page of it.
Lives elsewhere: what a case is (`cases.py`), who works on it (`queue.py`), what else contradicts itself (`conflicts.py`).

A snapshot of a million records has some thousand cases. Finding them, and what else contradicts itself, reads claims by the
million and takes seconds; so it is done once, whichever processes ask, and what a page shows lies in one row of a small SQLite file
beside the site, `cases/<snapshot>.sqlite`. The heads of all cases are kept in memory: the queue is a list.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dedup.site import site_model
from stewardship.cases import Case, Ground, Record, Sheet, Stated, find_cases
from stewardship.conflicts import Conflict, Conflicts, Side, find_conflicts
from stewardship.patterns import patterned
from warehouse.ledger import Verdict
from warehouse.lock import in_turn
from warehouse.site import Site
from warehouse.store import given, read_store

_FORMAT = 5  # of the files: another number, and they are written anew
_LAST = 19  # how far a process lets others go first, of 19
_TABLES = """
create table "case" (id text primary key, place integer not null, head text not null, sheet text not null) without rowid;
create table member (
    record_id text primary key, resident_id text not null, states integer not null, platform text not null
) without rowid;
create table platform (slug text primary key, title text not null) without rowid;
create table night (night text not null);
create table conflict (place integer primary key, told text not null);
"""


@dataclass(frozen=True, slots=True)
class Member:
    """Where a record belongs in this snapshot; records with the same `states` state the same."""

    resident_id: str
    states: int
    platform: str


@dataclass(frozen=True, eq=False)
class Casebook:
    """The cases of one snapshot, most pressing first, and all records of the residents they are about."""

    snapshot: Path
    file: Path
    cases: Sequence[Case]
    places: Mapping[str, int]  # of each case in `cases`, by its id
    members: Mapping[str, Member]
    platforms: Mapping[str, str]  # titles by slug
    conflicts: Conflicts

    def index(self) -> None:
        """Work out everything that things are looked up by, so that nobody's first look waits for it."""
        _ = self.patterns, self.unspoken, self.of_pair, self._by_states, self._by_resident

    def case(self, case_id: str) -> Case | None:
        """The case of that id; None when this snapshot has no such case."""
        place = self.places.get(case_id)
        return None if place is None else self.cases[place]

    def sheet(self, case: Case) -> Sheet:
        """What a case shows."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as con:
            (text,) = con.execute('select sheet from "case" where id = ?', (case.id,)).fetchone()
        return _sheet(json.loads(text))

    def resident(self, record_id: str) -> str | None:
        """Who a record belongs to; None when no case and no verdict is about it."""
        member = self.members.get(record_id)
        return member.resident_id if member else None

    def alike(self, record_id: str) -> Sequence[str]:
        """The records that state the same as one, itself included."""
        member = self.members.get(record_id)
        return self._by_states[member.states] if member else ()

    def about(self, resident_id: str) -> Sequence[Case]:
        """The cases about a resident, most pressing first."""
        return self._by_resident.get(resident_id, ())

    @cached_property
    def patterns(self) -> Mapping[str, Sequence[Case]]:
        """The cases that are the same question, most pressing first, by their pattern."""
        found: dict[str, list[Case]] = {}
        for case in self.cases:
            if case.pattern:
                found.setdefault(case.pattern, []).append(case)
        return found

    @cached_property
    def unspoken(self) -> Mapping[str, Case]:
        """The cases that wait while nobody has spoken of anything, most pressing first, by their ids."""
        return {case.id: case for case in self.cases if case.kind != "stale_verdict"}

    @cached_property
    def of_pair(self) -> Mapping[tuple[str, str], Sequence[Case]]:
        """The cases by the two records that they are about, the smaller first."""
        found: dict[tuple[str, str], list[Case]] = {}
        for case in self.cases:
            found.setdefault((case.left, case.right), []).append(case)
        return found

    @cached_property
    def _by_states(self) -> Mapping[int, Sequence[str]]:
        found: dict[int, list[str]] = {}
        for record, member in self.members.items():
            found.setdefault(member.states, []).append(record)
        return found

    @cached_property
    def _by_resident(self) -> Mapping[str, Sequence[Case]]:
        found: dict[str, list[Case]] = {}
        for case in self.cases:
            for resident in dict.fromkeys(case.residents):
                found.setdefault(resident, []).append(case)
        return found


def open_casebook(site: Site, snapshot: Path, said: Sequence[Verdict]) -> Casebook:
    """The casebook of a snapshot, written when it is not there yet. The one before it stays: somebody may be in the middle of
    a case; older ones are removed.

    `said`: the standing verdicts.
    """
    file = _lay_out(site, snapshot, said)
    others = (one for one in site.cases.glob("*.sqlite") if one != file)
    for old in sorted(others, key=lambda one: one.stat().st_mtime_ns)[:-1]:
        old.unlink()
    return _read(snapshot, file)


def lay_out_aside(site: Site, snapshot: Path, said: Sequence[Verdict]) -> None:
    """Write the casebook of a snapshot, when it is not there yet, in a process that lets all others go first: people are at
    work. What cannot be done there says nothing, since its words may quote a value; `open_casebook` meets it again."""
    if _file(site, snapshot).exists():
        return
    aside = get_context("spawn").Process(target=_aside, args=(site, snapshot, said), daemon=True)
    aside.start()
    aside.join()


def _aside(site: Site, snapshot: Path, said: Sequence[Verdict]) -> None:
    os.nice(_LAST)
    with suppress(Exception):
        _lay_out(site, snapshot, said)


def _lay_out(site: Site, snapshot: Path, said: Sequence[Verdict]) -> Path:
    file = _file(site, snapshot)
    if not file.exists():
        site.cases.mkdir(mode=0o700, exist_ok=True)
        with in_turn(site.cases):  # the processes of a desk turn to a night at once
            if not file.exists():
                _write(site, snapshot, said, file)
    return file


def _file(site: Site, snapshot: Path) -> Path:
    return site.cases / f"{snapshot.stem}.{snapshot.stat().st_mtime_ns}.{_FORMAT}.sqlite"


def _write(site: Site, snapshot: Path, said: Sequence[Verdict], file: Path) -> None:
    draft = file.with_suffix(".part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    with read_store(snapshot) as con:
        found = patterned(con, site.key, find_cases(con, site.key, said, site_model(site)))
        members = _members(con, found, said)
        platforms = con.execute("select slug, title from facts.platform").fetchall()
        conflicts = find_conflicts(con, site.key)
    with closing(sqlite3.connect(draft)) as book:
        book.executescript(_TABLES)
        book.executemany(
            'insert into "case" values (?, ?, ?, ?)', (_row(at, *one) for at, one in enumerate(found))
        )
        book.executemany("insert into member values (?, ?, ?, ?)", members)
        book.executemany("insert into platform values (?, ?)", platforms)
        book.execute("insert into night values (?)", (conflicts.night.isoformat(),))
        book.executemany(
            "insert into conflict values (?, ?)",
            ((at, _text(asdict(one))) for at, one in enumerate(conflicts.every)),
        )
        book.commit()
    draft.rename(file)


def _members(
    con: duckdb.DuckDBPyConnection, found: Iterable[tuple[Case, Sheet]], said: Iterable[Verdict]
) -> list[tuple[str, str, int, str]]:
    """All records of the residents that cases and verdicts are about."""
    judged = {record for one in said for record in (one.left, one.right)}
    about = pa.array(
        sorted(judged | {record for case, _ in found for record in (case.left, case.right)}), pa.string()
    )
    with given(con, "about", pa.table({"record_id": about})):
        return con.execute(
            """
            with concerned as (select distinct resident_id from resolved.record semi join about using (record_id))
            select r.record_id, r.resident_id, m.node, r.platform
            from resolved.record as r
            semi join concerned using (resident_id)
            join matched.record as m using (record_id)
            """
        ).fetchall()


def _row(place: int, case: Case, sheet: Sheet) -> tuple[str, int, str, str]:
    shown = _facts(sheet) | {"records": [_facts(record) for record in sheet.records]}
    return case.id, place, _text(_facts(case)), _text(shown)


def _facts(one: Case | Sheet | Record) -> dict[str, object]:
    """The fields of one of these by name."""
    return {field.name: getattr(one, field.name) for field in fields(one)}


def _read(snapshot: Path, file: Path) -> Casebook:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as book:
        heads = book.execute('select head from "case" order by place').fetchall()
        members = book.execute("select record_id, resident_id, states, platform from member").fetchall()
        platforms = dict(book.execute("select slug, title from platform").fetchall())
        (night,) = book.execute("select night from night").fetchone()
        conflicts = book.execute("select told from conflict order by place").fetchall()
    cases = [_case(json.loads(head)) for (head,) in heads]
    return Casebook(
        snapshot,
        file,
        cases,
        {case.id: place for place, case in enumerate(cases)},
        {record: Member(*facts) for record, *facts in members},
        platforms,
        Conflicts(date.fromisoformat(night), [_conflict(json.loads(told)) for (told,) in conflicts]),
    )


def _conflict(told: dict[str, Any]) -> Conflict:
    return Conflict(
        **told | {"areas": tuple(told["areas"]), "sides": [Side(**side) for side in told["sides"]]}
    )


def _case(stated: dict[str, object]) -> Case:
    pairs = {name: tuple(value) if isinstance(value, list) else value for name, value in stated.items()}
    return Case(**pairs)  # type: ignore[arg-type]  # as `_facts` wrote it


def _sheet(stated: Mapping[str, list[dict[str, object]]]) -> Sheet:
    records = [
        Record(**{**one, "claims": {field: Stated(*claim) for field, claim in dict(one["claims"]).items()}})  # type: ignore[call-overload, arg-type]
        for one in stated["records"]
    ]
    left, right = stated["held"]
    return Sheet(records, (left, right), [Ground(*one) for one in stated["grounds"]])  # type: ignore[arg-type]


def _text(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
