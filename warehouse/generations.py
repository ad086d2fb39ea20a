"""Who a platform's key stands for tonight: the same person as before, the next one, or one who is back.

Belongs here: noticing that a key was given to somebody else, that a number used as a key was corrected, and naming
the arriving records accordingly.
Lives elsewhere: the hash (`ids.py`), merging what arrives (`staged.py`), whether so many are credible
(`expectations/gate.py`).

A record is named by (platform, key, generation). All is decided from what the platform stated before, night by
night, so that a warehouse made anew names every record the same; and a key has never more generations than there were
people who cannot be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import duckdb
import pyarrow as pa

from warehouse.ids import record_id

_LENGTH = 18

# Record, field, value: whether the platform was told this value of this record by us, before the export came.
Told = Callable[[str, str, str], bool]


class Person(NamedTuple):
    """What says who somebody is, as far as it can be trusted."""

    name: str | None
    id_number: str | None
    birth_date: str | None  # a whole date


class Holder(NamedTuple):
    """Somebody for whom a key has stood: which generation, which record, and who that is."""

    generation: int
    record_id: str
    person: Person


class Reused(NamedTuple):
    """A row whose key stood for somebody else before."""

    sheet: str
    row: int


@dataclass(frozen=True, slots=True)
class Named:
    """An arriving export with its records named by generation."""

    records: pa.Table  # as they came, with the column `generation`
    claims: pa.Table
    known: int  # arriving keys that stood for somebody before
    reused: tuple[Reused, ...]  # of these, those that stand for somebody new
    succeeded: int  # corrected numbers: records that keep the name they had under the old one


def another(before: Person, now: Person) -> bool:
    """Whether these cannot be one person: other name and other number, or other name and other birth date.

    A name alone changes with a marriage or a typing error. Under the same name another number is a correction, unless
    it is that of somebody born on another day and no slip of one digit.

    >>> another(Person("张伟", None, "1980-01-01"), Person("李娜", None, "1990-05-05"))
    True
    >>> another(Person("张伟", None, None), Person("李娜", None, None))
    False
    """
    renamed = _differ(before.name, now.name)
    if _differ(before.id_number, now.id_number):
        assert before.id_number is not None and now.id_number is not None
        elsewhen = before.id_number[6:14] != now.id_number[6:14]
        return renamed or (elsewhen and not slip(before.id_number, now.id_number))
    if before.id_number is not None and before.id_number == now.id_number:
        return False
    return renamed and _differ(before.birth_date, now.birth_date)


def back_again(before: Person, now: Person) -> bool:
    """Whether these are surely one person: the same number, or the same name and birth date and no other number."""
    if before.id_number is not None and now.id_number is not None:
        return before.id_number == now.id_number
    same_name = before.name is not None and before.name == now.name
    return same_name and before.birth_date is not None and before.birth_date == now.birth_date


def choose(holders: Sequence[Holder], now: Person) -> Holder | None:
    """Which of those a key has stood for it stands for now, the current one first; None: somebody new."""
    current = holders[0]
    if not another(current.person, now):
        return current
    return next((holder for holder in holders[1:] if back_again(holder.person, now)), None)


def in_own_words(before: Holder, now: Person, told: Told) -> Person:
    """Who a row speaks of, without what it only repeats of us: a name and a number that we corrected make nobody else."""
    return Person(
        *(
            was if said is not None and told(before.record_id, field, said) else said
            for field, was, said in zip(Person._fields, before.person, now, strict=True)
        )
    )


def slip(before: str, now: str) -> bool:
    """Whether two ID numbers are one slip of the finger apart; the check character follows from the others.

    >>> slip("330102198001011234", "330102198001011334"), slip("330102198001011234", "330102198001012134")
    (True, True)
    >>> slip("330102198001011234", "330102198001019934")
    False
    """
    if len(before) != _LENGTH or len(now) != _LENGTH or before == now:
        return False
    apart = [at for at in range(_LENGTH - 1) if before[at] != now[at]]
    if len(apart) == 2 and apart[1] == apart[0] + 1:
        return before[apart[0]] == now[apart[1]] and before[apart[1]] == now[apart[0]]
    return len(apart) <= 1


def name_records(
    con: duckdb.DuckDBPyConnection,
    key: bytes,
    platform: str,
    records: pa.Table,
    claims: pa.Table,
    *,
    keyed_by_number: bool,
    told: Told,
) -> Named:
    """Name arriving records by who their keys stood for before. `key`: the site's; `told`: what is an echo of ours.

    `records` and `claims` as staged: every record under the name of the first generation of its key.
    """
    con.register("arriving_record", records)
    con.register("arriving_claim", claims)
    try:
        con.execute(f"create or replace temp table arriving_who as {_ARRIVING}")
        con.execute(f"create or replace temp table holder as {_HOLDERS}", {"platform": platform})
        names = dict(_successors(con, platform)) if keyed_by_number else {}
        succeeded = len(names)
        found = {first: (holder.record_id, holder.generation) for first, holder in names.items()}
        reused: list[Reused] = []
        for first, source_key, sheet, row, now, holders in _questions(con):
            if first in found:
                continue
            holder = choose(holders, in_own_words(holders[0], now, told)) if holders else None
            if holder is None:
                holder = _next(con, key, platform, source_key, holders)
                reused += [Reused(sheet, row)] if holders else []
            found[first] = (holder.record_id, holder.generation)
        known = con.execute("select count(distinct source_key) from holder").fetchall()[0][0]
        renamed = _renamed(con, found) if found else (_first_of_all(records), claims)
        return Named(*renamed, known, tuple(sorted(reused)), succeeded)
    finally:
        con.execute("drop table if exists arriving_who")
        con.execute("drop table if exists holder")
        con.unregister("arriving_record")
        con.unregister("arriving_claim")


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _who(claims: str, value: str) -> str:
    """A SELECT of who each record is, from claims. Trustworthy: read without a doubt, and a number that does not
    contradict the stated birth date."""
    name, number, birth = (
        f"{value} filter (where field = '{field}' and quality = 'ok')"
        for field in ("name", "id_number", "birth_date")
    )
    return f"""
    select
        record_id,
        {name} as name,
        {birth} as birth_date,
        case when birth_date is null or substr({number}, 7, 8) = replace(birth_date, '-', '') then {number} end
        as id_number
    from {claims}
    where field in ('name', 'id_number', 'birth_date')
    group by record_id
    """


_ARRIVING = f"""
select r.record_id, r.source_key, r.sheet, r."row", who.name, who.id_number, who.birth_date
from arriving_record as r
left join ({_who("arriving_claim", 'max("key")')}) as who on who.record_id = r.record_id
where not starts_with(r.source_key, '#')
"""

# Everybody for whom an arriving key has stood, by what was last stated of each, also if it is no longer.
_HOLDERS = f"""
select
    r.source_key, r.generation, r.record_id, who.name, who.id_number, who.birth_date,
    row_number() over (
        partition by r.source_key order by r.present desc, r.last_night desc, r.generation desc
    ) as place
from staged.record as r
left join (
    {_who("(select * from staged.claim where platform = $platform)", 'arg_max("key", since)')}
) as who on who.record_id = r.record_id
where r.platform = $platform and r.source_key in (select source_key from arriving_who)
"""

# Keys that may not simply go on: the person differs in something, the record bears another name than the first of its
# key, or the name of a key never met is taken by a record that came to it by succession.
_IN_QUESTION = """
select a.record_id, a.source_key, a.sheet, a."row", a.name, a.id_number, a.birth_date
from arriving_who as a
left join holder as h on h.source_key = a.source_key and h.place = 1
where h.record_id <> a.record_id or h.name <> a.name or h.id_number <> a.id_number or h.birth_date <> a.birth_date
    or (h.record_id is null and a.record_id in (select record_id from staged.record))
order by a.source_key
"""

Question = tuple[str, str, str, int, Person, list[Holder]]


def _questions(con: duckdb.DuckDBPyConnection) -> Iterator[Question]:
    """Arriving records in question, and those for whom their keys have stood, the current one first."""
    asked = con.execute(_IN_QUESTION).fetchall()
    if not asked:
        return
    holders: dict[str, list[Holder]] = {}
    for source_key, generation, record, *person in con.execute(
        "select source_key, generation, record_id, name, id_number, birth_date from holder order by source_key, place"
    ).fetchall():
        holders.setdefault(source_key, []).append(Holder(generation, record, Person(*person)))
    for first, source_key, sheet, row, *person in asked:
        yield first, source_key, sheet, row, Person(*person), holders.get(source_key, [])


def _next(
    con: duckdb.DuckDBPyConnection, key: bytes, platform: str, source_key: str, holders: Sequence[Holder]
) -> Holder:
    """The next generation of a key, under a name that no record bears."""
    generation = max((holder.generation for holder in holders), default=0)
    while True:
        generation += 1
        name = record_id(key, platform, source_key, generation)
        if not con.execute("select 1 from staged.record where record_id = ?", [name]).fetchall():
            return Holder(generation, name, Person(None, None, None))


# Rows that state the same in everything but the number: the arriving ones with a key never met, and those of the
# last export whose key is gone. Only where both are the only ones of their kind is it certain who follows whom.
_SUCCESSORS = """
with said as (
    select record_id, md5(string_agg(field || chr(31) || coalesce("key", ''), chr(30) order by field)) as rest
    from {claims}
    where field not in ('id_number', 'updated_on')
    group by record_id
    having bool_or(field = 'name' and "key" is not null) and count("key") > 2
)
select r.record_id, r.source_key, said.rest {more}
from {records} as r
join said on said.record_id = r.record_id
where {which}
qualify count(*) over (partition by said.rest) = 1
"""


def _successors(con: duckdb.DuckDBPyConnection, platform: str) -> Iterator[tuple[str, Holder]]:
    """Arriving records that are a known one under its corrected number."""
    fresh = _SUCCESSORS.format(
        claims="arriving_claim",
        records="arriving_record",
        more="",
        which="r.source_key not in (select source_key from staged.record where platform = $platform)",
    )
    gone = _SUCCESSORS.format(
        claims="(select * from staged.claim where platform = $platform and until is null)",
        records="staged.record",
        more=", r.generation",
        which="r.platform = $platform and r.present"
        " and r.source_key not in (select source_key from arriving_record)"
        " and r.sha256 = (select sha256 from landed.pull where platform = $platform"
        " and status in ('staged', 'unchanged') order by night desc, turn desc limit 1)",
    )
    for first, new, old_id, old, generation in con.execute(
        f"""
        select fresh.record_id, fresh.source_key, gone.record_id, gone.source_key, gone.generation
        from ({fresh}) as fresh join ({gone}) as gone on gone.rest = fresh.rest
        """,
        {"platform": platform},
    ).fetchall():
        if slip(old.strip().upper(), new.strip().upper()):
            yield first, Holder(generation, old_id, Person(None, None, None))


def _first_of_all(records: pa.Table) -> pa.Table:
    generation = pa.repeat(pa.scalar(1, pa.int32()), len(records))
    return records.append_column("generation", generation)


def _renamed(
    con: duckdb.DuckDBPyConnection, names: Mapping[str, tuple[str, int]]
) -> tuple[pa.Table, pa.Table]:
    """The arriving records and claims under the names found, all others under those they came with."""
    found = pa.table(
        {
            "first": pa.array(names.keys(), pa.string()),
            "name": pa.array([name for name, _ in names.values()], pa.string()),
            "generation": pa.array([generation for _, generation in names.values()], pa.int32()),
        }
    )
    con.register("found_name", found)
    try:
        records = con.sql(
            "select r.* replace (coalesce(n.name, r.record_id) as record_id),"
            " coalesce(n.generation, 1) as generation"
            " from arriving_record as r left join found_name as n on n.first = r.record_id"
        ).to_arrow_table()
        claims = con.sql(
            "select c.* replace (coalesce(n.name, c.record_id) as record_id)"
            " from arriving_claim as c left join found_name as n on n.first = c.record_id"
        ).to_arrow_table()
    finally:
        con.unregister("found_name")
    return records, claims
