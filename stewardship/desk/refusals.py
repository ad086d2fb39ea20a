"""What a platform did not take, and batches of which nobody knows whether they arrived.

Belongs here: this page, and an approver's word on such a batch.
Lives elsewhere: reading both and what a word does (`stewardship/approving.py`).

A platform's own words may quote a value, also of somebody else ("the number is taken by …"): they are shown where values are.
"""

from __future__ import annotations

from starlette.responses import Response

from stewardship.approving import REFUSED, Asked, WrongApproval, rows, settle_batch
from stewardship.desk.answers import because, done_in_words, go_on, page
from stewardship.desk.guard import Asking, Way
from stewardship.desk.rendering import say
from stewardship.desk.todo import in_doubt, waiting_groups
from stewardship.differences import change
from warehouse.approvals import Said
from warehouse.lock import AlreadyRunning

MOST_ROWS = 200
_DONE = ("batch_sent", "batch_unsent")


def refusals_page(asking: Asking) -> Response:
    """What was refused or never showed, with the platform's words, and the batches in doubt."""
    return _page(asking)


def _page(asking: Asking, *, wrong: str = "", status: int = 200) -> Response:
    book, site = asking.current.book(), asking.current.site
    found = rows(site, book.snapshot, Asked(), MOST_ROWS, REFUSED)
    asking.current.note("viewed", asking.who.account.name, page="refusals", full=int(asking.full))
    return page(
        asking,
        "refused.html",
        "refusals",
        wrong=wrong,
        status=status,
        count=sum(one.cells for one in waiting_groups(asking) if one.decision in REFUSED),
        rows=found,
        changes={
            one.digest: change(one.field, one.held, one.told, full=asking.full)
            for row in found
            for one in row.cells
        },
        most=MOST_ROWS,
        doubted=in_doubt(asking),
        titles=book.platforms,
        night=book.snapshot.stem,
        done=done_in_words(asking, _DONE),
    )


def settle(asking: Asking) -> Response:
    """Note that a batch in doubt arrived, or did not."""
    by, word = asking.who.account.name, asking.form.get("say")
    if word not in ("sent", "unsent"):
        return _page(asking, wrong=say("wrong_form", asking.speak), status=400)
    try:
        cells = settle_batch(
            asking.current.site,
            asking.current.book().snapshot,
            "sent" if word == "sent" else "unsent",
            asking.path["batch"],
            Said(by, because(asking)),
            asking.speak,
        )
    except (WrongApproval, AlreadyRunning) as refused:
        words = say("night_at_work", asking.speak) if isinstance(refused, AlreadyRunning) else str(refused)
        return _page(asking, wrong=words, status=409)
    asking.current.note("settled", by, batch=asking.path["batch"], word=word, count=cells)
    return go_on("/refused", f"batch_{word}", count=cells)


WAYS = (
    Way("/refused", refusals_page, "look", everybodys=True),
    Way("/refused/{batch}", settle, "approve", "POST", everybodys=True, again=refusals_page),
)
