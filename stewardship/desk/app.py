"""The app: which address leads where.

Belongs here: putting the pages' addresses together, the headers of every answer, serving on loopback.
Lives elsewhere: the pages, each with its addresses (`WAYS` of its module), who may see them (`guard.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from importlib import resources
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stewardship.desk import (
    accounts,
    approvals,
    audit,
    conflicts,
    effect,
    enter,
    entry,
    groups,
    links,
    moves,
    moving,
    numbers,
    people,
    platforms,
    provider,
    queue,
    refusals,
    review,
    tonight,
    trends,
    visits,
)
from stewardship.desk import (
    intake as intake_page,
)
from stewardship.desk.current import Current, now
from stewardship.desk.guard import HEADERS, guarded, unguarded
from stewardship.desk.rendering import prepare
from stewardship.desk.todo import look_ahead
from stewardship.intake import Intake
from warehouse.site import Site

_LOOK = 5.0  # seconds between two looks whether a night has published
PAGES = (
    entry,
    tonight,
    trends,
    queue,
    review,
    groups,
    visits,
    conflicts,
    numbers,
    effect,
    people,
    links,
    moving,
    moves,
    approvals,
    refusals,
    intake_page,
    platforms,
    enter,
    audit,
    accounts,
)


def desk(site: Site, intake: Intake, clock: Callable[[], datetime] = now) -> Starlette:
    """The steward's desk of a site. `intake`: what lies on the side of the platforms' files."""
    current = Current(site, intake, look_ahead)
    pages: list[Route | Mount] = [
        Route("/login", unguarded(current, clock, entry.log_in), methods=["GET", "POST"]),
        *(
            Route(address, unguarded(current, clock, page), methods=[method])
            for address, page, method in (provider.OPEN if site.provider else ())
        ),
        *(
            Route(way.address, guarded(current, clock, way), methods=[way.method])
            for module in PAGES
            for way in module.WAYS
        ),
        Mount(
            "/static",
            StaticFiles(directory=Path(str(resources.files("stewardship.desk").joinpath("static")))),
        ),
    ]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        prepare()
        await run_in_threadpool(current.keep_up)  # before anybody is answered
        watching = asyncio.create_task(_watch(current))
        yield
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        current.close()

    app = Starlette(routes=pages, middleware=[Middleware(_Headers)], lifespan=lifespan)
    app.state.current = current
    return app


async def _watch(current: Current) -> None:
    """Turn to a new snapshot although nobody looks at the desk: its cases are there before the first who does in the morning."""
    while True:
        await asyncio.sleep(_LOOK)
        await run_in_threadpool(current.keep_up)


def serve(made_by: str, port: int, workers: int) -> None:
    """Serve a desk on loopback until it is told to stop, by so many processes.

    made_by: where the function stands that makes it, as `module:name`. Each process makes its own; what they have in common lies in the
    site's books, which processes write one after the other.
    """
    uvicorn.run(
        made_by,
        factory=True,
        workers=workers,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
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
