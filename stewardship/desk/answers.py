"""Answering a request: with a page, or by going on to one that says what was done.

Belongs here: these two. The cases are turned over without loading a page anew (`review.py`).
Lives elsewhere: who may (`guard.py`), words and templates (`rendering.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response

from stewardship.desk.guard import Asking, frame
from stewardship.desk.rendering import render, say
from stewardship.differences import readable
from warehouse.fields import fields
from warehouse.values import shown

LONGEST_REASON = 500  # characters


def page(
    asking: Asking, template: str, here: str = "", *, wrong: str = "", status: int = 200, **facts: Any
) -> Response:
    """A page. `here`: its name in the row of pages; `wrong`: what could not be done, in words."""
    stated = {"wrong": wrong or asking.wrong, "full": asking.full, "value": value_of(asking)} | facts
    return HTMLResponse(render(template, asking.speak, here=here, **frame(asking), **stated), status)


def go_on(address: str, done: str, **facts: str | int) -> Response:
    """On to a page that says what was done; see `done_in_words`."""
    query = urlencode({"done": done, **{name: value for name, value in facts.items() if value != ""}})
    return RedirectResponse(f"{address}{'&' if '?' in address else '?'}{query}", 303)


def done_in_words(asking: Asking, known: Collection[str]) -> str:
    """What was done on the way to this page, of the things that can be done there; a number at most is filled in."""
    name, count = asking.query.get("done", ""), number(asking.query.get("count"))
    return say(name, asking.speak, count=count) if name in known else ""


def because(asking: Asking) -> str:
    """The reason that a form states."""
    return asking.form.get("because", "").strip()[:LONGEST_REASON]


def value_of(asking: Asking) -> Callable[[str, str | None], str]:
    """How a value is written on this page: masked, unless somebody said why they need it."""

    def written(field: str, key: str | None) -> str:
        if not key:
            return ""
        return readable(fields()[field], key) if asking.full else shown(field, key)

    return written


def number(stated: str | None) -> int:
    """A whole number of a form or an address; 0 where there is none."""
    return int(stated) if stated and stated.isascii() and stated.isdigit() and len(stated) < 12 else 0
