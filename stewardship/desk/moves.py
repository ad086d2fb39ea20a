"""The residents of whom somebody moved records, which waits for another person.

Belongs here: this page. Lives elsewhere: which these are, and whose turn (`stewardship/moves.py`, `todo.py`), looking at one and
saying what one thinks (`moving.py`).

It names the resident, how many records somebody holds for another's and since when: not which, not whose, and not who said so.
"""

from __future__ import annotations

from starlette.responses import Response

from stewardship.desk.answers import page
from stewardship.desk.guard import Asking, Way
from stewardship.desk.todo import moves, moves_for

MOST = 50  # on the page, of either


def moves_page(asking: Asking) -> Response:
    """Those that wait for who asks, and those of theirs that wait for others."""
    account, mine = asking.who.account, moves_for(asking)
    others = [one for one in moves(asking) if one.turn(account) in ("waits", "disputed")]
    asking.current.note("viewed", account.name, page="moves", full=int(asking.full))
    return page(
        asking,
        "moves.html",
        "queue",
        count=len(mine),
        parts={"mine": mine[:MOST], "others": others[:MOST]},
        most=MOST,
        back="/moves",
    )


WAYS = (Way("/moves", moves_page, "judge"),)
