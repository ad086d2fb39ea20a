"""What the desk works on now: the casebook of the current snapshot, and what was said so far.

Belongs here: noticing that a night has published another snapshot, and keeping both up to date for all requests.
Lives elsewhere: both themselves (`stewardship/casebook.py`, `standing.py`).

While the casebook of a new snapshot is being written the desk answers from the one before: a person in the middle of a
case goes on. Verdicts are read from the ledger before every answer.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from dedup.site import site_model
from stewardship.accounts import Account
from stewardship.audit import Event, note, open_audit
from stewardship.blind import drawn
from stewardship.casebook import Casebook, open_casebook
from stewardship.cases import Case
from stewardship.desk.faults import tell_fault
from stewardship.four_eyes import asks
from stewardship.intake import Intake
from stewardship.queue import Waiting, deferrals
from stewardship.standing import Pair, Standing
from stewardship.store import open_desk, stamp
from stewardship.visits import at_the_door
from warehouse.ledger import Ledger, open_ledger
from warehouse.served import OUT_OF_ORDER
from warehouse.site import Site
from warehouse.snapshot import current_snapshot

T = TypeVar("T")
_OF_VERDICTS = ("verdict", "undo", "together")  # kinds of lines of the ledger


class NothingPublished(RuntimeError):
    """No night has run at this site yet."""


class NotNoted(RuntimeError):
    """The audit could not be written (a full disk): nobody looks, or is told that something is done, without a line there."""


class Current:
    """One site's cases and verdicts, shared by all requests of this process."""

    def __init__(self, site: Site, intake: Intake) -> None:
        self.site, self.intake = site, intake
        # Kept open: SQLite tidies a file up, on disk for sure, whenever the last connection to it is closed.
        self._books = ExitStack()
        self._ledger = self._books.enter_context(open_ledger(site))
        self._audit = self._books.enter_context(open_audit(site))
        self._books.enter_context(open_desk(site))
        self._noting = threading.Lock()
        model = site_model(site)
        self.model = f"{model.name} {model.version}"
        self._book: Casebook | None = None
        self._standing = Standing()
        self._saying = threading.Lock()
        self._turning = threading.Lock()
        self._waiting: Waiting | None = None
        self._made: dict[str, tuple[object, Any]] = {}  # by name: of which state, and what
        self._making: dict[str, threading.Lock] = {}
        self._again: tuple[Casebook | None, Mapping[Pair, Case]] = (None, {})

    def book(self) -> Casebook:
        """The cases of now. After a flip, those of before until the new ones are laid out.

        Raises:
            NothingPublished: there is no snapshot.
        """
        snapshot = current_snapshot(self.site)
        if snapshot is None:
            raise NothingPublished
        if self._book is None:
            self.turn()
        elif self._book.snapshot != snapshot and not self._turning.locked():
            threading.Thread(target=self._turn_behind, daemon=True).start()
        assert self._book is not None  # it was just turned to
        return self._book

    def _turn_behind(self) -> None:
        """The same in a thread of its own, of which nobody would hear: the desk goes on with the cases of before."""
        try:
            self.turn()
        except Exception as fault:
            tell_fault(fault)

    def turn(self) -> None:
        """Lay out the cases of the current snapshot, unless that is done."""
        with self._turning:
            snapshot = current_snapshot(self.site)
            if snapshot is None or (self._book is not None and self._book.snapshot == snapshot):
                return
            with open_ledger(self.site) as ledger:
                said = ledger.verdicts()
            self._book = open_casebook(self.site, snapshot, said)

    def close(self) -> None:
        """Close the books."""
        self._books.close()

    def once(self, name: str, make: Callable[[], T], *, verdicts: bool = False) -> T:
        """What follows from the snapshot and the ledger alone: made anew when either has changed, else as it was. verdicts: whether it
        follows from what was said of who is who, too; those lines come every second when many judge."""
        with self._saying:
            said = self._ledger.last(*(() if verdicts else _OF_VERDICTS))
            making = self._making.setdefault(name, threading.Lock())
        state = current_snapshot(self.site), self.book().snapshot, said
        with making:  # many may ask at once, and it takes seconds where records go by the million
            if name not in self._made or self._made[name][0] != state:
                self._made[name] = state, make()
            found: T = self._made[name][1]
        return found

    def note(self, event: Event, by: str, **facts: str | int) -> None:
        """Add a line to the audit.

        Raises:
            NotNoted: it cannot be written.
        """
        try:
            with self._noting:
                note(self._audit, event, by, **facts)
        except OUT_OF_ORDER as fault:
            raise NotNoted from fault

    @contextmanager
    def standing(self) -> Iterator[tuple[Ledger, Standing]]:
        """The ledger and what stands in it, up to date and nobody else's while the block lasts."""
        with self._saying:
            self._standing.refresh(self._ledger)
            self._standing.again = {pair: case.seen for pair, case in self._drawn().items()}
            yield self._ledger, self._standing

    def _drawn(self) -> Mapping[Pair, Case]:
        """The cases on the desk that are asked again of somebody else."""
        if self._again[0] is not self._book and self._book is not None:
            self._again = (self._book, drawn(self._book, self.site.key, self.site.review.blind))
        return self._again[1]

    def open_cases(
        self, desk: sqlite3.Connection, book: Casebook, standing: Standing, who: Account, now: datetime
    ) -> list[Case]:
        """What waits and is asked of somebody, most pressing first. Inside `standing` only."""
        put_off = deferrals(desk) | at_the_door(desk)
        if self._waiting is None:
            self._waiting = Waiting(book, standing, put_off, now)
        self._waiting = self._waiting.brought_up_to(book, standing, put_off, now)
        judged = (case for pair in standing.by_two for case in book.of_pair.get(pair, ()))
        not_theirs = {case.id for case in judged if not asks(standing, case, who, now)}
        waits = [case for case in self._waiting.cases if case.id not in not_theirs]
        again = [
            case
            for pair, case in self._drawn().items()
            if who.may("judge")
            and case.id in book.places
            and standing.asked_again(*pair, who.name)
            and not (case.id in put_off and put_off[case.id].until > stamp(now))
        ]
        return sorted([*waits, *again], key=lambda case: book.places[case.id]) if again else waits


def now() -> datetime:
    """The time of day; tests have their own."""
    return datetime.now(UTC)
