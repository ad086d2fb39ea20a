"""Books and heads of households that contradict each other: seen with who is in them, settled by a word, in effect, undone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stewardship.staff import keep_to
from stewardship.store import open_desk
from tests.stewardship.desk.conftest import THIRD, Office, Visitor
from tests.stewardship.office import PEOPLE, SECOND, night, number
from warehouse.ledger import open_ledger
from warehouse.pins import pins
from warehouse.site import Site, read_site
from warehouse.store import read_store

BOOKS = ("hukou", "civil")
FAMILY = {
    one: {"name": name, "id_number": number(f"3301021980010{at}11{at}"), "birth_date": f"1980-01-0{at}"}
    for at, (one, name) in enumerate(
        {"a": "赵一鸣", "b": "赵二虎", "c": "钱三省", "d": "钱四维", "e": "孙五常"}.items(), start=1
    )
}


def states(slug: str, **said: dict[str, str]) -> dict[str, dict[str, str]]:
    return {f"{slug}_{one}": {**FAMILY[one], **more} for one, more in said.items()}


# The registry has b with a; the civil affairs have b with c and d, and d as the head of that book. e is alone in both books.
PEOPLE_OF_BOOKS = {
    "hukou": {
        **PEOPLE["hukou"],
        **states(
            "hukou",
            a={"household_number": "71", "relation": "02"},
            b={"household_number": "71", "relation": "10"},
            c={"household_number": "82", "relation": "02"},
            d={"household_number": "82"},
            e={"household_number": "93"},
        ),
    },
    "civil": {
        **PEOPLE["civil"],
        **states(
            "civil",
            b={"household_number": "330-1"},
            c={"household_number": "330-1"},
            d={"household_number": "330-1", "relation": "02"},
            e={"household_number": "330-2"},
        ),
    },
}


@pytest.fixture(scope="module")
def housed(staffed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(shutil.copytree(staffed, tmp_path_factory.mktemp("housed") / "site", symlinks=True))
    night(read_site(root), SECOND, PEOPLE_OF_BOOKS, books=BOOKS)
    return root


@pytest.fixture
def site(housed: Path, tmp_path: Path) -> Site:
    return read_site(Path(shutil.copytree(housed, tmp_path / "site", symlinks=True)))


def opened(office: Office, name: str = "wang") -> Visitor:
    one = office.at_work(name)
    one.get("/conflicts")
    return one


def settles(one: Visitor, record: str, because: str = "看过户口本") -> int:
    """Fills in the reason and clicks beside a record."""
    (form,) = one.tree.xpath(f"//button[@value='{record}']/@form")
    (action,) = one.tree.xpath(f"//form[@id='{form}']/@action")
    key = one.tree.xpath("//input[@name='form_key']/@value")[0]
    one.page = one.client.post(action, data={"form_key": key, "record": record, "because": because})
    return one.page.status_code


def turned(office: Office) -> None:
    night(office.site, THIRD, {}, books=BOOKS)
    office.current.turn()


def household(office: Office, record: str) -> tuple[set[str], str]:
    """The names of the registered household of a record's resident, and of its head."""
    query = """
        select list(who.name), any_value(head.name)
        from golden.household_member as mine
        join resolved.record as r on r.resident_id = mine.resident_id and r.record_id = $record
        join golden.household as h on h.household_id = mine.household_id and h.kind = mine.kind
        join golden.household_member as member on member.household_id = h.household_id and member.kind = h.kind
        join golden.resident as who on who.resident_id = member.resident_id
        join golden.resident as head on head.resident_id = h.head_resident_id
        where mine.kind = 'registered'
    """
    with read_store(office.book.snapshot) as con:
        ((names, head),) = con.execute(query, {"record": record}).fetchall()
    return set(names), head


def settled(office: Office) -> list[tuple[str, str]]:
    with open_ledger(office.site) as ledger:
        return [(one.record_id, one.field) for one in pins(ledger)]


def test_both_books_and_both_heads_stand_side_by_side_masked_with_who_is_in_them_and_are_counted(
    office: Office,
) -> None:
    wang = opened(office)
    assert "0 处值有矛盾" in wang.text and "2 处户口有矛盾" in wang.text
    buttons = wang.tree.xpath("//button[@name='record']/@value")
    assert sorted(buttons) == ["civil_b", "civil_d", "hukou_b", "hukou_c"]
    assert not any(one["name"] in wang.text for one in FAMILY.values())
    (books,) = wang.tree.xpath("//section[.//button[@value='civil_b']]")
    rows = {row.xpath(".//button/@value")[0]: row for row in books.xpath(".//tbody/tr")}
    assert len(rows["hukou_b"].xpath(".//li")) == 2 and "现用" in rows["hukou_b"].text_content()
    assert len(rows["civil_b"].xpath(".//li")) == 2
    wang.submit("/values", why="核对户口本")
    assert "赵二虎" in wang.text and "330-1" in wang.text and "孙五常" not in wang.text
    for page in ("/", "/tonight"):
        wang.get(page)
        assert wang.tree.xpath("//a[@href='/conflicts#households']/b/text()") == ["2"]


def test_a_book_that_was_settled_holds_from_the_next_night_on_and_can_be_taken_back(office: Office) -> None:
    assert household(office, "hukou_b") == ({"赵一鸣", "赵二虎"}, "赵一鸣")
    wang = opened(office)
    assert settles(wang, "civil_b") == 200
    assert "1 处户口有矛盾" in wang.text and settled(office) == [("civil_b", "household_number")]
    turned(office)
    assert household(office, "hukou_b")[0] == {"赵二虎", "钱三省", "钱四维"}
    assert household(office, "hukou_a")[0] == {"赵一鸣"}
    wang.get("/conflicts")
    assert "1 处户口有矛盾" in wang.text
    wang.submit("/pins/undo", because="看错了")
    wang.get("/conflicts")
    assert "2 处户口有矛盾" in wang.text
    turned(office)
    assert household(office, "hukou_b")[0] == {"赵一鸣", "赵二虎"}
    assert [kind for kind, _ in office.noted() if "pinned" in kind] == ["pinned", "unpinned"]


def test_of_two_heads_the_one_that_was_settled_is_the_head(office: Office) -> None:
    everybody, head = household(office, "hukou_c")
    other = ({"钱三省": "hukou_c", "钱四维": "civil_d"}).keys() - {head}
    record = {"钱三省": "hukou_c", "钱四维": "civil_d"}[next(iter(other))]
    wang = opened(office)
    assert settles(wang, record) == 200 and settled(office) == [(record, "relation")]
    turned(office)
    assert household(office, "hukou_c") == (everybody, next(iter(other)))


@pytest.mark.parametrize("because", ["", " "])
def test_no_reason_saves_nothing(office: Office, because: str) -> None:
    wang = opened(office)
    assert settles(wang, "civil_b", because) == 409 and settled(office) == []


def test_who_comes_second_is_told_and_nobody_of_other_areas_or_who_only_looks_settles_anything(
    office: Office,
) -> None:
    wang, li = opened(office), opened(office, "li")
    settles(wang, "civil_b")
    assert settles(li, "hukou_b") == 409 and len(settled(office)) == 1
    assert not opened(office, "zhao").tree.xpath("//button[@name='record']")
    with open_desk(office.site) as con:
        keep_to(con, "li", ["别的社区"])
    assert "0 处户口有矛盾" in opened(office, "li").text
