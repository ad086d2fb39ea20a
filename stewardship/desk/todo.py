"""Everything that waits for a person, by kind: how much, and on which page.

Belongs here: counting it, once for as long as neither snapshot nor ledger changes, and of a new snapshot before anybody looks.
Lives elsewhere: the pages themselves, turning to a new snapshot (`current.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from stewardship.accounts import Account, Deed
from stewardship.approving import (
    DECLINED,
    REFUSED,
    SAYABLE,
    UNASKED,
    WAITING,
    Asked,
    Doubted,
    Group,
    doubted,
    waiting,
)
from stewardship.casebook import Casebook
from stewardship.conflicts import OF_HOUSEHOLDS, Conflict, open_conflicts
from stewardship.desk.current import Current
from stewardship.desk.effect import shown_up_to
from stewardship.desk.guard import Asking
from stewardship.intake import Gated
from stewardship.moves import Move, doubts, find_moves
from stewardship.queue import deferrals
from stewardship.store import stamp
from warehouse.ledger import open_ledger
from warehouse.one_person import Declaration, declarations
from warehouse.speech import Language
from warehouse.store import read_store


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of what waits: how much of it, the page to do it on, and what one must be allowed to open that.

    everybodys: it counts people of all areas, and is for nobody who is kept to some.
    """

    kind: str
    count: int
    address: str
    deed: Deed = "look"
    everybodys: bool = True

    def shown_to(self, account: Account) -> bool:
        """Whether somebody may open its page."""
        return account.may(self.deed) and not (self.everybodys and account.areas)


def work(asking: Asking) -> list[Work]:
    """Every kind, in the order of the row of pages; what nobody waits for is counted 0."""
    current, book = asking.current, asking.current.book()
    with current.standing() as (_, standing):
        every = current.open_cases(asking.con, book, standing, asking.who.account, asking.now)
    account = asking.who.account
    cases = sum(account.works_on(one.areas) for one in every) if account.areas else len(every)
    groups = [one for one in waiting_groups(asking) if not one.word]
    return [
        Work("cases", cases, "/", everybodys=False),
        Work("conflicts", len(conflicts(asking, "conflicts")), "/conflicts", everybodys=False),
        Work("households", len(conflicts(asking, "households")), "/conflicts#households", everybodys=False),
        Work("moves", len(moves_for(asking)), "/moves", "judge", everybodys=False),
        Work("numbers", sum(not one.stands for one in declared(asking)), "/numbers", "decide"),
        Work("approvals", sum(one.cells for one in groups if one.decision in SAYABLE), "/approvals"),
        Work("refused", sum(one.cells for one in groups if one.decision in REFUSED), "/refused"),
        Work("doubted", len(in_doubt(asking)), "/refused"),
        Work("gates", sum(not one.accepted for one in gated(asking)), "/intake"),
        Work("quarantine", sum(quarantined(asking).values()), "/intake"),
    ]


def look_ahead(current: Current, book: Casebook) -> None:
    """Count of a new snapshot what every look at the queue asks for, before anybody does."""
    for count in (_conflicts, _moves, _declared, _waiting_groups, _in_doubt, _quarantined, shown_up_to):
        count(current, book)
    for speak in get_args(Language):
        _gated(current, book, speak)


def conflicts(asking: Asking, part: Literal["conflicts", "households"]) -> list[Conflict]:
    """The values that contradict each other, or the books and heads of households, that are theirs to work on who asks, and were
    not put off."""
    account, put_off = asking.who.account, deferrals(asking.con)
    return [
        one
        for one in _conflicts(asking.current, asking.current.book())
        if account.works_on(one.areas)
        and (one.kind in OF_HOUSEHOLDS) == (part == "households")
        and not (one.id in put_off and put_off[one.id].until > stamp(asking.now))
    ]


def _conflicts(current: Current, book: Casebook) -> list[Conflict]:
    def read() -> list[Conflict]:
        with open_ledger(current.site) as ledger:
            return open_conflicts(book.conflicts, ledger)

    return current.once(book, "conflicts", read)


def moves(asking: Asking) -> list[Move]:
    """The residents of whom a move waits for another person, as far as who asks may know of it, who waits longest first."""
    every, account = _moves(asking.current, asking.current.book()), asking.who.account
    return [one for one in every if one.turn(account) is not None]


def _moves(current: Current, book: Casebook) -> list[Move]:
    def read() -> list[Move]:
        with current.standing() as (_, standing):
            found = doubts(standing, book.of_pair)
        return find_moves(book.snapshot, current.site.key, found)

    return current.once(book, "moves", read, verdicts=True)


def moves_for(asking: Asking) -> list[Move]:
    """Those of them on which who asks is the one who is waited for."""
    return [one for one in moves(asking) if one.turn(asking.who.account) in ("asked", "decides")]


def declared(asking: Asking) -> list[Declaration]:
    """The ID numbers that were said to be one person's, by enough people or not yet."""
    return _declared(asking.current, asking.current.book())


def _declared(current: Current, book: Casebook) -> list[Declaration]:
    def read() -> list[Declaration]:
        with open_ledger(current.site) as ledger:
            return declarations(ledger)

    return current.once(book, "declared", read)


def waiting_groups(asking: Asking) -> list[Group]:
    """Every cell that a person may be asked about, or may speak of, in groups, whatever was said since the night."""
    return _waiting_groups(asking.current, asking.current.book())


def _waiting_groups(current: Current, book: Casebook) -> list[Group]:
    every = (*WAITING, DECLINED, UNASKED)
    return current.once(
        book, "waiting", lambda: waiting(current.site, book.snapshot, Asked(word=None), every)
    )


def in_doubt(asking: Asking) -> list[Doubted]:
    """The batches of which nobody knows whether they arrived."""
    return _in_doubt(asking.current, asking.current.book())


def _in_doubt(current: Current, book: Casebook) -> list[Doubted]:
    return current.once(book, "doubted", lambda: doubted(current.site, book.snapshot))


def gated(asking: Asking) -> Sequence[Gated]:
    """The exports that wait at the gate."""
    return _gated(asking.current, asking.current.book(), asking.speak)


def _gated(current: Current, book: Casebook, speak: Language) -> Sequence[Gated]:
    return current.once(book, f"gated {speak}", lambda: current.intake.gated(speak))


def quarantined(asking: Asking) -> Counter[str]:
    """How many rows stand in quarantine, by platform."""
    return _quarantined(asking.current, asking.current.book())


def _quarantined(current: Current, book: Casebook) -> Counter[str]:
    query = "select platform, count(*) from staged.quarantine where until is null group by platform"

    def count() -> Counter[str]:
        with read_store(book.snapshot) as con:
            return Counter(dict(con.execute(query).fetchall()))

    return current.once(book, "quarantined", count)
