"""The append-only book of what people decided and what the platforms were told.

Belongs here: adding a line, reading lines, proving that none was changed; personal texts beside them; verdicts.
Lives elsewhere: what becomes of a batch (`batches.py`), of an approval (`approvals.py`), of an override
(`overrides.py`); what a verdict does to clusters (`dedup`, `stewardship`).

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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from warehouse.site import Site

Word = Literal["same", "different", "unsure"]

_NOTHING_BEFORE = "0" * 64
_TABLES = """
create table if not exists line (
    seq integer primary key, at text not null, kind text not null, body text not null,
    prev text not null, hash text not null
);
create table if not exists cell (
    seq integer not null, record_id text not null, field text not null, digest text not null,
    kind text not null, taken_from text not null,
    primary key (seq, record_id, field)
) without rowid;
create table if not exists value (digest text primary key, text text not null) without rowid;
"""

_TRIGGERS = "".join(
    f"create trigger if not exists {table}_{verb} before {verb} on {table} "
    f"begin select raise(abort, 'the ledger is append-only'); end;\n"
    for table in ("line", "cell")
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
    """One cell that a line speaks of: which record, which field, and the keyed digest of the value.

    Of a batch also what the change is to the platform (`kind`) and the record whose value it is.
    """

    record_id: str
    field: str
    digest: str
    kind: str = ""
    taken_from: str = ""


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
        batch = sorted(cells)
        if batch:
            body = {**body, "count": len(batch), "cells": _digest_of(batch)}
        with self.together():
            last = self._con.execute("select seq, hash from line order by seq desc limit 1").fetchone()
            seq, prev = (last[0] + 1, last[1]) if last else (1, _NOTHING_BEFORE)
            at, text = datetime.now(UTC).isoformat(timespec="milliseconds"), _canonical(body)
            row = (seq, at, kind, text, prev, _hash(seq, at, kind, text, prev))
            self._con.execute("insert into line values (?, ?, ?, ?, ?, ?)", row)
            self._con.executemany(
                "insert into cell values (?, ?, ?, ?, ?, ?)", ((seq, *cell) for cell in batch)
            )
        return int(seq)

    def lines(self, *kinds: str, after: int = 0) -> list[Line]:
        """All lines behind a number, or those of some kinds, in the order in which they were added."""
        only = f"and kind in ({', '.join('?' * len(kinds))})" if kinds else ""
        rows = self._con.execute(
            f"select seq, at, kind, body, prev, hash from line where seq > ? {only} order by seq",
            (after, *kinds),
        )
        return [Line(seq, at, kind, json.loads(body), prev, own) for seq, at, kind, body, prev, own in rows]

    def newest(self, most: int, kind: str = "", by: str = "") -> list[Line]:
        """The last lines, newest first: all, or those of one kind, or by one person (`by` in their body)."""
        rows = self._con.execute(
            "select seq, at, kind, body, prev, hash from line"
            " where ? in ('', kind) and ? in ('', json_extract(body, '$.by')) order by seq desc limit ?",
            (kind, by, most),
        )
        return [Line(seq, at, kind, json.loads(body), prev, own) for seq, at, kind, body, prev, own in rows]

    def last(self) -> int:
        """The number of the last line; 0 of an empty ledger."""
        last = self._con.execute("select max(seq) from line").fetchone()
        return int(last[0] or 0)

    def head(self) -> str:
        """The hash of the last line: who keeps it elsewhere can later tell that lines were cut off."""
        last = self._con.execute("select hash from line order by seq desc limit 1").fetchone()
        return str(last[0]) if last else _NOTHING_BEFORE

    def verify(self, head: str | None = None) -> Fault | None:
        """The first line that was changed, removed or slipped in; None when the ledger is whole.

        With a head noted earlier it also tells when lines up to it are gone.
        """
        expected, prev, heads, nothing = 1, _NOTHING_BEFORE, {_NOTHING_BEFORE}, _digest_of(())
        for seq, at, kind, body, stated_prev, own in self._con.execute(
            "select seq, at, kind, body, prev, hash from line order by seq"
        ):
            if seq != expected:
                return Fault(expected, "line is missing")
            if stated_prev != prev:
                return Fault(seq, "does not follow the line before it")
            if own != _hash(seq, at, kind, body, prev):
                return Fault(seq, "was changed after it was written")
            if json.loads(body).get("cells", nothing) != _digest_of(self.cells(seq)):
                return Fault(seq, "the cells that it speaks of were changed")
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
        return self.remember_all([text])[0]

    def remember_all(self, texts: Sequence[str]) -> list[str]:
        """Keep personal texts beside the chain; their digests, in the order given."""
        digests = self.digests(texts)
        with self.together():
            self._con.executemany(
                "insert or ignore into value values (?, ?)", zip(digests, texts, strict=True)
            )
        return digests

    def recall(self, digest: str) -> str | None:
        """The text behind a digest; None once it was erased."""
        row = self._con.execute("select text from value where digest = ?", (digest,)).fetchone()
        return str(row[0]) if row else None

    def erase(self, digest: str) -> None:
        """Forget a text for good. The chain stays whole."""
        with self.together():
            self._con.execute("delete from value where digest = ?", (digest,))

    # Cells

    def cells(self, seq: int) -> Iterator[Cell]:
        """The cells that a line speaks of."""
        rows = self._con.execute(
            "select record_id, field, digest, kind, taken_from from cell where seq = ?"
            " order by record_id, field",
            (seq,),
        )
        return (Cell(*row) for row in rows)

    def cells_of(self, *kinds: str) -> list[tuple[int, Cell]]:
        """Every cell that lines of these kinds speak of, with the number of its line, oldest line first."""
        rows = self._con.execute(
            "select cell.seq, record_id, field, digest, cell.kind, taken_from from cell join line on line.seq = cell.seq"
            f" where line.kind in ({', '.join('?' * len(kinds))}) order by cell.seq, record_id, field",
            kinds,
        )
        return [(seq, Cell(*cell)) for seq, *cell in rows]

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
        if not self._con.execute("select 1 from line where seq = ? and kind = 'verdict'", (seq,)).fetchone():
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

    def parted(self) -> list[tuple[str, str]]:
        """Pairs of records that a person parted: said to be different, or of which *same* was taken back."""
        standing = {(one.left, one.right): one.verdict for one in self.verdicts()}
        undone = {line.body["of"] for line in self.lines("undo")}
        taken_back = {
            (line.body["left"], line.body["right"])
            for line in self.lines("verdict")
            if line.seq in undone and line.body["verdict"] == "same"
        }
        different = {pair for pair, verdict in standing.items() if verdict == "different"}
        return sorted(different | (taken_back - standing.keys()))

    @contextmanager
    def together(self) -> Iterator[None]:
        """All lines that are added in the block are written, or none. Blocks may lie in one another: the outermost counts."""
        if self._con.in_transaction:
            yield
            return
        self._con.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._con.execute("rollback")
            raise
        self._con.execute("commit")


@contextmanager
def open_ledger(site: Site) -> Iterator[Ledger]:
    """Open the site's ledger, made on first use, readable by its owner only."""
    with open_chain(site.ledger, site.key) as ledger:
        yield ledger


@contextmanager
def open_chain(file: Path, key: bytes) -> Iterator[Ledger]:
    """Open a book of such lines in a file of its own; the audit of the steward's desk is one.

    Several threads may use it one after the other, not at once.
    """
    file.touch(mode=0o600)
    with closing(sqlite3.connect(file, isolation_level=None, timeout=30, check_same_thread=False)) as con:
        yield Ledger(con, key)


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
