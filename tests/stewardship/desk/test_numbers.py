"""Two ID numbers of one person at the desk: an approver declares them, another confirms, a word then joins; all of it can be undone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.desk_intake import SiteIntake
from stewardship.accounts import add_account
from stewardship.desk.app import desk
from stewardship.staff import keep_to
from stewardship.store import open_desk
from tests.stewardship.conftest import Clock
from tests.stewardship.desk.conftest import PASSWORD, THIRD, Office, Visitor
from tests.stewardship.office import PEOPLE, SECOND, night, number
from warehouse.ledger import open_ledger
from warehouse.one_person import one_person
from warehouse.site import Review, Site, read_site
from warehouse.store import read_store

WRONG, RIGHT, THIRDS = (number(f"330102197007071{end}") for end in ("11", "13", "15"))
WOMAN = {"name": "沈慕云", "birth_date": "1970-07-07", "sex": "1", "phone": "13811110000"}
CORRECTED = {
    "hukou": {**PEOPLE["hukou"], "right": {**WOMAN, "id_number": RIGHT}},
    "grid": {**PEOPLE["grid"], "wrong": {**WOMAN, "id_number": WRONG}},
    "civil": {**PEOPLE["civil"], "third": {**WOMAN, "id_number": THIRDS}},
}
PROOF = {"because": "派出所更正过", "evidence": "证明 12 号"}


@pytest.fixture(scope="module")
def corrected(staffed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(shutil.copytree(staffed, tmp_path_factory.mktemp("corrected") / "site", symlinks=True))
    site = read_site(root)
    night(site, SECOND, CORRECTED)
    with open_desk(site) as con:
        add_account(con, "sun", "approver", PASSWORD, Clock()())
    return root


@pytest.fixture
def site(corrected: Path, tmp_path: Path) -> Site:
    return read_site(Path(shutil.copytree(corrected, tmp_path / "site", symlinks=True)))


def opened(office: Office, name: str = "zhou") -> Visitor:
    one = office.at_work(name)
    one.get("/numbers")
    return one


def declares(one: Visitor, *numbers: str, **said: str) -> int:
    """Types both numbers, looks whose they are, and saves."""
    one.submit("/numbers", one=numbers[0], other=numbers[1], say="look")
    if one.page is not None and one.page.status_code == 200:
        one.submit("/numbers", **(PROOF | said), say="save")
    assert one.page is not None
    return one.page.status_code


def confirms(one: Visitor, line: int) -> int:
    return one.submit(f"/numbers/{line}", **PROOF).status_code


def declared(office: Office) -> list[tuple[str, str]]:
    with open_ledger(office.site) as ledger:
        return one_person(ledger)


def joined(office: Office) -> set[frozenset[str]]:
    """Who of the three is one resident after a night on which a steward said that all are."""
    with open_ledger(office.site) as ledger:
        for left, right in (("right", "wrong"), ("right", "third")):
            ledger.judge(left, right, "same", by="wang", because="", seen="f")
    night(office.site, THIRD, {})
    office.current.turn()
    query = "select list(record_id) from resolved.record where record_id in ('right', 'wrong', 'third') group by resident_id"
    with read_store(office.book.snapshot) as con:
        return {frozenset(records) for (records,) in con.execute(query).fetchall()}


def test_two_approvers_declare_two_numbers_one_persons_and_a_word_joins_these_two_and_no_third(
    office: Office,
) -> None:
    zhou = opened(office)
    zhou.submit("/numbers", one=WRONG, other=RIGHT, say="look")
    assert "写着它的居民" in zhou.text and WOMAN["name"] not in zhou.text and len(office.lines()) == 0
    zhou.submit("/numbers", **PROOF, say="save")
    assert "等另一位审批人确认后起作用" in zhou.text and declared(office) == []
    assert not zhou.tree.xpath("//form[@action='/numbers/1']")  # nobody confirms themselves
    sun = opened(office, "sun")
    sun.get("/tonight")
    assert sun.tree.xpath("//a[@href='/numbers']/b/text()") == ["1"]
    sun.get("/numbers")
    assert confirms(sun, 1) == 200 and "不再互相挡住合并" in sun.text
    assert declared(office) == [tuple(sorted((WRONG, RIGHT)))]
    assert joined(office) == {frozenset({"right", "wrong"}), frozenset({"third"})}
    assert [kind for kind, _ in office.noted() if "declared" in kind] == ["declared", "declared"]
    with open_ledger(office.site) as ledger:
        told = [line.body for line in ledger.lines("one_person")]
    assert not any(WRONG in str(body) or RIGHT in str(body) for body in told)


def test_once_it_is_taken_back_the_veto_holds_again(office: Office) -> None:
    zhou, sun = opened(office), opened(office, "sun")
    declares(zhou, WRONG, RIGHT)
    sun.get("/numbers")
    confirms(sun, 1)
    (mine,) = [
        form for form in sun.tree.forms if form.action == "/numbers/undo" and form.fields["line"] == "2"
    ]
    sun.page = sun.client.post("/numbers/undo", data={**dict(mine.fields), "because": "看错了人"})
    assert "已撤回" in sun.text and declared(office) == []
    assert joined(office) == {frozenset({one}) for one in ("right", "wrong", "third")}


@pytest.mark.parametrize(
    ("numbers", "said", "told"),
    [
        ((RIGHT, RIGHT), {}, "两个不同的"),
        ((RIGHT, WRONG[:-1] + ("1" if WRONG[-1] != "1" else "2")), {}, "校验位"),
        ((RIGHT, number("33010219700707117")), {}, "没有可靠的记录"),
        ((RIGHT, WRONG), {"evidence": " "}, "凭据"),
        ((RIGHT, WRONG), {"because": ""}, "凭据"),
    ],
    ids=["one number", "a slip", "nobody's", "no proof", "no reason"],
)
def test_what_cannot_be_declared_saves_nothing(
    office: Office, numbers: tuple[str, str], said: dict[str, str], told: str
) -> None:
    zhou = opened(office)
    assert declares(zhou, *numbers, **said) in (400, 409)
    assert told in zhou.text and office.lines() == []


def test_nobody_says_it_twice_and_only_an_approver_of_all_areas_says_it(office: Office) -> None:
    zhou = opened(office)
    declares(zhou, WRONG, RIGHT)
    assert declares(zhou, RIGHT, WRONG) == 409 and "已经声明过" in zhou.text and len(office.lines()) == 1
    assert office.at_work("wang").get("/numbers").status_code == 403
    with open_desk(office.site) as con:
        keep_to(con, "sun", ["近江社区"])
    assert office.at_work("sun").get("/numbers").status_code == 403


def test_where_a_site_has_one_person_look_one_approver_is_enough(site: Site, clock: Clock) -> None:
    site = replace(site, review=Review(four_eyes=False))
    made = Office(site, desk(site, SiteIntake(site), clock), clock)
    zhou = opened(made)
    declares(zhou, WRONG, RIGHT)
    assert "不再互相挡住合并" in zhou.text and len(declared(made)) == 1
    zhou.client.close()
    made.current.close()
