"""The picture of how the records of a case, or of a resident, hang together.

Belongs here: this part of both pages, opened on demand. Lives elsewhere: what is drawn (`stewardship/links.py`), where
(`drawing.py`), the pages (`review.py`, `people.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from starlette.responses import Response

from stewardship.desk.answers import page
from stewardship.desk.drawing import SPOT, draw
from stewardship.desk.guard import Asking, Way, problem
from stewardship.links import MOST_SPOTS, Kind, read_links, weave
from stewardship.residents import areas_of_resident
from stewardship.standing import among


def case_links(asking: Asking) -> Response:
    """How the records of both residents of a case hang together, and what stands between the two."""
    case = asking.current.book().case(asking.path["case"])
    if case is None or not asking.who.account.works_on(case.areas):
        return problem(asking, 404, "no_such_case")
    asking.current.note("viewed", asking.who.account.name, case=case.id, what="links")
    return _picture(asking, list(dict.fromkeys(case.residents)), f"/cases/{case.id}")


def resident_links(asking: Asking) -> Response:
    """How the records of a resident hang together."""
    resident, account = asking.path["resident"], asking.who.account
    areas = areas_of_resident(asking.current.book().snapshot, resident)
    if areas is None or not account.works_on(areas):
        return problem(asking, 404, "no_such_resident")
    asking.current.note("viewed", account.name, resident=resident, what="links")
    return _picture(asking, [resident], f"/residents/{resident}")


def _picture(asking: Asking, residents: Sequence[str], back: str) -> Response:
    book = asking.current.book()
    links = read_links(book.snapshot, residents)
    with asking.current.standing() as (_, standing):
        said = among(standing, [one.record_id for one in links.records], asking.who.account.name)
    web = weave(links, said)
    found = {one.kind for one in web.ties}
    return page(
        asking,
        "links.html",
        "queue",
        web=web,
        drawing=draw(web),
        radius=SPOT,
        kinds=[kind for kind in get_args(Kind) if kind in found],
        records=len(links.records),
        people=len(residents),
        grouped=len(links.records) > MOST_SPOTS,
        titles=book.platforms,
        back=back,
    )


WAYS = (
    Way("/cases/{case}/links", case_links, "look"),
    Way("/residents/{resident}/links", resident_links, "look"),
)
