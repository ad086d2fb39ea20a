"""Declaring that two ID numbers are one person's: a wrong number that was corrected, or two that one person was given.

Belongs here: who bears the two numbers, what a declaration has to stand up to, taking a word back.
Lives elsewhere: the lines and when they stand (`warehouse/one_person.py`), what that lifts (`dedup/cluster.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dedup.normalise.read import read
from stewardship.accounts import Account
from stewardship.sentences import say
from warehouse.ledger import Ledger
from warehouse.one_person import declarations, declare, take_back
from warehouse.site import Site
from warehouse.speech import Language
from warehouse.store import read_store

_GOOD = ("ok", "ok_unknown_area")


class WrongNumbers(ValueError):
    """These two numbers cannot be declared to be one person's, or no such word can be taken back: why, and what to do."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A resident of whom records state a number that may veto; values in full: who shows them masks them."""

    number: str
    resident_id: str
    name: str
    birth_date: str
    records: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """Two ID numbers, the smaller first, as they are typed in full, and who bears them."""

    low: str
    high: str
    bearers: Sequence[Bearer]


def read_numbers(site: Site, snapshot: Path, one: str, other: str, speak: Language) -> Numbers:
    """Two numbers as they were typed, and who bears them in a snapshot.

    Raises:
        WrongNumbers: one is no whole number with the right check character, both are the same, or no record states one of them
            so that it could veto.
    """
    found = [read("id_number", typed.strip(), area=site.area) for typed in (one, other)]
    keys = sorted({value.key for value in found if value.key and value.quality in _GOOD})
    if len(keys) < 2:
        raise WrongNumbers(say("numbers_two", speak))
    bearers = bearers_of(snapshot, keys)
    if {bearer.number for bearer in bearers} != {*keys}:
        raise WrongNumbers(say("numbers_nobody", speak))
    return Numbers(keys[0], keys[1], bearers)


def bearers_of(snapshot: Path, numbers: Sequence[str]) -> list[Bearer]:
    """The residents of whom records state these numbers."""
    query = """
        select n.trusted, r.resident_id, coalesce(who.name, ''), coalesce(who.birth_date, ''), count(*)
        from matched.node as n
        join matched.record as m using (node)
        join resolved.record as r using (record_id)
        left join golden.resident as who using (resident_id)
        where list_contains($numbers, n.trusted)
        group by all
        order by all
    """
    with read_store(snapshot) as con:
        return [Bearer(*row) for row in con.execute(query, {"numbers": list(numbers)}).fetchall()]


def declare_numbers(
    ledger: Ledger, numbers: Numbers, by: Account, because: str, evidence: str, *, needs: int, speak: Language
) -> int:
    """Say that two numbers are one person's; the number of the line.

    Raises:
        WrongNumbers: no reason or no evidence is stated, it stands already, or the same person said so before.
    """
    if not because.strip() or not evidence.strip():
        raise WrongNumbers(say("numbers_evidence", speak))
    pair = numbers.low, numbers.high
    known = next((one for one in declarations(ledger) if one.numbers == pair), None)
    if known is not None and (known.stands or by.name in {word.by for word in known.words}):
        raise WrongNumbers(say("numbers_said", speak))
    return declare(ledger, *pair, by=by.name, because=because, evidence=evidence, needs=needs)


def take_word_back(ledger: Ledger, line: int, by: Account, because: str, speak: Language) -> int:
    """Take back one's own word, or another's where one may; the number of the line that says so.

    Raises:
        WrongNumbers: the line is no word that counts, or is not one's own, or no reason is stated.
    """
    if not because.strip():
        raise WrongNumbers(say("because_wanted", speak))
    words = {word.line: word for one in declarations(ledger) for word in one.words}
    if line not in words or not (words[line].by == by.name or by.may("undo_others")):
        raise WrongNumbers(say("numbers_no_line", speak, line=line))
    return take_back(ledger, line, by=by.name, because=because)
