"""Giving a verdict and taking it back.

Belongs here: what a verdict has to stand up to before it becomes a line of the ledger.
Lives elsewhere: the ledger (`warehouse/ledger.py`), the logic of what contradicts what (`standing.py`).

Whoever judges says which line about the pair they knew last. So a double click writes one line, and of two people who
judge at once the second sees what the first said before anything is written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stewardship.cases import Case
from stewardship.standing import (
    Alike,
    Link,
    Said,
    Standing,
    contradiction,
    contradiction_together,
)
from stewardship.store import writing
from warehouse.ledger import Ledger
from warehouse.words import Word


class Contradicts(ValueError):
    """Standing verdicts say otherwise; `chain` shows how."""

    def __init__(self, chain: Sequence[Link]) -> None:
        super().__init__("与现有裁定矛盾")
        self.chain = tuple(chain)


class Overtaken(ValueError):
    """Somebody said something of the pair since; `said` is what. None: what was seen stands no more, and what waits in its place
    who judges may not see before they have answered."""

    def __init__(self, said: Said | None) -> None:
        super().__init__("此案刚刚有人裁定过")
        self.said = said


class Disputed(ValueError):
    """Two people do not agree, and somebody has to decide who is neither."""


class NothingToUndo(ValueError):
    """There is no such standing verdict."""


def give(
    ledger: Ledger,
    desk: sqlite3.Connection,
    standing: Standing,
    case: Case,
    word: Word,
    *,
    by: str,
    because: str,
    knew: int,
    alike: Alike,
    model: str,
    needs: int,
    decides: bool = False,
) -> Said:
    """Write a verdict on the two records of a case; its line. Of somebody who is asked again what another has settled it changes
    nothing, and is held against that one's (`blind.py`).

    Args:
        standing: is brought up to date.
        knew: the last line about the pair that `by` had seen, 0 for none.
        needs: how many people have to say so before it stands.
        decides: whether `by` may see, and settle, what others do not agree on.

    Raises:
        Disputed: others do not agree on these records, and this word needs another person, too.
        Overtaken: somebody said something of the pair since.
        Contradicts: what stands elsewhere says otherwise.
    """
    with writing(desk):  # one at a time, whichever process it is in
        standing.refresh(ledger)
        first = standing.asked_again(case.left, case.right, by)
        if first is None:
            now = standing.known(case.left, case.right, by, decides=decides)
            if now != knew:
                last = standing.lines.get(now)
                if last is not None and _clicked_twice(last, case, word, by):
                    return last
                raise Overtaken(last)
            if needs > 1 and standing.between(case.left, case.right).on(case.seen).disputed:
                raise Disputed
            chain = contradiction(standing, (case.left, case.right), word, alike)
            if chain is not None:
                raise Contradicts(chain)
        seq = ledger.judge(
            case.left,
            case.right,
            word,
            by=by,
            because=because,
            seen=case.seen,
            points=case.points,
            model=model,
            needs=needs if first is None else 1,
            blind=0 if first is None else first.seq,
        )
        standing.refresh(ledger)
        return standing.lines[seq]


def _clicked_twice(last: Said, case: Case, word: Word, by: str) -> bool:
    """Whether the last line is this very word, by the same person, of the same data."""
    return not last.undoes and (last.by, last.verdict, last.seen) == (by, word, case.seen)


class Saying(NamedTuple):
    """One of several words that are given together. knew: the last line about the pair that was seen, 0 for none; needs: how
    many people have to say so before it stands."""

    left: str
    right: str
    word: Word
    knew: int
    seen: str
    points: float
    needs: int


def give_together(
    ledger: Ledger,
    desk: sqlite3.Connection,
    standing: Standing,
    words: Sequence[Saying],
    *,
    by: str,
    because: str,
    alike: Alike,
    model: str,
    decides: bool = False,
    about: Mapping[str, object] | None = None,
) -> int:
    """Write several verdicts at once, all or none; the last of their lines. They are taken back together, too.

    Args:
        standing: is brought up to date.
        decides: whether `by` may see, and settle, what others do not agree on.
        about: what is kept beside the act: of which cases these are the rest, and which of these were looked at (`group`), or
            which records go (`moved`).

    Raises:
        Disputed: others do not agree on one of the pairs, and that word needs another person, too.
        Overtaken: somebody said something of one of the pairs since.
        Contradicts: together with what stands elsewhere they contradict themselves.
    """
    with writing(desk), ledger.together():
        standing.refresh(ledger)
        for one in words:
            now = standing.known(one.left, one.right, by, decides=decides)
            if now != one.knew:
                raise Overtaken(standing.lines.get(now))
            if one.needs > 1 and standing.between(one.left, one.right).on(one.seen).disputed:
                raise Disputed
        chain = contradiction_together(standing, supposed_words(words), alike)
        if chain is not None:
            raise Contradicts(chain)
        lines = [
            ledger.judge(
                one.left,
                one.right,
                one.word,
                by=by,
                because=because,
                seen=one.seen,
                points=one.points,
                model=model,
                needs=one.needs,
            )
            for one in words
        ]
        ledger.append("together", {"by": by, "lines": lines, **(about or {})})
    standing.refresh(ledger)
    return lines[-1]


def supposed_words(words: Sequence[Saying]) -> dict[tuple[str, str], Said | None]:
    """What would stand on these pairs."""
    return {
        (min(one.left, one.right), max(one.left, one.right)): Said(
            0, "", "", min(one.left, one.right), max(one.left, one.right), one.word, "", one.seen
        )
        for one in words
    }


def undo(
    ledger: Ledger,
    desk: sqlite3.Connection,
    standing: Standing,
    seq: int,
    *,
    by: str,
    because: str,
    any_ones: bool,
    alike: Alike,
) -> Said:
    """Take a verdict back, one's own or, with `any_ones`, anybody's, and whatever was given together with it; what was taken
    back.

    Taking back what was taken back already writes nothing.

    Raises:
        NothingToUndo: no such verdict, or it is not one's own.
        Contradicts: what would stand on the pair instead contradicts what was said since.
    """
    with writing(desk):
        standing.refresh(ledger)
        said = standing.lines.get(seq)
        if said is None or said.undoes or not (any_ones or said.by == by):
            raise NothingToUndo("没有这条裁定可撤销")
        if seq in standing.undone:
            return said
        taken = [one for one in standing.act(seq) if one not in standing.undone]
        pairs = {(standing.lines[one].left, standing.lines[one].right) for one in taken}
        then = {pair: standing.between(*pair, without=taken).stands for pair in sorted(pairs)}
        chain = contradiction_together(standing, then, alike)
        if chain is not None:
            raise Contradicts(chain)
        with ledger.together():
            for one in taken:
                ledger.undo(one, by=by, because=because)
        standing.refresh(ledger)
        return said
