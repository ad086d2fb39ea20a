"""The desk, served on loopback, and a real Chromium in front of it.

Belongs here: what every test in a browser needs. Lives elsewhere: the tests (`test_browser.py`, `test_pages.py`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from pipelines.desk_intake import SiteIntake
from stewardship.desk.app import desk
from tests.stewardship.conftest import Clock
from tests.stewardship.desk.conftest import CHROMIUM, PASSWORD
from warehouse.ledger import Line, open_ledger
from warehouse.site import Site, read_site

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@dataclass
class Shop:
    """The desk, served on loopback, and browsers in front of it."""

    site: Site
    clock: Clock
    address: str
    browser: Browser
    wrong: list[str] = field(default_factory=list)

    def page(self, *, scripts: bool = True, width: int = 1366, height: int = 768, zoom: int = 1) -> Page:
        """A page as wide as an office's screen, or zoomed in. What the browser complains about is kept in `wrong`."""
        context = self.browser.new_context(
            java_script_enabled=scripts,
            viewport={"width": width // zoom, "height": height // zoom},
            device_scale_factor=zoom,
            locale="zh-CN",
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on(
            "console", lambda said: self.wrong.append(said.text) if "Content Security" in said.text else None
        )
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(self.address) else self.wrong.append(asked.url),
        )
        return page

    def at_work(self, name: str = "wang", **given: bool | int) -> Page:
        """Somebody who has logged in, at the queue."""
        page = self.page(**given)  # type: ignore[arg-type]
        page.goto(self.address)
        log_in(page, name)
        page.get_by_role("link", name="裁定", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("案待裁定")
        page.wait_for_load_state("load")  # the keys are there, too
        return page

    def lines(self) -> list[Line]:
        with open_ledger(self.site) as ledger:
            return ledger.lines()


@contextmanager
def opened(root: Path, clock: Clock, browser: Browser, port: int = 0) -> Iterator[Shop]:
    """The desk of a site, served until the block ends; nothing may have gone wrong in the browser."""
    site = read_site(root)
    config = uvicorn.Config(
        desk(site, SiteIntake(site), clock), host="127.0.0.1", port=port, log_level="warning"
    )
    server = uvicorn.Server(config)
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    made = Shop(site, clock, f"http://127.0.0.1:{port}", browser)
    yield made
    for context in browser.contexts:
        context.close()
    server.should_exit = True
    serving.join(10)
    assert made.wrong == []


def log_in(page: Page, name: str = "wang") -> None:
    page.get_by_label("账号").fill(name)
    page.get_by_label("口令").fill(PASSWORD)
    page.keyboard.press("Enter")
