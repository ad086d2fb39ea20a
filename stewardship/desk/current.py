"""What the desk works on now: the casebook of the current snapshot, and what was said so far.

Belongs here: noticing that a night has published another snapshot, and keeping both up to date for all requests.
Lives elsewhere: both themselves (`stewardship/casebook.py`, `standing.py`), what is worked out ahead (`todo.py`).

While the casebook of a new snapshot is being written, and what every steward's first look asks for is being worked out, the desk
answers from the one before: a person in the middle of a case goes on, and nobody waits for a night's sums. Verdicts are read
from the ledger before every answer.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from dedup.site import site_model
from stewardship.accounts import Account
from stewardship.audit import Event, note, open_audit
from stewardship.blind import drawn
from stewardship.casebook import Casebook, lay_out_aside, open_casebook
from stewardship.cases import Case
from stewardship.desk.faults import tell_fault
from stewardship.four_eyes import asks
from stewardship.intake import Intake
from stewardship.queue import Deferred, Waiting, deferrals
from stewardship.standing import Pair, Standing
from stewardship.store import open_desk, stamp
from stewardship.visits import at_the_door
from warehouse.ledger import Ledger, open_ledger
from warehouse.served import OUT_OF_ORDER
from warehouse.site import Site
from warehouse.snapshot import current_snapshot

T = TypeVar("T")
Ahead = Callable[["Current", Casebook], None]  # works out of a casebook what is asked for at every look
_OF_VERDICTS = ("verdict", "undo", "together")  # kinds of lines of the ledger


class NothingPublished(RuntimeError):
    """No night has run at this site yet."""


class NotNoted(RuntimeError):
    """The audit could not be written (a full disk): nobody looks, or is told that something is done, without a line there."""


class Current:
    """One site's cases and verdicts, shared by all requests of this process."""

    def __init__(self, site: Site, intake: Intake, ahead: Ahead) -> None:
        self.site, self.intake, self._ahead = site, intake, ahead
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
        self._made: dict[
            tuple[Path, str], tuple[int, Any]
        ] = {}  # by casebook and name: up to which line, and what
        self._making: dict[tuple[Path, str], threading.Lock] = {}
        self._again: tuple[Casebook | None, Mapping[Pair, Case]] = (None, {})

    def book(self) -> Casebook:
        """The cases of now. After a flip, those of before until the new ones are laid out. Not first asked for inside `standing`.

        Raises:
            NothingPublished: there is no snapshot.
        """
        snapshot = current_snapshot(self.site)
        if snapshot is None:
            raise NothingPublished
        if self._book is None:
            self.turn(ahead=False)  # there is nothing else to answer from
        elif self._book.snapshot != snapshot and not self._turning.locked():
            threading.Thread(target=self.keep_up, daemon=True).start()
        assert self._book is not None  # it was just turned to
        return self._book

    def keep_up(self) -> None:
        """Turn to the current snapshot where nobody waits for it. Of a fault the log is told: the desk goes on with the cases of
        before or, where there are none, who asks first meets it again."""
        try:
            self.turn()
        except Exception as fault:
            tell_fault(fault)

    def turn(self, *, ahead: bool = True) -> None:
        """Lay out the cases of the current snapshot and work out ahead what everybody asks for, unless that is done; only then
        is anything answered from it. ahead: where somebody waits for the cases it is left to who asks."""
        with self._turning:
            snapshot = current_snapshot(self.site)
            if snapshot is None or (self._book is not None and self._book.snapshot == snapshot):
                return
            with open_ledger(self.site) as ledger:
                said = ledger.verdicts()
            if self._book is not None:
                lay_out_aside(self.site, snapshot, said)
            book = open_casebook(self.site, snapshot, said)
            if ahead:
                self._look_ahead(book)
            self._book = book

    def _look_ahead(self, book: Casebook) -> None:
        """Work out what everybody asks for of a casebook, and forget what was made of others."""
        book.index()
        try:
            self._ahead(self, book)
        except Exception as fault:  # the page that asks for it meets it again, and says so
            tell_fault(fault)
        with self.standing() as (_, standing), open_desk(self.site) as desk:
            self._waiting = Waiting(book, standing, _put_off(desk), now())
            self._made = {key: made for key, made in self._made.items() if key[0] == book.file}

    def close(self) -> None:
        """Close the books."""
        self._books.close()

    def once(self, book: Casebook, name: str, make: Callable[[], T], *, verdicts: bool = False) -> T:
        """What follows from the snapshot of a casebook and the ledger alone: made anew when the ledger has changed, else as it was.
        verdicts: whether it follows from what was said of who is who, too; those lines come every second when many judge."""
        key = (book.file, name)
        with self._saying:
            said = self._ledger.last(*(() if verdicts else _OF_VERDICTS))
            making = self._making.setdefault(key, threading.Lock())
        with making:  # many may ask at once
            upto, found = self._made.get(key, (-1, None))
            if upto != said:
                found = make()
                self._made[key] = said, found
        made: T = found
        return made

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
        put_off = _put_off(desk)
        if self._waiting is None:
            self._waiting = Waiting(book, standing, put_off, now)
        self._waiting = self._waiting.brought_up_to(book, standing, put_off, now)
        judged = (case for pair in standing.by_two for case in book.of_pair.get(pair, ()))
        open_ones = (case for case in judged if case in self._waiting)
        waits = self._waiting.besides(case.id for case in open_ones if not asks(standing, case, who, now))
        again = [
            case
            for pair, case in self._drawn().items()
            if who.may("judge")
            and case.id in book.places
            and standing.asked_again(*pair, who.name)
            and not (case.id in put_off and put_off[case.id].until > stamp(now))
        ]
        return sorted([*waits, *again], key=lambda case: book.places[case.id]) if again else waits


def _put_off(desk: sqlite3.Connection) -> dict[str, Deferred]:
    """Every case that was ever put off, or is at somebody's door."""
    return deferrals(desk) | at_the_door(desk)


def now() -> datetime:
    """The time of day; tests have their own."""
    return datetime.now(UTC)
