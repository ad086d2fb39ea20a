"""The page after logging in: what the last night did, and what waits for people.

Belongs here: this page. Lives elsewhere: reading the night's report (`stewardship/nights.py`), counting (`todo.py`).
"""

from __future__ import annotations

from starlette.responses import Response

from stewardship.desk.answers import page
from stewardship.desk.guard import TONIGHT, Asking, Way
from stewardship.desk.todo import work
from stewardship.nights import FIGURES, last_night


def tonight_page(asking: Asking) -> Response:
    """Figures and messages of the night, and what waits, by kind."""
    current, account = asking.current, asking.who.account
    night = last_night(current.site, current.book().platforms)
    waits = [one for one in work(asking) if one.shown_to(account)]
    return page(
        asking,
        "tonight.html",
        "tonight",
        night=night,
        figures=FIGURES,
        waits=waits,
    )


WAYS = (Way(TONIGHT, tonight_page),)
