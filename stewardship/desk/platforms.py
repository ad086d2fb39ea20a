"""The platforms: how each stands, and whether it is told what it lacks.

Belongs here: this page, and an approver who goes live with a platform, or back into shadow.
Lives elsewhere: the catalogue (`stewardship/intake.py`), the night's report (`nights.py`), going live (`approving.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.responses import Response

from stewardship.approving import REFUSED, WAITING, Group, WrongApproval, switch
from stewardship.desk.answers import because, done_in_words, go_on, page
from stewardship.desk.guard import Asking, Way, problem
from stewardship.desk.todo import gated, quarantined, waiting_groups
from stewardship.intake import Listed
from stewardship.nights import PlatformNight, last_night
from warehouse.approvals import Said

_DONE = ("went_live", "went_back", "mode_already")


@dataclass(frozen=True, slots=True)
class Line:
    """A platform on the page."""

    listed: Listed
    night: PlatformNight | None
    gated: bool
    quarantined: int
    approvals: int
    refused: int

    @property
    def known(self) -> bool:
        """Whether anything ever came of it, or may be asked for."""
        return self.listed.connected or (self.night is not None and self.night.age is not None) or self.gated


def platforms_page(asking: Asking) -> Response:
    """Those the site has heard of first, with all that waits; the others of the catalogue by name."""
    return _page(asking)


def _page(asking: Asking, *, wrong: str = "", status: int = 200) -> Response:
    current = asking.current
    night = last_night(current.site, current.book().platforms)
    held = {one.platform for one in gated(asking) if not one.accepted}
    cells, refused = _waiting(waiting_groups(asking))
    rows = quarantined(asking)
    lines = [
        Line(
            one,
            night.platforms.get(one.slug) if night else None,
            one.slug in held,
            rows[one.slug],
            cells[one.slug],
            refused[one.slug],
        )
        for one in current.intake.platforms()
    ]
    return page(
        asking,
        "platforms.html",
        "platforms",
        wrong=wrong,
        status=status,
        lines=[one for one in lines if one.known],
        others=[one for one in lines if not one.known],
        night=night,
        done=done_in_words(asking, _DONE),
    )


def _waiting(groups: Iterable[Group]) -> tuple[Counter[str], Counter[str]]:
    """How many cells wait for an approver, and how many were refused, by platform."""
    cells, refused = Counter[str](), Counter[str]()
    for one in groups:
        if one.decision in WAITING and not one.word:
            (refused if one.decision in REFUSED else cells)[one.platform] += one.cells
    return cells, refused


def change_mode(asking: Asking) -> Response:
    """Go live with a platform, or back into shadow; from the next night on."""
    slug, by, mode = asking.path["platform"], asking.who.account.name, asking.form.get("say")
    listed = {one.slug: one for one in asking.current.intake.platforms()}
    if slug not in listed or mode not in ("live", "shadow"):
        return problem(asking, 400, "wrong_form")
    receivers = {one.slug for one in listed.values() if one.state in ("live", "shadow")}
    try:
        changed = switch(
            asking.current.site,
            "live" if mode == "live" else "shadow",
            {slug},
            receivers,
            Said(by, because(asking)),
            asking.speak,
        )
    except WrongApproval as refused:
        return _page(asking, wrong=str(refused), status=409)
    if changed:
        asking.current.note("switched", by, platform=slug, mode=mode)
    return go_on(
        "/platforms", ("went_live" if mode == "live" else "went_back") if changed else "mode_already"
    )


WAYS = (
    Way("/platforms", platforms_page),
    Way("/platforms/{platform}", change_mode, "approve", "POST", everybodys=True, again=platforms_page),
)
