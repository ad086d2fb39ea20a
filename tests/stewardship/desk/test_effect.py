"""Verdicts take effect at once when a steward asks: the desk asks, somebody else does it, the desk shows how it stands."""

from __future__ import annotations

from tests.stewardship.desk.conftest import Office
from tests.stewardship.office import SECOND
from warehouse.applying import begin, fail
from warehouse.ledger import open_ledger
from warehouse.snapshot import publish_snapshot
from warehouse.store import open_store


def done(office: Office) -> None:
    """What whoever does it leaves behind: a snapshot that holds all that was said."""
    with open_ledger(office.site) as ledger, open_store(office.site) as con:
        con.execute("insert into facts.fingerprint values ('said', ?)", [str(ledger.last())])
    publish_snapshot(office.site, SECOND)
    office.current.turn()


def test_a_steward_asks_and_sees_it_wait_begin_and_be_done(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get("/")
    assert "立即生效" not in wang.text
    wang.get(f"/cases/{office.case('brother', 'twin')}")
    wang.judges("different")
    wang.get("/")
    assert "1 条裁定、撤销或定值还没有生效" in wang.text
    wang.submit("/effect")
    assert "wang 于" in wang.text and wang.tree.xpath("//@data-watch") == ["/effect"]
    (request,) = [line.seq for line in office.lines() if line.kind == "apply"]
    assert office.noted()[-1] == ("hastened", "wang")
    with open_ledger(office.site) as ledger:
        begin(ledger, request)
    wang.get("/effect")
    assert "正在生效" in wang.text
    done(office)
    wang.get("/effect")
    assert "已全部生效" in wang.text and not wang.tree.xpath("//@data-watch")
    wang.get("/")
    assert "生效" not in wang.text


def test_who_asks_while_it_is_asked_for_asks_for_the_same(office: Office) -> None:
    wang, li = office.at_work("wang"), office.at_work("li")
    for one in (wang, li):
        one.get(f"/cases/{office.case('brother', 'twin')}")
    wang.judges("different")
    wang.get("/effect")
    li.get("/effect")
    wang.submit("/effect")
    li.submit("/effect")
    assert [line.kind for line in office.lines()].count("apply") == 1


def test_what_could_not_be_done_says_why_and_can_be_asked_for_again(office: Office) -> None:
    wang = office.at_work("wang")
    wang.get(f"/cases/{office.case('brother', 'twin')}")
    wang.judges("different")
    wang.get("/effect")
    wang.submit("/effect")
    with open_ledger(office.site) as ledger:
        fail(ledger, ledger.last(), "请先运行 enter-once nightly")
    wang.get("/effect")
    assert "没能生效" in wang.text and "请先运行 enter-once nightly" in wang.text
    wang.submit("/effect")
    assert [line.kind for line in office.lines()].count("apply") == 2


def test_an_analyst_sees_how_it_stands_and_asks_for_nothing(office: Office) -> None:
    zhao = office.at_work("zhao")
    zhao.get("/effect")
    assert "全部生效" in zhao.text
    assert office.at_work("lin").get("/effect").status_code == 403
