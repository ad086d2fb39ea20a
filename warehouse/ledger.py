"""The append-only book of what people decided and what was prepared for the platforms.

Belongs here: adding a line, reading lines, proving that none was changed; batches that were prepared; verdicts.
Lives elsewhere: what a batch contains (`publish.py`), what a verdict does to clusters (`dedup`, `stewardship`).

Every line carries the hash of the line before it. Personal texts and the cells of a batch stand in side tables: a
line holds their digest only, so that a text can be erased without breaking the chain. A chain cannot show that its
end was cut off: keep `head()` somewhere else (a report, a manifest) and give it to `verify`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

from warehouse.site import Site

Word = Literal["same", "different", "unsure"]

_NOTHING_BEFORE = "0" * 64
_BATCHES = ("prepared", "withdrawn")  # the kinds of line that speak of cells

_TABLES = """
create table if not exists line (
    seq integer primary key, at text not null, kind text not null, body text not null,
    prev text not null, hash text not null
);
create table if not exists prepared_cell (
    seq integer not null, record_id text not null, field text not null, digest text not null,
    primary key (seq, record_id, field)
) without rowid;
create table if not exists value (digest text primary key, text text not null) without rowid;
"""

_TRIGGERS = "".join(
    f"create trigger if not exists {table}_{verb} before {verb} on {table} "
    f"begin select raise(abort, 'the ledger is append-only'); end;\n"
    for table in ("line", "prepared_cell")
    for verb in ("update", "delete")
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger. Lines are added, never changed."""

    seq: int
    at: str
    kind: str
    body: Mapping[str, Any]
    prev: str
    hash: str


@dataclass(frozen=True, slots=True)
class Fault:
    """The first line that is not what was written, and why."""

    seq: int
    problem: str


class Cell(NamedTuple):
    """One cell of a prepared batch: which record, which field, and the keyed digest of the value."""

    record_id: str
    field: str
    digest: str


class Prepared(NamedTuple):
    """The last thing prepared for a cell, and when."""

    platform: str
    record_id: str
    field: str
    digest: str
    night: date


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said of two records, and what they saw when they said it."""

    seq: int
    at: str
    left: str
    right: str
    verdict: Word
    by: str
    because: str | None  # None once it was erased
    seen: str  # fingerprint of the identity values of both records
    points: float | None
    model: str | None


class Ledger:
    """An open ledger. Writers in several processes wait for each other; each line is durable when it returns."""

    def __init__(self, con: sqlite3.Connection, key: bytes) -> None:
        self._con = con
        self._key = key
        con.execute("pragma journal_mode = wal")
        con.execute("pragma synchronous = full")
        con.executescript(_TABLES + _TRIGGERS)

    # The chain

    def append(self, kind: str, body: Mapping[str, Any], cells: Sequence[Cell] = ()) -> int:
        """Add one line, with the cells it speaks of; its number."""
        with self._writing():
            last = self._con.execute("select seq, hash from line order by seq desc limit 1").fetchone()
            seq, prev = (last[0] + 1, last[1]) if last else (1, _NOTHING_BEFORE)
            at, text = datetime.now(UTC).isoformat(timespec="milliseconds"), _canonical(body)
            row = (seq, at, kind, text, prev, _hash(seq, at, kind, text, prev))
            self._con.execute("insert into line values (?, ?, ?, ?, ?, ?)", row)
            self._con.executemany(
                "insert into prepared_cell values (?, ?, ?, ?)", ((seq, *cell) for cell in cells)
            )
        return int(seq)

    def lines(self, kind: str | None = None) -> list[Line]:
        """All lines, or those of one kind, in the order in which they were added."""
        where, given = ("where kind = ?", (kind,)) if kind else ("", ())
        rows = self._con.execute(
            f"select seq, at, kind, body, prev, hash from line {where} order by seq", given
        )
        return [Line(seq, at, kind, json.loads(body), prev, own) for seq, at, kind, body, prev, own in rows]

    def head(self) -> str:
        """The hash of the last line: who keeps it elsewhere can later tell that lines were cut off."""
        last = self._con.execute("select hash from line order by seq desc limit 1").fetchone()
        return str(last[0]) if last else _NOTHING_BEFORE

    def verify(self, head: str | None = None) -> Fault | None:
        """The first line that was changed, removed or slipped in; None when the ledger is whole.

        With a head noted earlier it also tells when lines up to it are gone.
        """
        expected, prev, heads = 1, _NOTHING_BEFORE, {_NOTHING_BEFORE}
        for seq, at, kind, body, stated_prev, own in self._con.execute(
            "select seq, at, kind, body, prev, hash from line order by seq"
        ):
            if seq != expected:
                return Fault(expected, "line is missing")
            if stated_prev != prev:
                return Fault(seq, "does not follow the line before it")
            if own != _hash(seq, at, kind, body, prev):
                return Fault(seq, "was changed after it was written")
            if kind in _BATCHES and json.loads(body)["cells"] != _digest_of(self._cells(seq)):
                return Fault(seq, "the cells of its batch were changed")
            expected, prev = seq + 1, own
            heads.add(own)
        if head is not None and head not in heads:
            return Fault(expected, "line is missing: the noted head is not in the ledger")
        return None

    # Personal texts

    def digests(self, values: Iterable[str]) -> list[str]:
        """Keyed digests of values, in the order given: they compare, and cannot be turned back by guessing."""
        key = self._key
        return [hmac.digest(key, f"value\x1f{text}".encode(), "sha256").hex()[:24] for text in values]

    def remember(self, text: str) -> str:
        """Keep a personal text beside the chain; the digest that stands for it in a line."""
        digest = self.digests([text])[0]
        with self._writing():
            self._con.execute("insert or ignore into value values (?, ?)", (digest, text))
        return digest

    def recall(self, digest: str) -> str | None:
        """The text behind a digest; None once it was erased."""
        row = self._con.execute("select text from value where digest = ?", (digest,)).fetchone()
        return str(row[0]) if row else None

    def erase(self, digest: str) -> None:
        """Forget a text for good. The chain stays whole."""
        with self._writing():
            self._con.execute("delete from value where digest = ?", (digest,))

    # What was prepared for the platforms

    def prepare(self, night: date, platform: str, cells: Iterable[Cell]) -> int:
        """Note one batch in one line; its cells go to the side table, their digest into the line."""
        return self._batch("prepared", night, platform, cells)

    def withdraw(self, night: date, platform: str, cells: Iterable[Cell]) -> int:
        """Note that cells prepared before stand in no file any more: the night was run again and wrote it anew."""
        return self._batch("withdrawn", night, platform, cells)

    def prepared(self, night: date) -> list[Prepared]:
        """The last thing prepared for every cell, unless withdrawn, as the ledger knew it at the end of a night."""
        rows = self._con.execute(
            """
            select platform, record_id, field, digest, night from (
                select batch.kind, batch.platform, cell.record_id, cell.field, cell.digest, batch.night,
                    row_number() over (
                        partition by batch.platform, cell.record_id, cell.field order by cell.seq desc
                    ) as place
                from prepared_cell as cell
                join (
                    select seq, kind, body ->> 'platform' as platform, body ->> 'night' as night
                    from line where kind in ('prepared', 'withdrawn')
                ) as batch on batch.seq = cell.seq
                where batch.night <= ?
            ) where place = 1 and kind = 'prepared'
            """,
            (night.isoformat(),),
        )
        return [Prepared(p, record, f, digest, date.fromisoformat(day)) for p, record, f, digest, day in rows]

    # Verdicts

    def judge(
        self,
        left: str,
        right: str,
        verdict: Word,
        *,
        by: str,
        because: str,
        seen: str,
        points: float | None = None,
        model: str | None = None,
    ) -> int:
        """Add a verdict on two records; the number of its line. The reason is kept as a personal text."""
        if verdict not in ("same", "different", "unsure"):
            raise ValueError(f"裁定只能是 same、different 或 unsure，不能是 {verdict}")
        if left == right:
            raise ValueError(f"裁定须针对两条不同的记录，这里两边都是 {left}")
        low, high = sorted((left, right))
        body = {"left": low, "right": high, "verdict": verdict, "by": by, "because": self.remember(because)}
        return self.append("verdict", body | {"seen": seen, "points": points, "model": model})

    def undo(self, seq: int, *, by: str, because: str) -> int:
        """Take a verdict back by one more line; what was said of the pair before stands again."""
        if not any(line.seq == seq for line in self.lines("verdict")):
            raise ValueError(f"账本第 {seq} 行不是裁定，无法撤销。请在裁定列表中查看行号")
        return self.append("undo", {"of": seq, "by": by, "because": self.remember(because)})

    def verdicts(self) -> list[Verdict]:
        """What stands today: of every pair the latest verdict that was not taken back, in order of their lines."""
        undone = {line.body["of"] for line in self.lines("undo")}
        standing = {
            (line.body["left"], line.body["right"]): line
            for line in self.lines("verdict")
            if line.seq not in undone
        }
        return [
            Verdict(line.seq, line.at, **{**line.body, "because": self.recall(line.body["because"])})
            for line in sorted(standing.values(), key=lambda line: line.seq)
        ]

    def _batch(self, kind: str, night: date, platform: str, cells: Iterable[Cell]) -> int:
        batch = sorted(cells)
        body = {"night": night.isoformat(), "platform": platform, "count": len(batch)}
        return self.append(kind, body | {"cells": _digest_of(batch)}, batch)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._con.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._con.execute("rollback")
            raise
        self._con.execute("commit")

    def _cells(self, seq: int) -> Iterator[Cell]:
        rows = self._con.execute(
            "select record_id, field, digest from prepared_cell where seq = ? order by record_id, field",
            (seq,),
        )
        return (Cell(*row) for row in rows)


@contextmanager
def open_ledger(site: Site) -> Iterator[Ledger]:
    """Open the site's ledger, made on first use, readable by its owner only."""
    site.ledger.touch(mode=0o600)
    with closing(sqlite3.connect(site.ledger, isolation_level=None, timeout=30)) as con:
        yield Ledger(con, site.key)


def _canonical(body: Mapping[str, Any]) -> str:
    """One text per content, whatever the order of the keys."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _hash(seq: int, at: str, kind: str, body: str, prev: str) -> str:
    return hashlib.sha256(json.dumps([seq, at, kind, body, prev]).encode()).hexdigest()


def _digest_of(cells: Iterable[Cell]) -> str:
    digest = hashlib.sha256()
    for cell in cells:
        digest.update("\x1f".join(cell).encode() + b"\n")
    return digest.hexdigest()
