"""The office with its staff, and visitors who fill in its forms as a browser without JavaScript does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import lxml.html
import pytest
from httpx import Response
from playwright.sync_api import Browser, expect, sync_playwright
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pipelines.desk_intake import SiteIntake
from stewardship.accounts import accounts, add_account
from stewardship.audit import open_audit
from stewardship.casebook import Casebook
from stewardship.desk.app import desk
from stewardship.desk.current import Current
from stewardship.sessions import IDLE, begin_session
from stewardship.store import open_desk
from tests.stewardship.conftest import Clock, laid_out
from tests.stewardship.office import JIANGUO, PEOPLE, SECOND, night
from warehouse.approvals import Said, set_mode
from warehouse.batches import Batch, note, note_answers, read_batches
from warehouse.ledger import Cell, Line, open_ledger
from warehouse.site import Site, read_site

CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
PASSWORD = "a long password"
STAFF = {
    "wang": "steward",
    "li": "steward",
    "zhou": "approver",
    "zhao": "analyst",
    "admin": "admin",
    "lin": "clerk",
    "mei": "clerk",
}


THIRD = date(2026, 11, 21)
MOVED, LOST, NEXT = "13900000099", "13911112222", "13900000088"
WORDS = f"号码 {LOST} 已由张三登记"
ALONE = PEOPLE["hukou"]["alone"]
CIVIL = {
    **PEOPLE["civil"],
    "brother_too": {**JIANGUO, "phone": MOVED},
    "alone_too": {**ALONE, "phone": LOST},
}


@pytest.fixture(scope="session")
def staffed(office_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root: Path = tmp_path_factory.mktemp("staffed") / "site"
    shutil.copytree(office_made, root, symlinks=True)
    with open_desk(read_site(root)) as con:
        for name, role in STAFF.items():
            add_account(con, name, role, PASSWORD, Clock()())
    return root


@pytest.fixture(scope="session")
def told(staffed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office that is live with the registry, which refused one phone, has another to overwrite, and of which a batch is in
    doubt."""
    root: Path = tmp_path_factory.mktemp("told") / "site"
    shutil.copytree(staffed, root, symlinks=True)
    site = read_site(root)
    with open_ledger(site) as ledger:
        set_mode(ledger, "live", "hukou", SECOND, Said("主任", "试点"))
    night(site, SECOND, {"civil": CIVIL})
    with open_ledger(site) as ledger:
        (digest,) = ledger.remember_all([LOST])
        batch = Batch("hukou-20261120-1", "hukou", SECOND, live=True)
        note(ledger, "prepared", batch, [Cell("alone", "phone", digest, "fill", "alone_too")])
        note(ledger, "sending", batch)
        note(ledger, "sent", batch, route="by_hand")
        note_answers(ledger, "refused", read_batches(ledger, SECOND)[batch.name], [("alone", WORDS)])
        doubted = Batch("hukou-20261121-1", "hukou", THIRD, live=True)
        note(ledger, "prepared", doubted, [Cell("double", "phone", digest, "fill", "alone_too")])
        note(ledger, "sending", doubted)
    night(site, THIRD, {})
    laid_out(site)
    return root


@pytest.fixture
def site(staffed: Path, tmp_path: Path) -> Site:
    root = tmp_path / "site"
    shutil.copytree(staffed, root, symlinks=True)
    return read_site(root)


@dataclass
class Visitor:
    """A browser with no JavaScript, and the page that it shows."""

    client: TestClient
    page: Response | None = None

    def get(self, path: str, **given: object) -> Response:
        self.page = self.client.get(path, **given)  # type: ignore[arg-type]
        return self.page

    def submit(self, action: str, **said: str) -> Response:
        """Fill in the form of the page that goes there, and send it."""
        filled = {**self.form(action), **said}
        self.page = self.client.post(action, data=filled)
        return self.page

    def form(self, action: str) -> dict[str, str]:
        """The fields of the form of the page that goes there, as they stand."""
        (form,) = [one for one in self.tree.forms if one.action == action]
        return {name: value or "" for name, value in form.fields.items() if name}

    @property
    def tree(self) -> lxml.html.HtmlElement:
        assert self.page is not None
        return lxml.html.fromstring(self.page.text)

    @property
    def text(self) -> str:
        """What a reader sees."""
        return " ".join(self.tree.text_content().split())

    @property
    def case(self) -> str:
        """The case on the page."""
        (found,) = self.tree.xpath("//*[@data-case]/@data-case")
        return str(found)

    def judges(self, verdict: str, **said: str) -> Response:
        return self.submit(f"/cases/{self.case}/verdict", verdict=verdict, **said)


@dataclass
class Office:
    """The desk, running, and its books."""

    site: Site
    app: Starlette
    clock: Clock
    visitors: list[Visitor] = field(default_factory=list)

    def visitor(self) -> Visitor:
        """Somebody at the door."""
        one = Visitor(TestClient(self.app))
        self.visitors.append(one)
        return one

    def at_work(self, name: str) -> Visitor:
        """Somebody who is logged in."""
        one = self.visitor()
        with open_desk(self.site) as con:
            (account,) = [each for each in accounts(con) if each.name == name]
            token, _ = begin_session(con, account, "zh", self.clock())
        one.client.cookies.set("desk", token)
        return one

    def cut_short(self) -> tuple[Visitor, str]:
        """A steward whose session ended while they looked at a case, and who said *different* all the same; and the case."""
        wang = self.at_work("wang")
        wang.get("/next")
        case, page = wang.case, wang.page
        self.clock.now += IDLE
        self.clock.pass_by(minutes=1)
        wang.page = page
        assert wang.judges("different", because="双胞胎，见过面").status_code == 401
        return wang, case

    @property
    def current(self) -> Current:
        found: Current = self.app.state.current
        return found

    @property
    def book(self) -> Casebook:
        return self.current.book()

    def case(self, left: str, right: str) -> str:
        """The id of the case about two records."""
        return next(one.id for one in self.book.cases if (one.left, one.right) == (left, right))

    def lines(self) -> list[Line]:
        with open_ledger(self.site) as ledger:
            return ledger.lines()

    def noted(self) -> list[tuple[str, str]]:
        """Of each line of the audit, what happened and who did it."""
        with open_audit(self.site) as book:
            assert book.verify() is None
            return [(line.kind, line.body["by"]) for line in book.lines()]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium; whoever expects something of it waits for a slow machine, too."""
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def office(site: Site, clock: Clock) -> Iterator[Office]:
    made = Office(site, desk(site, SiteIntake(site), clock), clock)
    yield made
    for one in made.visitors:
        one.client.close()
    made.current.close()
