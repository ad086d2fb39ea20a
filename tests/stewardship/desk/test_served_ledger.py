"""The desk on a ledger that a real PostgreSQL keeps: it judges, takes back, and bears that the database is away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers import PASSWORD, Database, keep_ledger, started

from pipelines.desk_intake import SiteIntake
from stewardship.audit import prove_books
from stewardship.desk.app import desk
from tests.stewardship.conftest import Clock
from tests.stewardship.desk.conftest import Office
from warehouse.site import Site, read_site


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LEDGER_PASSWORD", PASSWORD)
        yield from started("postgresql")


@pytest.fixture
def served(site: Site, database: Database, clock: Clock) -> Iterator[Office]:
    site.ledger.unlink(missing_ok=True)  # nobody said anything yet
    keep_ledger(database, site.root, "desk")
    there = read_site(site.root)
    made = Office(there, desk(there, SiteIntake(there), clock), clock)
    yield made
    for one in made.visitors:
        one.client.close()
    made.current.close()


def test_a_steward_judges_takes_back_and_goes_on_when_the_database_was_away(
    served: Office, database: Database
) -> None:
    wang = served.at_work("wang")
    case = f"/cases/{served.case('brother', 'twin')}"
    wang.get(case)
    wang.judges("different", because="双胞胎，见过面")
    assert [line.kind for line in served.lines()] == ["verdict"]
    wang.submit("/undo")
    assert [line.kind for line in served.lines()] == ["verdict", "undo"]
    database.admin(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'desk'", database="postgres"
    )
    assert wang.get(case).status_code == 503
    assert wang.get(case).status_code == 200
    wang.judges("different")
    assert [line.kind for line in served.lines()] == ["verdict", "undo", "verdict"]
    assert not served.site.ledger.exists()
    assert [(one.book, one.fault) for one in prove_books(served.site)] == [("ledger", None), ("audit", None)]
