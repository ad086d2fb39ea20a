"""Whom a list of people or a condition means: residents, by what a form states of them or by what their golden values are.

Belongs here: the values that a purpose may have, with their residents; one condition over them; finding the resident that a
row of a list states.
Lives elsewhere: for which purposes (`forms.py`), reading lists (`connectors/write/form.py`).

A condition is somebody's text and is run where nothing else is: in a database of its own in memory, which holds what the
purpose may have and can open no file.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import duckdb
import pyarrow as pa

from dedup.normalise.read import read
from warehouse.forms import Purpose
from warehouse.store import given, select

_SECONDS = 30.0  # a condition may take
_ALONE: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "1GB",
    "max_temp_directory_size": "0B",
    "threads": 2,
}
_GOOD_NUMBERS = ("ok", "ok_unknown_area")

Values = Mapping[str, Mapping[str, tuple[str, str]]]  # resident -> field -> value, record it was taken from
Reason = Literal["nobody", "unknown_id", "another_name", "several", "too_little", "not_admitted"]


class WrongCondition(ValueError):
    """A condition that cannot be run: why, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a row states of a person, by field, as it stands there; or the resident's id."""

    row: int
    told: Mapping[str, str]
    resident_id: str = ""


@dataclass(frozen=True, slots=True)
class Met:
    """Whom a row means, or why nobody can be named."""

    stated: Stated
    resident_id: str = ""
    reason: Reason | None = None


def values_for(con: duckdb.DuckDBPyConnection, purpose: Purpose, residents: Collection[str]) -> Values:
    """What forms of this purpose may be filled with, of those of these residents whom it may be told of."""
    rows = con.execute(
        f"select * from ({select('form.value')}) where resident_id in (select unnest($residents::varchar[]))",
        _asked(purpose) | {"residents": sorted(residents)},
    ).fetchall()
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for resident, field, value, taken_from in rows:
        found.setdefault(resident, {})[field] = (value, taken_from)
    return found


def chosen(con: duckdb.DuckDBPyConnection, purpose: Purpose, where: str, night: date) -> list[str]:
    """The residents of whom the condition holds, those of one address together.

    The condition sees a column for each field of the purpose, in normal form, and `age` in completed years where the purpose
    may have the birth date: an age is half of it.

    Raises:
        WrongCondition: no single condition, another column, or it takes too long.
    """
    table = _wide(con, purpose, night)
    with closing(duckdb.connect(":memory:", config=_ALONE)) as alone:
        with given(alone, "loading", table):
            alone.execute("create table resident as from loading")
        alone.execute("set lock_configuration = true")
        _refuse_more_than_one_condition(alone, where)
        return _run(alone, purpose, where)


def _run(alone: duckdb.DuckDBPyConnection, purpose: Purpose, where: str) -> list[str]:
    order = [field for field in ("address", "birth_date") if field in purpose.fields]
    try:
        with _limited(alone):
            rows = alone.execute(f"{_query(where)} order by {', '.join([*order, 'resident_id'])}").fetchall()
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        columns = "、".join((*(["age"] if "birth_date" in purpose.fields else []), *purpose.fields))
        raise WrongCondition(f"--where 用了这张表不能用的列或函数。可用的列：{columns}") from error
    except duckdb.InterruptException as error:
        raise WrongCondition(f"--where 超过 {_SECONDS:.0f} 秒没有算完。请写得简单些") from error
    except duckdb.Error as error:
        # Its words may quote a value.
        raise WrongCondition(f"--where 无法计算（{type(error).__name__}）。请核对各列的类型") from None
    return [row[0] for row in rows]


def _asked(purpose: Purpose) -> dict[str, Any]:
    return {"fields": list(purpose.fields), "department": purpose.department}


def _wide(con: duckdb.DuckDBPyConnection, purpose: Purpose, night: date) -> pa.Table:
    """A row for each resident whom the purpose may be told of: its fields side by side, and with the birth date the age, where a
    whole one is known."""
    columns = [f"max(value) filter (where field = '{one}') as \"{one}\"" for one in purpose.fields]
    if "birth_date" in purpose.fields:
        born = "max(value) filter (where field = 'birth_date' and length(value) = 10)"
        columns.append(f"date_sub('year', try_cast({born} as date), date '{night.isoformat()}') as age")
    query = f"select resident_id, {', '.join(columns)} from ({select('form.value')}) group by resident_id"
    return con.sql(query, params=_asked(purpose)).to_arrow_table()


def _query(where: str) -> str:
    return f"select resident_id from resident where (\n{where}\n)"


def _refuse_more_than_one_condition(con: duckdb.DuckDBPyConnection, where: str) -> None:
    """The parsed statement must be ours with nothing but the condition in it, and the condition look at nothing else."""
    parsed, plain = _parsed(con, where), _parsed(con, "true")
    if parsed is None or not where.strip():
        raise WrongCondition(
            "--where 不是一个完整的条件。例如：--where \"age >= 80 and community = '近江社区'\""
        )
    condition = json.dumps(parsed.pop("where_clause", None))
    plain.pop("where_clause", None) if plain else None
    if parsed != plain or '"SUBQUERY"' in condition:
        raise WrongCondition("--where 只能是一个条件，不能有子查询、多条语句或其他子句")


def _parsed(con: duckdb.DuckDBPyConnection, where: str) -> dict[str, Any] | None:
    """The one SELECT that the text parses to, places within the text left out."""
    text = con.execute("select json_serialize_sql(?)", [_query(where)]).fetchall()[0][0]
    statements = json.loads(text).get("statements", [])
    return _placeless(statements[0]["node"]) if len(statements) == 1 else None


def _placeless(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _placeless(one) for key, one in node.items() if key != "query_location"}
    return [_placeless(one) for one in node] if isinstance(node, list) else node


@contextmanager
def _limited(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    timer = threading.Timer(_SECONDS, con.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def found(con: duckdb.DuckDBPyConnection, people: Sequence[Stated]) -> list[Met]:
    """Whom each row means: the resident, or why nobody can be named.

    By our own id, by a good ID number whose holder is called so, else by name and one more fact. Never by a name alone.
    """
    keys = [_keys(one) for one in people]
    known = _known(con, keys)
    ours = _ours(con, [one.resident_id for one in people])
    met: list[Met] = []
    for one, stated in zip(people, keys, strict=True):
        meant = _bearing(one.resident_id, ours) if one.resident_id else _meant(stated, known)
        if isinstance(meant, str):
            met.append(Met(one, reason=meant))
        elif len(meant) != 1:
            met.append(Met(one, reason="several" if meant else "nobody"))
        else:
            met.append(Met(one, meant[0]))
    return met


def admitted(met: Iterable[Met], values: Values) -> list[Met]:
    """The same, those set aside of whom the purpose may be told nothing."""
    return [
        one if one.reason or one.resident_id in values else Met(one.stated, reason="not_admitted")
        for one in met
    ]


Known = Mapping[
    str, Sequence[tuple[str, Mapping[str, str]]]
]  # ID number or name -> residents and their values


def _keys(one: Stated) -> dict[str, str]:
    """What of a row can tell who it is, as keys."""
    kinds = {"name": "name", "id_number": "id_number", "birth_date": "date", "phone": "phone"}
    keys: dict[str, str] = {}
    for field, kind in kinds.items():
        said = read(kind, one.told[field]) if one.told.get(field) else None  # type: ignore[arg-type]
        if said is not None and said.key and (field != "id_number" or said.quality in _GOOD_NUMBERS):
            keys[field] = said.key
    return keys


def _known(con: duckdb.DuckDBPyConnection, people: Iterable[Mapping[str, str]]) -> Known:
    asked = sorted({keys[field] for keys in people for field in ("id_number", "name") if field in keys})
    rows = con.execute(
        "select resident_id, name, former_name, id_number, birth_date, phone from golden.resident"
        " where list_contains($asked, id_number) or list_contains($asked, name) or list_contains($asked, former_name)",
        {"asked": asked},
    ).fetchall()
    known: dict[str, list[tuple[str, Mapping[str, str]]]] = {}
    for resident, name, former, number, born, phone in rows:
        held = {"name": name, "former_name": former, "id_number": number, "birth_date": born, "phone": phone}
        for key in {name, former, number} - {None}:
            known.setdefault(key, []).append((resident, {k: v for k, v in held.items() if v}))
    return known


def _ours(con: duckdb.DuckDBPyConnection, resident_ids: Collection[str]) -> set[str]:
    """Those of these ids that a resident bears today."""
    rows = con.execute(
        "select resident_id from golden.resident where list_contains($asked, resident_id)",
        {"asked": sorted(set(resident_ids))},
    ).fetchall()
    return {row[0] for row in rows}


def _bearing(resident_id: str, ours: Collection[str]) -> list[str] | Reason:
    return [resident_id] if resident_id in ours else "unknown_id"


def _meant(keys: Mapping[str, str], known: Known) -> list[str] | Reason:
    """The residents that a row may mean, or why it is not looked at further."""
    if number := keys.get("id_number"):
        holders = [(one, held) for one, held in known.get(number, ()) if held.get("id_number") == number]
        named = [one for one, held in holders if "name" not in keys or _is_called(held, keys["name"])]
        return "another_name" if holders and not named else named
    if "name" not in keys:
        return "too_little"
    if keys.keys().isdisjoint(("birth_date", "phone")):
        return "too_little"
    return [
        one
        for one, held in known.get(keys["name"], ())
        if _is_called(held, keys["name"]) and _agree(held, keys)
    ]


def _is_called(held: Mapping[str, str], name: str) -> bool:
    return name in (held.get("name"), held.get("former_name"))


def _agree(held: Mapping[str, str], keys: Mapping[str, str]) -> bool:
    """Whether the birth date and the phone that are stated are the resident's, and at least one of them is there to compare."""
    told = [
        set(keys[field].split(";")) & set(held[field].split(";"))
        for field in ("birth_date", "phone")
        if field in keys and field in held
    ]
    return bool(told) and all(told)
