"""A view of a PostgreSQL or MySQL/MariaDB database, read row by row into one file.

Belongs here: reading only, asking for the named columns and no other, writing cells with their type.
Lives elsewhere: connecting (`engine.py`), reading the file (`connectors/read/nested.py`).

A number of a numeric column is written as a JSON number, so that it is landed as a number cell: an ID number kept in
such a column is never trusted. What is not asked for (ignored, forbidden) is written as empty.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from datetime import time as Time
from decimal import Decimal
from math import isfinite
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from connectors.errors import Unreadable
from connectors.platform_pull import DatabasePull
from connectors.pull.asking import Ask, Fetched, Sink
from connectors.pull.budget import Again
from connectors.pull.cursors import newest
from connectors.pull.engine import (
    DENIED,
    FORBIDDEN,
    NOT_THERE,
    TOO_LONG,
    code_of,
    denied,
    engine,
    no_tls,
    not_encrypted,
)
from connectors.read.sheet import date_text, number_text

_BATCH = 5_000  # rows held at once, and rows of one document of the file
_SAMPLE = 200
_LATER = "请确认网络与 site.toml 里的 address；平台恢复后会在下一夜再取"
_WRITES = frozenset(("25006", "1792"))


def fetch(ask: Ask, pull: DatabasePull) -> Fetched:
    """Fetch the rows of a view, all or those changed, in the order of the platform's own key.

    Raises:
        Unreadable: with what is wrong and what to do.
    """
    return ask.budget.persist(_fetch, ask, pull)


def _fetch(ask: Ask, pull: DatabasePull) -> Fetched:
    reading = engine(ask)
    rows, cursor = 0, ask.cursor
    try:
        with reading.connect() as con, Sink(ask, ".json") as sink:
            _restrain(con, int(ask.budget.left))
            with con.execute(question(ask, pull).execution_options(yield_per=_BATCH)) as found:
                for batch in found.partitions():
                    sink.write(document(batch, list(pull.columns), ask.platform.export.columns))
                    rows += len(batch)
                    if pull.since is not None:
                        at = list(pull.columns).index(pull.since.column)
                        cursor = newest((_text(row[at]) for row in batch), pull.since, datetime.now(), cursor)
            if not rows:
                sink.write(b"[]\n")
        return sink.fetched(rows=rows, cursor=cursor)
    except DBAPIError as error:
        raise _fault(ask, pull, error) from None
    except (SQLAlchemyError, OSError):
        raise Again("连不上数据库", _LATER) from None
    finally:
        reading.dispose()


def question(ask: Ask, pull: DatabasePull) -> sa.Select[Any]:
    """The named columns of the view. Every name is quoted by the driver's own rules, whatever it holds."""
    columns: list[sa.ColumnClause[Any]] = [
        sa.column(sa.quoted_name(name, quote=True)) for name in pull.columns.values()
    ]
    view = sa.table(
        sa.quoted_name(pull.view, quote=True),
        *columns,
        schema=sa.quoted_name(pull.schema, quote=True) if pull.schema else None,
    )
    asked = sa.select(*(view.c[name] for name in pull.columns.values())).select_from(view)
    if pull.since is not None and ask.asked_from:
        changed = view.c[pull.columns[pull.since.column]]
        asked = asked.where(changed >= _bound(ask.asked_from, pull))
    key = ask.platform.export.key
    if key is not None and key in pull.columns:
        asked = asked.order_by(view.c[pull.columns[key]])
    return asked.limit(_SAMPLE) if ask.sample else asked


def document(rows: Sequence[Sequence[Any]], asked: Sequence[str], columns: Sequence[str]) -> bytes:
    """Rows as one JSON array of objects with every column of the export; numbers with exactly their digits.

    >>> document([(1, Decimal("1.50"), None)], ["a", "b", "c"], ["a", "b", "c", "d"]).decode()
    '[{"a":1,"b":1.50,"c":null,"d":null}]\\n'
    """
    blank = dict.fromkeys(columns, "null")
    lines = (_object({**blank, **dict(zip(asked, map(_json, row), strict=True))}) for row in rows)
    return ("[" + ",\n".join(lines) + "]\n").encode("utf-8")


def _object(cells: dict[str, str]) -> str:
    return (
        "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{cell}" for name, cell in cells.items()) + "}"
    )


def _json(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal() if value.is_finite():
            return format(value, "f")
        case float() if isfinite(value):
            return number_text(value)
    return json.dumps(_text(value), ensure_ascii=False)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case date():
            return date_text(value)
        case Time() | timedelta():
            return str(value)
        case bytes() | memoryview():
            raise Unreadable("视图里有二进制列", "请在平台文件的 [ignore] 里说明它，或让视图给出文字")
    return str(value)


def _bound(asked_from: str, pull: DatabasePull) -> Any:
    since = pull.since
    assert since is not None
    return int(asked_from) if since.kind == "number" else datetime.strptime(asked_from, since.format)


def _restrain(con: sa.Connection, seconds: int) -> None:
    """One transaction that reads one state of the data, cannot write, and ends in time."""
    seconds = max(1, seconds)
    if con.dialect.name == "postgresql":
        con.execute(sa.text("set transaction isolation level repeatable read, read only"))
        con.execute(sa.text(f"set local statement_timeout = {seconds * 1000}"))
        return
    # pymysql has begun a transaction that has read nothing yet: this one takes its place.
    mariadb = getattr(con.dialect, "is_mariadb", False)
    limit = f"max_statement_time = {seconds}" if mariadb else f"max_execution_time = {seconds * 1000}"
    con.execute(sa.text(f"set session {limit}"))
    con.execute(sa.text("set session transaction isolation level repeatable read"))
    con.execute(sa.text("start transaction with consistent snapshot, read only"))


def _fault(ask: Ask, pull: DatabasePull, error: DBAPIError) -> Unreadable:
    """What a driver's error means; its words are not told, they may quote a row."""
    code = code_of(error)
    view = f"{pull.schema}.{pull.view}" if pull.schema else pull.view
    if code in DENIED:
        return denied(ask)
    if (
        code in FORBIDDEN
    ):  # so says a recent MariaDB also of a column that is not there, to who may read only some
        return Unreadable(
            f"没有读取视图 {view} 的权限（或其中一列的），也可能没有这个视图或这一列",
            "请核对平台文件里的 [pull] view、columns；无误时请平台方为这个账号开通只读权限",
        )
    if code in NOT_THERE:
        return Unreadable(
            f"数据库里没有视图 {view}，或它没有平台文件里写的列",
            "请核对 site.toml 的 address（库名）与平台文件里的 [pull] view、columns",
        )
    if code in TOO_LONG:
        return Unreadable(
            f"查询 {view} 超过时间预算", "请平台方优化视图，或在平台文件里调大 pull.budget_seconds"
        )
    if code in _WRITES:
        return Unreadable(f"视图 {view} 会改写数据，未读取", "请平台方给一个只读的视图")
    if not_encrypted(error):
        return no_tls()
    return Again("连不上数据库或连接断了", _LATER)
