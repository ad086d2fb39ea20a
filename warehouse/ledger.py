"""The append-only book of what people decided and what the platforms were told.

Belongs here: adding a line, reading lines, proving that none was changed; personal texts beside them; verdicts.
Lives elsewhere: where it is kept (`books.py`, `served.py`), what becomes of a batch (`batches.py`), of an approval (`approvals.py`), of an override
(`overrides.py`); which of several verdicts on a pair stands (`words.py`); what it does to clusters (`dedup`, `stewardship`).

Every line carries the hash of the line before it. Personal texts and the cells of a batch stand in side tables: a
line holds their digest only, so that a text can be erased without breaking the chain. A chain cannot show that its
end was cut off: keep `head()` somewhere else (a report, a manifest) and give it to `verify`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from warehouse.books import Book, Unreachable, open_file
from warehouse.site import Site
from warehouse.words import Word, agreed

_NOTHING_BEFORE = "0" * 64


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
    needs: int = 1  # how many people have to say so
    blind: int = 0  # the line that it is held against, of a word that changes nothing


_Spoken = tuple[Verdict, int | None]  # a verdict, and the line by which it was taken back, if it was


class Ledger:
    """An open ledger. Writers in several processes wait for each other; each line is durable when it returns."""

    def __init__(self, book: Book, key: bytes) -> None:
        self._book = book
        self._key = key

    # The chain

    def append(self, kind: str, body: Mapping[str, Any], cells: Sequence[Cell] = ()) -> int:
        """Add one line, with the cells it speaks of; its number."""
        batch = sorted(cells)
        if batch:
            body = {**body, "count": len(batch), "cells": _digest_of(batch)}
        with self._book.writing():
            last = self._book.rows("select seq, hash from line order by seq desc limit 1")
            seq, prev = (last[0][0] + 1, last[0][1]) if last else (1, _NOTHING_BEFORE)
            at, text = datetime.now(UTC).isoformat(timespec="milliseconds"), _canonical(body)
            row = (seq, at, kind, text, prev, _hash(seq, at, kind, text, prev))
            self._book.put("insert into line values (?, ?, ?, ?, ?, ?)", [row])
            self._book.put("insert into cell values (?, ?, ?, ?, ?, ?)", [(seq, *cell) for cell in batch])
        return int(seq)

    def lines(self, *kinds: str, after: int = 0) -> list[Line]:
        """All lines behind a number, or those of some kinds, in the order in which they were added."""
        only = f"and kind in ({', '.join('?' * len(kinds))})" if kinds else ""
        rows = self._book.rows(
            f"select seq, at, kind, body, prev, hash from line where seq > ? {only} order by seq",
            (after, *kinds),
        )
        return [Line(seq, at, kind, json.loads(body), prev, own) for seq, at, kind, body, prev, own in rows]

    def newest(self, most: int, kind: str = "", by: str = "") -> list[Line]:
        """The last lines, newest first: all, or those of one kind, or by one person (`by` in their body)."""
        rows = self._book.rows(
            "select seq, at, kind, body, prev, hash from line"
            f" where ? in ('', kind) and ? in ('', {self._book.by}) order by seq desc limit ?",
            (kind, by, most),
        )
        return [Line(seq, at, kind, json.loads(body), prev, own) for seq, at, kind, body, prev, own in rows]

    def last(self, *but: str) -> int:
        """The number of the last line, or of the last that is of none of some kinds; 0 of an empty ledger."""
        others = f"where kind not in ({', '.join('?' * len(but))})" if but else ""
        rows = self._book.rows(f"select seq from line {others} order by seq desc limit 1", but)
        return int(rows[0][0]) if rows else 0

    def head(self) -> str:
        """The hash of the last line: who keeps it elsewhere can later tell that lines were cut off."""
        last = self._book.rows("select hash from line order by seq desc limit 1")
        return str(last[0][0]) if last else _NOTHING_BEFORE

    def verify(self, head: str | None = None) -> Fault | None:
        """The first line that was changed, removed or slipped in; None when the ledger is whole.

        With a head noted earlier it also tells when lines up to it are gone.
        """
        expected, prev, heads, nothing = 1, _NOTHING_BEFORE, {_NOTHING_BEFORE}, _digest_of(())
        for seq, at, kind, body, stated_prev, own in self._book.rows(
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
        """Keep personal texts beside the chain; their digests, in the order given. Without NUL, which nobody can read and
        PostgreSQL cannot hold: a pasted one costs nobody what they said."""
        texts = [text.replace("\0", "") for text in texts]
        digests = self.digests(texts)
        with self._book.writing():
            self._book.put(
                "insert into value values (?, ?) on conflict do nothing",
                list(zip(digests, texts, strict=True)),
            )
        return digests

    def recall(self, digest: str) -> str | None:
        """The text behind a digest; None once it was erased."""
        rows = self._book.rows("select text from value where digest = ?", (digest,))
        return str(rows[0][0]) if rows else None

    def erase(self, digest: str) -> None:
        """Forget a text for good. The chain stays whole."""
        with self._book.writing():
            self._book.put("delete from value where digest = ?", [(digest,)])

    # Cells

    def cells(self, seq: int) -> Iterator[Cell]:
        """The cells that a line speaks of."""
        rows = self._book.rows(
            "select record_id, field, digest, kind, taken_from from cell where seq = ?"
            " order by record_id, field",
            (seq,),
        )
        return (Cell(*row) for row in rows)

    def cells_of(self, *kinds: str) -> list[tuple[int, Cell]]:
        """Every cell that lines of these kinds speak of, with the number of its line, oldest line first."""
        rows = self._book.rows(
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
        needs: int = 1,
        blind: int = 0,
    ) -> int:
        """Add a verdict on two records; the number of its line. The reason is kept as a personal text.

        needs: how many people have to say so before it stands. blind: it changes nothing, and is held against that line.
        """
        if verdict not in ("same", "different", "unsure"):
            raise ValueError(f"裁定只能是 same、different 或 unsure，不能是 {verdict}")
        if left == right:
            raise ValueError(f"裁定须针对两条不同的记录，这里两边都是 {left}")
        low, high = sorted((left, right))
        told = {"left": low, "right": high, "verdict": verdict, "by": by}
        rare = ({"needs": needs} if needs > 1 else {}) | ({"blind": blind} if blind else {})
        with self.together():
            because = self.remember(because)
            body = told | {"because": because, "seen": seen, "points": points, "model": model} | rare
            return self.append("verdict", body)

    def undo(self, seq: int, *, by: str, because: str) -> int:
        """Take a verdict back by one more line; what was said of the pair before stands again."""
        if not self._book.rows("select 1 from line where seq = ? and kind = 'verdict'", (seq,)):
            raise ValueError(f"账本第 {seq} 行不是裁定，无法撤销。请在裁定列表中查看行号")
        return self.append("undo", {"of": seq, "by": by, "because": self.remember(because)})

    def verdicts(self) -> list[Verdict]:
        """What stands today, of every pair at most one, in order of their lines."""
        standing = (_standing(said) for said in self._said().values())
        found = sorted((one for one in standing if one is not None), key=lambda one: one.seq)
        return [replace(one, because=self.recall(one.because or "")) for one in found]

    def parted(self) -> list[tuple[str, str]]:
        """Pairs of records that a person parted: said to be different, or of which *same* stood and was taken back."""
        return sorted(pair for pair, said in self._said().items() if _parted(said))

    def _said(self) -> dict[tuple[str, str], list[_Spoken]]:
        """Every word on every pair, oldest first, and the line by which it was taken back."""
        undone = {line.body["of"]: line.seq for line in reversed(self.lines("undo"))}
        said: dict[tuple[str, str], list[_Spoken]] = {}
        for line in self.lines("verdict"):
            one = Verdict(line.seq, line.at, **line.body)
            said.setdefault((one.left, one.right), []).append((one, undone.get(one.seq)))
        return said

    def together(self) -> AbstractContextManager[None]:
        """All lines that are added in the block are written, or none. Blocks may lie in one another: the outermost counts."""
        return self._book.writing()


def _standing(said: Sequence[_Spoken], at: int | None = None) -> Verdict | None:
    """What stands of a pair, or stood before a line."""
    if at is None:
        return agreed(one for one, undone in said if undone is None).stands
    return agreed(one for one, undone in said if one.seq < at and (undone is None or undone >= at)).stands


def _parted(said: Sequence[_Spoken]) -> bool:
    stands = _standing(said)
    if stands is not None:
        return stands.verdict == "different"
    stood = (_standing(said, undone) for _, undone in said if undone is not None)
    return any(one is not None and one.verdict == "same" for one in stood)


@contextmanager
def open_ledger(site: Site) -> Iterator[Ledger]:
    """Open the site's ledger, made on first use: a file readable by its owner only or, if the site names one, a database.

    Raises:
        Unreachable: the database cannot be used, or the file holds lines that it does not.
    """
    if site.ledger_at is None:
        with open_chain(site.ledger, site.key) as ledger:
            yield ledger
        return
    from warehouse.served import open_served

    with open_served(site.ledger_at, site.root) as book:
        ledger = Ledger(book, site.key)
        _expect_moved(site, ledger)
        yield ledger


def _expect_moved(site: Site, ledger: Ledger) -> None:
    """A site that forgot what it told the platforms would tell it again: its file is not left behind unnoticed."""
    if not ledger.last() and site.ledger.exists():
        with open_chain(site.ledger, site.key) as before:
            if before.last():
                raise Unreachable(
                    f"{site.ledger} 里已有 {before.last()} 行，而账本的数据库是空的。请先运行 enter-once ledger move，"
                    "或删去 site.toml 中的 [ledger]"
                )


def move_ledger(site: Site) -> int:
    """Copy the lines of the site's file into its empty database, as they are; how many. The file stays.

    Raises:
        Unreachable: the site names no database, that cannot be used, or it is not empty.
    """
    if site.ledger_at is None:
        raise Unreachable("site.toml 没有 [ledger]，账本就在文件里。请先写上数据库的 address")
    from warehouse.served import open_served

    with open_file(site.ledger) as source, open_served(site.ledger_at, site.root) as target:
        with target.writing():
            if target.rows("select 1 from line limit 1"):
                raise Unreachable("账本的数据库不是空的，没有改动任何东西。一个站点用一个数据库")
            for table, columns in (("value", 2), ("cell", 6), ("line", 6)):
                marks = ", ".join("?" * columns)
                target.put(f"insert into {table} values ({marks})", source.rows(f"select * from {table}"))
        return Ledger(target, site.key).last()


@contextmanager
def open_chain(file: Path, key: bytes) -> Iterator[Ledger]:
    """Open a book of such lines in a file of its own; the audit of the steward's desk is one.

    Several threads may use it one after the other, not at once.
    """
    with open_file(file) as book:
        yield Ledger(book, key)


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
