"""How well the loop closes: what arrived, what was made wrong, what nobody had to type.

Belongs here: the figures of `enter-once live`, computed from `truth/` (what is true, what clerks entered, what every
platform held after each night), from the ledger (what was sent) and from the platforms' own pages (what each may
receive). Nothing else is read, so that whoever has these can compute them again. docs/loop.md says what each means.
Lives elsewhere: running the loop (`pipelines/live.py`), writing `truth/` (`loop_truth.py`, `holdings.py`).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from importlib import resources
from typing import Any

import duckdb
import pyarrow as pa

from connectors.platform import Platform
from connectors.write.render import broader_codes, expressible
from connectors.write.shared import household_columns
from synthetic_city.clerks import live
from warehouse.batches import read_batches, told
from warehouse.fields import fields
from warehouse.ledger import open_ledger
from warehouse.site import Site

# right(held, truth, field): whether a cell says what is true, be it less exactly: one of several phones, a broader code,
# a month instead of a day, an address that leaves parts out. null: nobody knows what is true.
_MACROS = """
create macro agrees(held, true_value) as
    len(list_filter(list_zip(string_split(held, '|'), string_split(true_value, '|')),
        lambda pair: coalesce(pair[1], '') <> '' and coalesce(pair[2], '') <> '' and pair[1] <> pair[2])) = 0;
create macro is_right(held, true_value, kind, field) as
    case
        when held is null then false
        when true_value is null then null
        when held = true_value then true
        when kind = 'phone' then list_contains(string_split(held, ';'), true_value)
        when kind = 'address' then agrees(held, true_value)
        when kind = 'date' then starts_with(true_value, held)
        when kind = 'code' then list_contains(getvariable('broader'), concat_ws('/', field, true_value, held))
        else false
    end;
"""

# Every cell that was sent, what the platform's record held before and after, and what is true of its person.
_SENT = """
create temp table cell as
select
    s.platform, s.night, s.record_id, s.field, s.value, s.batch, s.taken_from,
    owner.person, source.person as source_person, f.kind,
    coalesce(typed.value, before.value) as before,
    after.value as after,
    t.value as true_value,
    after.value is not distinct from s.value as applied
from told as s
join field as f on f.field = s.field
left join owner on owner.record_id = s.record_id
left join owner as source on source.record_id = s.taken_from
left join held as before on before.record_id = s.record_id and before.field = s.field and before.night = s.night - 1
left join held as after on after.record_id = s.record_id and after.field = s.field and after.night = s.night
left join (
    select * from entered qualify row_number() over (partition by record_id, field, night order by corrects desc) = 1
) as typed on typed.record_id = s.record_id and typed.field = s.field and typed.night = s.night
left join truth as t on t.resident = owner.person and t.field = s.field and t.night = s.night
"""

# What was sent, a newcomer's row under the record that the platform made of it (`+` and the record whose number it bears
# until then).
_TOLD = """
create temp table told as
select s.* replace (coalesce(made.record_id, s.record_id) as record_id), starts_with(s.record_id, '+') as newcomer
from sent as s
left join owner as anchor on s.record_id = '+' || anchor.record_id
left join there as made
    on anchor.person is not null and made.platform = s.platform and made.person = anchor.person and made.night = s.night
    and not exists (select 1 from there as b where b.record_id = made.record_id and b.night = s.night - 1)
"""

# wrong_introduced: a right cell was made wrong, or it is another person's value. wrong_carried: any other wrong value that
# we sent: what its source had wrong. wrong_repaired: a wrong cell was made right.
_JUDGED = """
create temp table judged as
select
    *,
    coalesce(is_right(after, true_value, kind, field), true) as good,
    coalesce(is_right(before, true_value, kind, field), false) as was_good,
    case
        when not applied or good then null
        when source_person is distinct from person and is_right(before, true_value, kind, field) is not true then 'other_person'
        when was_good then 'overwritten'
        else 'carried'
    end as wrong,
    applied and good and before is not null and not was_good and true_value is not null as repaired
from cell
"""

# Each right value that a clerk entered, once, and each record elsewhere that should come to hold it. It is released when
# the platform where it was entered has exported it, and a person has agreed where one was asked.
_PAIRS = """
create temp table pair as
with change as (
    select e.resident, e.field, e.value, min(e.night) as night, list(e.platform) as entered_at, min(c.night) as heard,
        bool_or((e.platform, e.field) in (select (platform, field) from shares)) as passed_on
    from entered as e
    left join calendar as c on c.platform = e.platform and c.night >= e.night
    where e."right" and e.value is not null
    group by e.resident, e.field, e.value
),
asked as (
    select record_id, field, value, max(goes) filter (where word = 'approved') as goes,
        max(night) filter (where word = 'left') as left_on
    from settled
    group by record_id, field, value
)

select
    c.*, o.platform, o.record_id, f.kind,
    greatest(c.heard, coalesce(a.goes, c.heard)) as released,
    a.value is not null and (a.goes is null or coalesce(a.left_on >= a.goes, false)) as waits
from change as c
join field as f on f.field = c.field
join owner as o on o.person = c.resident
join receives as r on r.platform = o.platform and r.field = c.field
join truth as t on t.resident = c.resident and t.field = c.field and t.night = c.night
    and is_right(c.value, t.value, f.kind, c.field)
join there on there.record_id = o.record_id and there.night = c.night - 1
left join held as h on h.record_id = o.record_id and h.field = c.field and h.night = c.night - 1
left join child on child.resident = c.resident and child.night = c.night
left join asked as a on a.record_id = o.record_id and a.field = c.field and is_right(a.value, c.value, f.kind, c.field)
anti join copied on copied.platform = o.platform and copied.field = c.field and copied.resident = c.resident
where not list_contains(c.entered_at, o.platform)
    and not is_right(h.value, c.value, f.kind, c.field)
    and (r.children or child.resident is null)
    and (f.kind not in ('code', 'flag') or (o.platform, c.field, c.value) in (select (platform, field, value) from sayable))
qualify row_number() over (partition by c.resident, c.field, c.value, o.record_id order by released desc) = 1
"""

# Nobody can reach a record whose row the template refuses, because the platform itself lacks a required cell or holds it
# damaged (the manifest beside the file says so); nor a cell that the platform states once for a household of whose people
# the value is not true of all: its clerk has to split the household first.
_UNWRITABLE = """
create temp table unwritable as
select distinct p.record_id, p.field, p.value
from pair as p
join left_out as l
    on l.record_id = p.record_id and l.field = p.field and l.night >= p.released and contains(l.reason, '必填项')
union
select distinct p.record_id, p.field, p.value
from pair as p
join household_cell as h on h.platform = p.platform and h.field = p.field
join held as mine on mine.record_id = p.record_id and mine.field = 'household_number' and mine.night = p.released
join held as other
    on other.platform = p.platform and other.field = 'household_number' and other.night = mine.night
    and other.value = mine.value and other.record_id <> p.record_id
join truth as t on t.resident = other.person and t.field = p.field and t.night = p.released
where not is_right(p.value, t.value, p.kind, p.field)
"""

# Of the pairs that were released k nights ago or more, whose platform came in between, and whose value is still true.
_REACHED = """
select
    count(*) filter (where is_right(h.value, t.value, p.kind, p.field)),
    count(*)
from pair as p
join truth as t on t.resident = p.resident and t.field = p.field and t.night = p.released + $k::integer - 1
    and is_right(p.value, t.value, p.kind, p.field)
left join held as h on h.record_id = p.record_id and h.field = p.field and h.night = p.released + $k::integer - 1
where p.passed_on and not p.waits
    and (p.record_id, p.field, p.value) not in (select (record_id, field, value) from unwritable)
    and exists (
        select 1 from calendar as c
        where c.platform = p.platform and c.night between p.released and p.released + $k::integer - 1
    )
    and (p.field in ('death_flag', 'death_date', 'moved_out_flag', 'moved_out_date') or p.resident not in (
        select resident from truth where field in ('death_flag', 'moved_out_flag') and value = '1'
            and night = p.released + $k::integer - 1
    ))
"""

# A cell that comes back to a value which it had left, although nobody entered that value anywhere since it left; one of the
# two values is ours: of what platforms copy from one another, and clerks put right there, we are no part.
_OSCILLATIONS = """
with run as (
    select record_id, field, person, value, night,
        lag(value) over w is distinct from value as starts
    from held where value is not null and field not in ('updated_on', 'household_number', 'head_name', 'head_id_number', 'relation', 'residence_flag')
    window w as (partition by record_id, field order by night)
),
spell as (
    select *, row_number() over (partition by record_id, field order by night) as place from run where starts
)
select count(*)
from spell as again
join spell as once on once.record_id = again.record_id and once.field = again.field and once.value = again.value
    and once.place < again.place
join spell as other on other.record_id = once.record_id and other.field = once.field and other.place = once.place + 1
where not exists (
    select 1 from entered as e join field as f on f.field = e.field
    where e.resident = again.person and e.field = again.field and e.night >= other.night and e.night <= again.night
        and is_right(again.value, e.value, f.kind, e.field)
)
    and exists (
        select 1 from sent as s
        where s.record_id = again.record_id and s.field = again.field and s.night <= again.night
            and s.value in (again.value, other.value)
    )
"""

# A batch that says again what the platform was told, while no export of its has come that could show it.
_TWICE = """
select count(distinct s.batch)
from sent as s
join sent as earlier on earlier.platform = s.platform and earlier.record_id = s.record_id and earlier.field = s.field and earlier.value = s.value
    and earlier.line < s.line
where not exists (
    select 1 from calendar as c where c.platform = s.platform and c.night > earlier.night and c.night <= s.night
)
"""

# What an entered slip has left elsewhere three nights after somebody put it right.
_NOT_GONE = """
select count(distinct (j.record_id, j.field))
from judged as j
join entered as e on e.resident = j.person and e.field = j.field and e.corrects and e.night > j.night
join held as h on h.record_id = j.record_id and h.field = j.field and h.night = e.night + 3 and h.value = j.value
where j.wrong is not null
    and exists (select 1 from calendar as c where c.platform = j.platform and c.night between e.night and e.night + 3)
"""


def figures(site: Site, platforms: Mapping[str, Platform]) -> dict[str, Any]:
    """Every figure of a loop; shares between 0 and 1, None where there is nothing to count."""
    with duckdb.connect(config={"memory_limit": "2GB", "threads": 2}) as con:
        _load(con, site, platforms)
        return {
            "reached": {str(k): _share(con.execute(_REACHED, {"k": k}).fetchall()[0]) for k in (1, 2, 3)},
            "pairs": {str(k): con.execute(_REACHED, {"k": k}).fetchall()[0][1] for k in (1, 2, 3)},
            **_one(
                con,
                "select count(*) as published_cells, count(*) filter (where applied) as applied_cells from judged",
            ),
            **_one(
                con,
                "select count(*) filter (where wrong in ('other_person', 'overwritten')) as wrong_introduced,"
                " count(*) filter (where wrong = 'carried') as wrong_carried,"
                " count(*) filter (where repaired) as wrong_repaired from judged",
            ),
            "wrong_carried_not_gone": _count(con, _NOT_GONE),
            "oscillations": _count(con, _OSCILLATIONS),
            "outside_allow_list": _count(
                con,
                "select count(*) from sent where (platform, field) not in (select (platform, field) from receives)"
                " and not (starts_with(record_id, '+') and (platform, field) in (select (platform, field) from introduces))",
            ),
            "not_admitted": _count(con, _NOT_ADMITTED),
            **_one(con, _NEWCOMERS),
            "duplicate_batches": _count(con, _TWICE),
            **_saved(con),
            **_one(
                con,
                "select count(*) filter (where fate = 'refused') as rows_refused,"
                " count(*) filter (where fate = 'lost') as rows_lost from imported",
            ),
            **_one(
                con,
                'select count(*) as changes_entered, count(*) filter (where not "right") as slips from entered',
            ),
            "unwritable": _count(
                con,
                "select count(*) from pair semi join unwritable using (record_id, field, value)"
                " where passed_on and not waits",
            ),
            "waiting": _count(
                con, "select count(distinct (record_id, field, value)) from settled where word = 'left'"
            ),
            "by_night": _by_night(con),
        }


# Cells of somebody whom the platform neither holds nor takes in by its page (admits: ages and sex, as is true), or of a
# child to a department that may not have it. Whether a newcomer's row was taken in does not matter here.
_NOT_ADMITTED = """
select count(*)
from sent as s
left join there on there.record_id = s.record_id and there.night = s.night
left join owner on owner.record_id = ltrim(s.record_id, '+')
left join child on child.resident = owner.person and child.night = s.night
left join told_children as t on t.platform = s.platform
left join admits as a on a.platform = s.platform and starts_with(s.record_id, '+')
left join truth as born on born.resident = owner.person and born.field = 'birth_date' and born.night = s.night
left join truth as sex on sex.resident = owner.person and sex.field = 'sex' and sex.night = s.night
where (child.resident is not null and t.platform is null)
    or (there.record_id is null and (
        a.platform is null
        or (a.youngest is not null and date_sub('year', born.value::date, s.night) not between a.youngest and a.oldest)
        or (a.sex is not null and a.sex <> sex.value)
    ))
"""

# newcomers: rows that were sent, and taken in; kept_twice: of those taken in, people whom the platform held already.
_NEWCOMERS = """
select
    (select count(distinct (platform, record_id)) from sent where starts_with(record_id, '+')) as newcomers_told,
    (select count(*) from imported where newcomer <> '' and fate = 'taken') as newcomers_taken_in,
    count(distinct (t.platform, t.record_id)) as kept_twice
from told as t
join owner on owner.record_id = t.record_id
join there as already
    on already.platform = t.platform and already.person = owner.person and already.night = t.night - 1
    and already.record_id <> t.record_id
where t.newcomer
"""


def _saved(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    cells = _count(con, "select count(*) from judged join by_file using (platform) where applied and good")
    return {"cells_saved": cells, "hours_saved": round(cells * live()["saved"]["seconds_per_cell"] / 3600, 1)}


def _by_night(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    rows = con.execute(
        """
        select n.night::varchar as night,
            (select count(*) from entered as e where e.night = n.night) as entered,
            count(j.record_id) as sent,
            count(*) filter (where j.applied) as applied,
            count(*) filter (where j.wrong in ('other_person', 'overwritten')) as introduced,
            count(*) filter (where j.wrong = 'carried') as carried,
            count(*) filter (where j.repaired) as repaired,
            (select count(*) from imported as i where i.night = n.night and i.fate = 'refused') as refused
        from (select distinct night from truth) as n
        left join judged as j on j.night = n.night
        group by n.night order by n.night
        """
    )
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def _load(con: duckdb.DuckDBPyConnection, site: Site, platforms: Mapping[str, Platform]) -> None:
    """The tables that the queries read."""
    for name, columns, rows in _facts(platforms):
        _table(con, name, columns, rows)
    for name in ("entered", "settled", "imported", "calendar"):
        con.execute(f"create temp table {name} as from read_parquet('{site.truth / name}.parquet')")
    con.execute(
        f"create temp table truth as unpivot (select * exclude (household_living, household_registered, dwelling)"
        f" from read_parquet('{site.truth / 'residents.parquet'}')) on columns(* exclude (night, resident))"
        " into name field value value"
    )
    _load_left_out(con, site)
    _load_sent(con, site)
    _load_held(con, site, platforms)
    con.execute("create temp table there as select distinct night, platform, record_id, person from held")
    con.execute("create temp table owner as select distinct platform, record_id, person from there")
    con.execute(
        "create temp table child as select distinct resident, night from truth where field = 'birth_date'"
        " and value::date + to_years((select max(under) from child_rule)) > night"
    )
    con.execute(
        "create temp table copied as select distinct f.platform, f.field, o.person as resident"
        " from feed as f join owner as o on o.platform = f.source"
    )
    con.execute("set variable broader = (select list(concat_ws('/', field, code, broader)) from broader)")
    con.execute(_MACROS)
    con.execute(_TOLD)
    con.execute(_SENT)
    con.execute(_JUDGED)
    con.execute(_PAIRS)
    con.execute(_UNWRITABLE)


def _load_left_out(con: duckdb.DuckDBPyConnection, site: Site) -> None:
    """What stands in no file, and why, as the manifests say it."""
    rows = [
        (said["night"], said["platform"], out["record_id"], out["field"], out["reason"])
        for file in sorted(site.outbox.glob("*/*/manifest.json"))
        for said in [json.loads(file.read_text(encoding="utf-8"))]
        for out in said["left_out"]
    ]
    _table(con, "left_out", ("night", "platform", "record_id", "field", "reason"), rows)
    con.execute("alter table left_out alter night type date")


def _load_sent(con: duckdb.DuckDBPyConnection, site: Site) -> None:
    """Every cell that left the house, with its value."""
    with open_ledger(site) as ledger:
        every = told(read_batches(ledger, date.max).values())
        rows = [
            (
                one.line,
                one.batch,
                one.platform,
                one.night,
                one.record_id,
                one.field,
                ledger.recall(one.digest),
                one.taken_from,
            )
            for one in every
            if one.live and one.state in ("sending", "sent")
        ]
    _table(
        con, "sent", ("line", "batch", "platform", "night", "record_id", "field", "value", "taken_from"), rows
    )
    con.execute("alter table sent alter line type bigint")
    con.execute("alter table sent alter night type date")


def _load_held(con: duckdb.DuckDBPyConnection, site: Site, platforms: Mapping[str, Platform]) -> None:
    con.execute(
        "create temp table held (night date, platform varchar, record_id varchar, person varchar, field varchar, value varchar)"
    )
    for slug in platforms:
        files = sorted((site.truth / "stores").glob(f"*/{slug}.parquet"))
        if not files:
            continue
        con.execute(
            "insert into held select parse_path(filename)[-2]::date, $slug, record_id, person, field, value from ("
            "unpivot (select * exclude (source_key) from read_parquet($files, filename = true))"
            " on columns(* exclude (record_id, person, filename)) into name field value value) where record_id <> ''",
            {"slug": slug, "files": [str(file) for file in files]},
        )


Fact = tuple[str, Sequence[str], list[tuple[Any, ...]]]  # a table's name, its columns, its rows


def _facts(platforms: Mapping[str, Platform]) -> Iterator[Fact]:
    """What the platforms' pages and the policy say, as tables."""
    yield "field", ("field", "kind"), [(one.name, one.kind) for one in fields().values()]
    yield "broader", ("field", "code", "broader"), list(broader_codes())
    yield from _allowed(platforms)
    yield from _stated(platforms)


def _allowed(platforms: Mapping[str, Platform]) -> Iterator[Fact]:
    """Who may be told what of whom."""
    policy = tomllib.loads(resources.files("warehouse").joinpath("policy.toml").read_text(encoding="utf-8"))
    tell_children = [
        slug for slug, platform in platforms.items() if _of(platform, policy["children"]["departments"])
    ]
    yield (
        "receives",
        ("platform", "field", "children"),
        [
            (slug, name, slug in tell_children)
            for slug, platform in platforms.items()
            for name in platform.receive.fields
            if name not in platform.authority
            and fields()[name].publish
            and (name not in policy["departments"] or _of(platform, policy["departments"][name]))
        ],
    )
    yield "told_children", ("platform",), [(slug,) for slug in tell_children]
    yield "child_rule", ("under",), [(policy["children"]["under"],)]
    admitting = {slug: p.receive.admits for slug, p in platforms.items() if p.receive.admits is not None}
    yield (
        "introduces",
        ("platform", "field"),
        [(slug, name) for slug, admits in admitting.items() for name in admits.fields],
    )
    yield (
        "admits",
        ("platform", "youngest", "oldest", "sex"),
        [(slug, *(admits.ages or (None, None)), admits.sex) for slug, admits in admitting.items()],
    )


def _stated(platforms: Mapping[str, Platform]) -> Iterator[Fact]:
    """How the platforms state their values, and from whom they have them."""
    yield (
        "sayable",
        ("platform", "field", "value"),
        [said[:3] for platform in platforms.values() for said in expressible(platform)],
    )
    yield (
        "shares",
        ("platform", "field"),
        [(slug, name) for slug, platform in platforms.items() for name in platform.share],
    )
    yield (
        "by_file",
        ("platform",),
        [(slug,) for slug, platform in platforms.items() if platform.receive.returns == "template"],
    )
    yield (
        "household_cell",
        ("platform", "field"),
        [
            (slug, name)
            for slug, platform in platforms.items()
            for name, column in platform.fields.items()
            if column.column in household_columns(platform)
        ],
    )
    yield (
        "feed",
        ("platform", "source", "field"),
        [
            (slug, source, name)
            for slug, platform in platforms.items()
            for source, names in platform.feeds.items()
            for name in names
            if source in platforms
        ],
    )


def _of(platform: Platform, departments: Sequence[str]) -> bool:
    return any(own.startswith(name) for own in platform.department.split("/") for name in departments)


def _table(
    con: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    kinds = [pa.string() if not column else None for column in cells]
    arrays = [pa.array(column, kind) for column, kind in zip(cells, kinds, strict=True)]
    con.register("loading", pa.table(arrays, names=list(columns)))
    con.execute(f"create temp table {name} as from loading")
    con.unregister("loading")


def _one(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    rows = con.execute(query)
    names = [column[0] for column in rows.description]
    return dict(zip(names, rows.fetchall()[0], strict=True))


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0])


def _share(counted: tuple[int, int]) -> float | None:
    hit, every = counted
    return round(hit / every, 4) if every else None
