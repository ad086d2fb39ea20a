"""Writing a batch into a table, in one transaction with its name in a table of batches: both are there, or neither is.

Belongs here: the transaction, rows that the table refuses, finding out whether a batch is there.
Lives elsewhere: connecting and codes of errors (`connectors/pull/engine.py`).

The name of the batch is written first. Where it is there already, the database says so, also while the transaction that
brings it has not ended: so that asking and telling are one and the same, and neither can come in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from connectors.errors import Unreadable
from connectors.platform_send import DatabaseSend
from connectors.pull.budget import Again
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
from connectors.send.answers import cut
from connectors.send.parcel import Heard, Row, Tell, all_of

_LATER = "请确认网络与 site.toml 里的 address；平台恢复后会在下一夜再送"
_IN_DOUBT = "下一夜会先问数据库有没有这一批"
_NOBODY = "表里没有这个编号"
# Of MySQL: too many connections, shutting down, waiting for a lock, deadlock, and lines that are cut; and the classes of
# PostgreSQL that say the same.
_PASSES = frozenset(("1040", "1053", "1205", "1213", "1927", "2002", "2003", "2006", "2013", "2055"))
_PASSING = frozenset(("08", "40", "53", "55", "57"))
_TWICE = frozenset(("23505", "1062"))
_UNSAVED = "一批要么全有要么全无，做不到；请平台方把两张表改为 InnoDB"
_NOT_UNIQUE = "没有它，重来时看不出这一批送过没有；请平台方在这一列上加唯一约束"


class _AlreadyThere(Exception):
    """The table of batches holds this batch."""


def tell(line: Tell, send: DatabaseSend) -> Heard:
    """Write a batch, or find out whether one is there."""
    rows, visit = len(line.contents.rows), _Visit(line, send)
    heard = all_of(rows, "took")
    try:
        if line.again:
            return all_of(rows, "took" if line.budget.persist(visit.there) else "missed")
        heard.refused = line.budget.persist(visit.write)
    except _AlreadyThere:
        pass
    except Unreadable as error:
        doubt = visit.perhaps or line.again
        next_move = (_IN_DOUBT if doubt else _LATER) if isinstance(error, Again) else error.next_move
        return all_of(rows, "doubtful" if doubt else "missed", error.problem, next_move)
    return heard


def knock(line: Tell, send: DatabaseSend) -> None:
    """Log in, look at the tables and take a batch's name that is given back at once; nothing is written.

    Raises:
        Unreadable: with what is wrong and what to do.
    """
    line.budget.persist(_Visit(line, send).look)


class _Visit:
    """One batch for one table. `perhaps`: an attempt was cut off while it was committed."""

    def __init__(self, line: Tell, send: DatabaseSend) -> None:
        schema = sa.quoted_name(send.schema, quote=True) if send.schema else None
        key = line.platform.export.key
        assert key is not None, "a platform that receives anything has a key"
        self._line, self._send = line, send
        self._key = send.columns[key]
        self._table = _table(send.table, send.columns.values(), schema)
        self._batches = _table(send.batches, (send.batch,), schema)
        self.perhaps = False

    def write(self) -> list[tuple[int, str]]:
        """Write all rows; those that the table refuses, with its words.

        Raises:
            _AlreadyThere: an earlier attempt did. Unreadable: with what is wrong.
        """
        with self._transaction() as con:
            self._take_name(con)
            refused = [
                (at, cut(words))
                for at, row in enumerate(self._line.contents.rows)
                if (words := self._write_row(con, row)) is not None
            ]
            before, self.perhaps = self.perhaps, True
            try:
                con.commit()
            except DBAPIError as error:
                # A no from the database says that it has given everything back; a line that is cut says nothing.
                self.perhaps = before or _passes(code_of(error))
                raise
            return refused

    def there(self) -> bool:
        """Whether the batch is there: its name cannot be taken a second time. It is given back."""
        try:
            with self._transaction() as con:
                self._take_name(con)
                con.rollback()
                return False
        except _AlreadyThere:
            return True

    def look(self) -> None:
        """Whether everything is there that would be written."""
        with self._transaction() as con:
            self._take_name(con)
            con.execute(self._table.select().limit(0))
            con.rollback()

    def _take_name(self, con: sa.Connection) -> None:
        try:
            con.execute(self._batches.insert().values({self._send.batch: _bound(self._line.batch)}))
        except IntegrityError as error:
            if code_of(error) in _TWICE:
                raise _AlreadyThere from None
            raise

    def _write_row(self, con: sa.Connection, row: Row) -> str | None:
        """Write one row; why the table refuses it, or None."""
        columns = self._send.columns
        changed = {columns[header]: _bound(row.cells[header]) for header in row.changed}
        mine = self._table.c[self._key] == _bound(row.key)
        try:
            with con.begin_nested():
                if row.key and con.execute(self._table.update().where(mine).values(changed)).rowcount:
                    return None
                if self._send.missing == "refuse":
                    return _NOBODY
                whole = {
                    columns[header]: _bound(cell) for header, cell in row.cells.items() if header in columns
                }
                con.execute(self._table.insert().values(whole))
        except (IntegrityError, DataError) as error:
            return _words(error)
        return None

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        """One connection whose transaction ends with the block, and what its faults mean."""
        writing = engine(self._line)
        try:
            with writing.connect() as con:
                _restrain(con, int(self._line.budget.left))
                self._expect_safe(con)
                yield con
        except DBAPIError as error:
            raise self._fault(error) from None
        except (SQLAlchemyError, OSError):
            raise Again("连不上数据库", _LATER) from None
        finally:
            writing.dispose()

    def _expect_safe(self, con: sa.Connection) -> None:
        """Refuse tables that cannot keep what is promised.

        Raises:
            Unreadable: the table of batches takes a name twice, or a table knows no transactions.
        """
        seen, schema = sa.inspect(con), self._send.schema or None
        names: list[list[Any]] = [
            list(seen.get_pk_constraint(self._send.batches, schema)["constrained_columns"])
        ]
        names += [
            list(one["column_names"]) for one in seen.get_unique_constraints(self._send.batches, schema)
        ]
        names += [
            one["column_names"] for one in seen.get_indexes(self._send.batches, schema) if one["unique"]
        ]
        if [self._send.batch] not in names:
            raise Unreadable(f"表 {self._send.batches} 的 {self._send.batch} 列可以重复", _NOT_UNIQUE)
        for table in (self._send.table, self._send.batches) if con.dialect.name != "postgresql" else ():
            kept = seen.get_table_options(table, schema).get(f"{con.dialect.name}_engine", "InnoDB")
            if str(kept).lower() != "innodb":
                raise Unreadable(f"表 {table} 的引擎（{kept}）没有事务", _UNSAVED)

    def _fault(self, error: DBAPIError) -> Unreadable:
        """What a driver's error means; its words are not told, they may quote a row."""
        code, send = code_of(error), self._send
        if code in DENIED:
            return denied(self._line)
        if code in FORBIDDEN:
            return Unreadable(
                f"没有写入表 {send.table} 或 {send.batches} 的权限，或没有这些表",
                "请平台方为这个账号开通：读、插入批次表，读、更新（需要时插入）数据表",
            )
        if code in NOT_THERE:
            return Unreadable(
                f"数据库里没有表 {send.table} 或 {send.batches}，或它们没有平台文件里写的列",
                "请核对 site.toml 的 address（库名）与平台文件里 [send] 的 table、batches、columns",
            )
        if code in TOO_LONG:
            return Unreadable(
                f"写入 {send.table} 超过时间预算", "请平台方查看锁与索引，或调大 send.budget_seconds"
            )
        if not_encrypted(error):
            return no_tls()
        if _passes(code):
            return Again("连不上数据库或连接断了", _LATER)
        return Unreadable(
            f"{send.batches} 或 {send.table} 拒绝了整批（{code}）",
            f"批次表除 {send.batch} 外的列应有默认值；不是它时，请把代码告诉平台方",
        )


def _passes(code: str) -> bool:
    """Whether an error may be gone in a moment, a line that was cut among them."""
    return not code or code in _PASSES or (len(code) == 5 and code[:2] in _PASSING)


def _table(name: str, columns: Any, schema: str | None) -> sa.TableClause:
    """A table by names that are quoted by the driver's own rules, whatever they hold."""
    stated: list[sa.ColumnClause[Any]] = [sa.column(sa.quoted_name(column, quote=True)) for column in columns]
    return sa.table(sa.quoted_name(name, quote=True), *stated, schema=schema)


def _bound(value: str) -> sa.BindParameter[Any]:
    """A text whose type the column decides: a date or a number is read by the database, not by us."""
    return sa.bindparam(None, value, type_=sa.types.NullType())


def _restrain(con: sa.Connection, seconds: int) -> None:
    """Everything ends in time, and nothing is cut to fit."""
    seconds = max(1, seconds)
    if con.dialect.name == "postgresql":
        con.execute(sa.text(f"set local statement_timeout = {seconds * 1000}"))
        con.execute(sa.text(f"set local lock_timeout = {seconds * 1000}"))
        return
    con.execute(sa.text("set session sql_mode = 'TRADITIONAL'"))
    con.execute(sa.text(f"set session innodb_lock_wait_timeout = {seconds}"))


def _words(error: DBAPIError) -> str:
    """The database's own words about a row: kept beside the chain like any platform's, and told to nobody else."""
    said = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    arguments = getattr(error.orig, "args", ())
    return str(said or (arguments[-1] if arguments else type(error.orig).__name__))
