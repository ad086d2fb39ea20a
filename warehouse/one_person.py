"""Two ID numbers that people declared to be one person's: a number and the one that it was corrected to, or one given twice.

Belongs here: the lines of the ledger that say so, which of them stand, taking one back.
Lives elsewhere: what that lifts, the veto between exactly these two numbers (`dedup/cluster.py`); who may say it, and what it has to
stand up to (`stewardship/numbers.py`).

A line names both numbers by their digests; the numbers themselves, the reason and the evidence are personal texts beside the chain.
A declaration that needs two people stands once two said it. It joins nobody: it only lets evidence, or a steward's word, do so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.ledger import Ledger

KINDS = ("one_person", "one_person_taken_back")
_KIND, _TAKEN_BACK = KINDS


@dataclass(frozen=True, slots=True)
class Word:
    """One person's word that two numbers are one person's. because, evidence: None once they were erased."""

    line: int
    at: str
    by: str
    because: str | None
    evidence: str | None
    needs: int


@dataclass(frozen=True, slots=True)
class Declaration:
    """All words on two numbers that were not taken back, oldest first. numbers: the smaller first; None once they were erased."""

    numbers: tuple[str, str] | None
    words: Sequence[Word]

    @property
    def stands(self) -> bool:
        """Whether enough people said so."""
        return len({one.by for one in self.words}) >= min(one.needs for one in self.words)


def declare(ledger: Ledger, one: str, other: str, *, by: str, because: str, evidence: str, needs: int) -> int:
    """Note that two numbers are one person's; the number of the line. needs: how many people have to say so.

    Raises:
        ValueError: they are one number.
    """
    if one == other:
        raise ValueError("两个号码相同")
    low, high = sorted((one, other))
    with ledger.together():
        digests = ledger.remember_all([low, high, because, evidence])
        body = dict(zip(("low", "high", "because", "evidence"), digests, strict=True))
        return ledger.append(_KIND, body | {"by": by, "needs": needs})


def take_back(ledger: Ledger, line: int, *, by: str, because: str) -> int:
    """Take one word back by one more line; the number of that.

    Raises:
        LookupError: the line is no such word, or is taken back already.
    """
    if line not in {word.line for one in declarations(ledger) for word in one.words}:
        raise LookupError(line)
    return ledger.append(_TAKEN_BACK, {"of": line, "by": by, "because": ledger.remember(because)})


def declarations(ledger: Ledger) -> list[Declaration]:
    """All that were not taken back whole, in the order of their first words."""
    gone = {line.body["of"] for line in ledger.lines(_TAKEN_BACK)}
    words: dict[tuple[str, str], list[Word]] = {}
    for line in ledger.lines(_KIND):
        body = line.body
        if line.seq not in gone:
            texts = ledger.recall(body["because"]), ledger.recall(body["evidence"])
            words.setdefault((body["low"], body["high"]), []).append(
                Word(line.seq, line.at, body["by"], *texts, body["needs"])
            )
    return [Declaration(_recalled(ledger, *pair), said) for pair, said in words.items()]


def one_person(ledger: Ledger) -> list[tuple[str, str]]:
    """The pairs of numbers that are one person's tonight, the smaller first."""
    return sorted(one.numbers for one in declarations(ledger) if one.stands and one.numbers is not None)


def waits(ledger: Ledger) -> set[int]:
    """The lines of words that wait for another person."""
    return {word.line for one in declarations(ledger) if not one.stands for word in one.words}


def _recalled(ledger: Ledger, low: str, high: str) -> tuple[str, str] | None:
    numbers = ledger.recall(low), ledger.recall(high)
    return None if numbers[0] is None or numbers[1] is None else (numbers[0], numbers[1])
