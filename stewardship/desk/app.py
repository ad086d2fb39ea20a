"""The app: which address leads where.

Belongs here: the routes, the headers of every answer, serving on loopback.
Lives elsewhere: the pages (`entry.py`, `review.py`, `people.py`), who may see them (`guard.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stewardship.desk import entry, people, review
from stewardship.desk.current import Current, now
from stewardship.desk.guard import HEADERS, guarded, unguarded
from warehouse.site import Site


def desk(site: Site, clock: Callable[[], datetime] = now) -> Starlette:
    """The steward's desk of a site."""
    current = Current(site)
    pages: list[Route | Mount] = [
        Route("/login", unguarded(current, clock, entry.log_in), methods=["GET", "POST"]),
        Route("/logout", guarded(current, clock, entry.log_out), methods=["POST"]),
        Route("/language", guarded(current, clock, entry.choose_language), methods=["POST"]),
        Route("/values", guarded(current, clock, entry.values, "see_values"), methods=["POST"]),
        Route("/", guarded(current, clock, review.queue_page, "look")),
        Route("/search", guarded(current, clock, people.search, "look"), methods=["GET", "POST"]),
        Route("/residents/{resident}", guarded(current, clock, people.resident_page, "look")),
        Route("/next", guarded(current, clock, review.next_case, "judge")),
        Route("/undo", guarded(current, clock, review.take_back, "judge"), methods=["POST"]),
        Route("/cases/{case}", guarded(current, clock, review.show_case, "look")),
        Route("/cases/{case}/reach", guarded(current, clock, review.reach, "look")),
        Route("/cases/{case}/verdict", guarded(current, clock, review.judge, "judge"), methods=["POST"]),
        Route("/cases/{case}/defer", guarded(current, clock, review.put_off, "judge"), methods=["POST"]),
        Mount(
            "/static",
            StaticFiles(directory=Path(str(resources.files("stewardship.desk").joinpath("static")))),
        ),
    ]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        current.close()

    app = Starlette(routes=pages, middleware=[Middleware(_Headers)], lifespan=lifespan)
    app.state.current = current
    return app


def serve(site: Site, port: int) -> None:
    """Serve the desk on loopback until it is told to stop."""
    uvicorn.run(
        desk(site), host="127.0.0.1", port=port, log_level="warning", access_log=False, server_header=False
    )


class _Headers:
    """Every answer, also of an error, says what a browser may do with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = {name for name, _ in message["headers"]}
                message["headers"] += [
                    (name.lower().encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.lower().encode() not in kept
                ]
            await send(message)

        await self._app(scope, receive, with_headers)
