"""A steward who knows the truth: answers the queue of a made-up city, case by case in its order.

Belongs here: answering for a rehearsal (`enter-once live`) or a benchmark. Real stewards answer at the desk (`desk/`), by the
same `give`. Lives elsewhere: the truth (`synthetic_city/truth.py`), the queue (`queue.py`), verdicts (`verdicts.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stewardship.casebook import open_casebook
from stewardship.queue import Waiting
from stewardship.standing import Standing
from stewardship.store import open_desk
from stewardship.verdicts import Contradicts, give
from warehouse.ledger import open_ledger
from warehouse.site import Site


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a queue: how many cases it held, verdicts given, and answers refused as contradicting earlier ones."""

    cases: int
    verdicts: int
    refused: int


def answer_cases(site: Site, snapshot: Path, who: Mapping[str, str], most: int | None = None) -> Answered:
    """Answer what waits in a snapshot, the most pressing first, at most so many cases.

    who: whom each record is really about; records of nobody known are nobody's.
    """
    standing, refused, answered = Standing(), 0, 0
    with open_ledger(site) as ledger, open_desk(site) as desk:
        standing.refresh(ledger)
        book, first = open_casebook(site, snapshot, ledger.verdicts()), standing.last
        waiting = Waiting(book, standing, {}, datetime.now(UTC))
        for case in waiting.cases:
            if answered == most:
                break
            waiting = waiting.brought_up_to(book, standing, {}, datetime.now(UTC))
            if case not in waiting.cases:
                continue  # another answer settled it
            left, right = who.get(case.left), who.get(case.right)
            answered += 1
            try:
                give(
                    ledger,
                    desk,
                    standing,
                    case,
                    "same" if left is not None and left == right else "different",
                    by="truth",
                    because="",
                    knew=standing.known(case.left, case.right, "truth"),
                    alike=book.alike,
                    model="",
                    needs=1,  # the truth needs no second person
                )
            except Contradicts:
                refused += 1
    return Answered(len(book.cases), len(standing.since(first)), refused)
