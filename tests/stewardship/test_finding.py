"""Finding a resident by whatever a clerk has at hand, and reading one whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from stewardship.finding import find
from stewardship.residents import read_resident
from tests.stewardship.office import JIANGUO, PEOPLE, SECOND, night
from warehouse.ids import potential_id
from warehouse.ledger import open_ledger
from warehouse.residents import UnknownResident
from warehouse.site import Site
from warehouse.snapshot import current_snapshot


@pytest.fixture
def snapshot(site: Site) -> Path:
    found = current_snapshot(site)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("李建国", ["李建国"]),
        ("建", ["李建军", "李建国"]),
        ("lijianguo", ["李建国"]),
        ("li jian", ["李建军", "李建国"]),
        ("Ouyang ming", ["欧阳明哲", "欧阳明泽"]),
        ("zhouruohan", ["周若涵"]),
        ("0001", ["李建军", "李建国"]),
        ("13900000001", ["李建军", "李建国"]),
        ("001", []),
        ("张三", []),
        ("", []),
        ("%", []),
        ("' or 1=1 --", []),
        ("R0000000000000000", []),
    ],
)
def test_an_input_is_taken_for_what_it_looks_like(
    site: Site, snapshot: Path, asked: str, names: list[str]
) -> None:
    assert sorted(str(one.name) for one in find(snapshot, site.key, asked)) == sorted(names)


def test_the_end_of_an_id_number_finds_its_holder_whatever_the_case_of_its_x(
    site: Site, snapshot: Path
) -> None:
    number = str(PEOPLE["hukou"]["alone"]["id_number"])
    for asked in (number, number[-4:], number[-6:].lower()):
        assert [one.name for one in find(snapshot, site.key, asked)] == ["周若涵"]


def test_an_id_finds_who_bears_it_and_an_old_one_who_holds_it_today(site: Site, snapshot: Path) -> None:
    old = potential_id(site.key, "resident", "tied_one")
    assert [one.resident_id for one in find(snapshot, site.key, old.lower())] == [old]
    with open_ledger(site) as ledger:
        ledger.judge("between", "tied_one", "same", by="li", because="", seen="f")
    night(site, SECOND, PEOPLE)
    later = current_snapshot(site)
    assert later is not None
    (found,) = find(later, site.key, potential_id(site.key, "resident", "between"))
    assert found.records == 2
    assert {find(later, site.key, old)[0].resident_id, found.resident_id} == {found.resident_id}


def test_a_resident_shows_what_we_stand_for_and_where_everything_is_stated(
    site: Site, snapshot: Path
) -> None:
    (brother,) = find(snapshot, site.key, "李建国")
    found = read_resident(snapshot, site.key, brother.resident_id)
    assert found.records == ["brother", "brother_too"]
    assert {one.field: (one.value, one.platform) for one in found.golden}["name"] == ("李建国", "hukou")
    phones = [one for one in found.claims if one.field == "phone"]
    assert [(one.key, one.platform) for one in phones] == [
        (JIANGUO["phone"], "civil"),
        (JIANGUO["phone"], "hukou"),
    ]
    assert all(one.source and one.row and one.column for one in found.claims)
    assert [one.field for one in found.claims] == sorted(
        (one.field for one in found.claims), key=[one.field for one in found.claims].index
    )
    with pytest.raises(UnknownResident):
        read_resident(snapshot, site.key, "R0000000000000000")
