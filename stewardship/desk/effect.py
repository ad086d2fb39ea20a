"""What was said and does not show yet: how much that is, and letting it take effect at once.

Belongs here: this page, and the line about it on others. Lives elsewhere: how a request stands (`warehouse/applying.py`), doing it,
which is none of the desk's (`pipelines/applying.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starlette.responses import RedirectResponse, Response

from stewardship.casebook import Casebook
from stewardship.desk.answers import page
from stewardship.desk.current import Current
from stewardship.desk.guard import Asking, Way
from warehouse.applying import Request, ask, last_request, said_up_to, settled_not_in_effect


@dataclass(frozen=True, slots=True)
class Effect:
    """How many words do not show yet, and how the last request that they do stands."""

    waits: int
    request: Request | None

    @property
    def state(self) -> Literal["nothing", "waits", "asked", "under_way", "done", "failed"]:
        """In one word: what is asked for or failed, else whether anything waits."""
        if self.request and self.request.state != "done":
            return self.request.state
        if self.waits:
            return "waits"
        return "done" if self.request else "nothing"

    @property
    def moving(self) -> bool:
        """Whether it changes without anybody of the desk."""
        return self.request is not None and self.request.open


def effect(asking: Asking) -> Effect:
    """How it stands, as far as the cases on the desk show it."""
    current = asking.current
    said = shown_up_to(current, current.book())
    with current.standing() as (ledger, standing):
        waits = standing.not_in_effect(said) + settled_not_in_effect(ledger, said)
        return Effect(waits, last_request(ledger, said))


def shown_up_to(current: Current, book: Casebook) -> int:
    """The line of the ledger up to which the cases on the desk show what was said."""
    return current.once(book, "said", lambda: said_up_to(book.snapshot))


def effect_page(asking: Asking) -> Response:
    """How it stands; with JavaScript the page goes along."""
    return page(asking, "effect.html", "", effect=effect(asking))


def take_effect(asking: Asking) -> Response:
    """Ask that what was said take effect at once; who asks while it is being done asks for the same."""
    if not effect(asking).moving:
        by = asking.who.account.name
        with asking.current.standing() as (ledger, _):
            line = ask(ledger, by)
        asking.current.note("hastened", by, line=line)
    return RedirectResponse("/effect", 303)


WAYS = (Way("/effect", effect_page, "look"), Way("/effect", take_effect, "judge", "POST", again=effect_page))
