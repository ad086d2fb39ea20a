"""What a purpose may have, of whom; one condition over it that can see nothing else; and whom a row of a list means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dedup.normalise.id_numbers import check_character
from warehouse.forms import Purpose
from warehouse.golden import build_golden, choose_values
from warehouse.named import Stated, Values, WrongCondition, admitted, chosen, found, values_for
from warehouse.publish import find_wanted
from warehouse.store import STAGED_TABLES, rebuild

NIGHT = date(2026, 3, 1)
EVERY = ("name", "sex", "birth_date", "id_number", "phone", "address", "political", "guardian")
ZHANG, LI, NOBODY = (
    head + check_character(head) for head in ("33010219450101121", "33010219500202232", "33010219450101123")
)


def purpose(*names: str, department: str = "民政") -> Purpose:
    return Purpose("test", "试验", department, names or EVERY, ("steward",), "依据")


def settle(world: Any, **people: Mapping[str, Any]) -> None:
    """One record for each resident: R1 has what `a` states, and so on."""
    share = (*EVERY, "death_flag", "moved_out_flag")
    world.platforms(world.platform("civil", share=share), world.platform("shut", share=()))
    by_slug: dict[str, dict[str, Mapping[str, Any]]] = {"civil": {}, "shut": {}}
    for name, row in people.items():
        by_slug["shut" if name.startswith("shut") else "civil"][name] = row
    for slug, rows in by_slug.items():
        if rows:
            world.states(slug, rows)
    for table in STAGED_TABLES:
        rebuild(world.con, table)
    world.people(**{f"R_{name}": [name] for name in people})
    choose_values(world.con)
    build_golden(world.con)
    find_wanted(world.con, NIGHT)


def _values(world: Any, asked: Purpose) -> Values:
    residents = [row[0] for row in world.rows("select resident_id from golden.resident")]
    return values_for(world.con, asked, residents)


def test_of_each_field_only_what_may_be_passed_on_to_that_department(world: Any) -> None:
    settle(
        world,
        a={"name": "张三", "birth_date": "1945-01-01", "political": "01", "phone": "13800000001"},
        shut={"name": "李四", "birth_date": "1950-02-02"},
    )
    assert set(_values(world, purpose())["R_a"]) == {"name", "birth_date", "political", "phone"}
    assert set(_values(world, purpose(department="卫健"))["R_a"]) == {
        "name",
        "birth_date",
        "phone",
    }
    assert set(_values(world, purpose("name"))["R_a"]) == {"name"}
    assert "R_shut" not in _values(world, purpose())  # nobody may pass on what that platform says
    assert _values(world, purpose("phone"))["R_a"]["phone"] == ("13800000001", "a")


def test_nobody_who_is_dead_gone_or_a_child_of_another_department(world: Any) -> None:
    settle(
        world,
        dead={"name": "张三", "birth_date": "1945-01-01", "death_flag": "1"},
        gone={"name": "李四", "birth_date": "1950-02-02", "moved_out_flag": "1"},
        child={"name": "王小", "birth_date": "2015-05-05"},
        unborn={"name": "赵无"},
        adult={"name": "钱大", "birth_date": "2012-03-01"},
    )
    assert set(_values(world, purpose(department="政法委"))) == {"R_adult"}
    assert set(_values(world, purpose(department="民政"))) == {"R_adult", "R_child", "R_unborn"}


def test_a_phone_that_stands_for_several_is_nobodys_own(world: Any) -> None:
    adult = {"birth_date": "1980-01-01"}
    settle(
        world,
        a={**adult, "name": "张三", "phone": "13800000001"},
        b={**adult, "name": "李四", "phone": "13800000001;13900000002"},
    )
    values = _values(world, purpose())
    assert "phone" not in values["R_a"] and "phone" not in values["R_b"]


@pytest.fixture
def town(world: Any) -> Any:
    settle(
        world,
        a={
            "name": "张三",
            "sex": "1",
            "birth_date": "1945-01-01",
            "id_number": ZHANG,
            "phone": "13800000001",
        },
        b={"name": "李四", "sex": "2", "birth_date": "1950-02-02", "id_number": LI, "phone": "13800000002"},
        c={"name": "李四", "sex": "2", "birth_date": "1990-02-02", "phone": "13800000003"},
    )
    return world


def test_a_condition_chooses_by_what_the_purpose_may_have_and_by_age(town: Any) -> None:
    assert chosen(town.con, purpose(), "age >= 70 and sex = '2'", NIGHT) == ["R_b"]
    assert chosen(town.con, purpose(), "name like '李%' -- 姓李的", NIGHT) == ["R_b", "R_c"]
    assert chosen(town.con, purpose(), "id_number is null", NIGHT) == ["R_c"]


def test_an_age_is_known_only_where_the_birth_date_may_be(town: Any) -> None:
    with pytest.raises(WrongCondition, match=r"可用的列：name、phone$"):
        chosen(town.con, purpose("name", "phone"), "age >= 70", NIGHT)


REFUSED = [
    ("another statement", "true); drop table resident; select (true", "不是一个完整的条件|只能是一个条件"),
    ("another query behind it", "true) union all select 'R9' where (true", "只能是一个条件"),
    ("a limit behind it", "true) limit (1", "只能是一个条件"),
    ("a subquery", "exists (select 1 from resident)", "只能是一个条件"),
    ("a column that the purpose may not have", "political = '01'", "可用的列：name"),
    ("a file", "read_text('/etc/passwd') is not null", "不能用的列或函数"),
    ("a file by its name", "exists (from '/etc/passwd')", "只能是一个条件"),
    ("a setting", "age > (set memory_limit = '9GB')", "不是一个完整的条件"),
    ("nothing", "", "不是一个完整的条件"),
    ("a value in an error", "id_number::int > 1", "无法计算（ConversionException）"),
]


@pytest.mark.parametrize(("where", "said"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
def test_a_condition_is_one_condition_and_sees_nothing_else(town: Any, where: str, said: str) -> None:
    asked = purpose("name", "sex", "id_number")
    with pytest.raises(WrongCondition, match=said) as refused:
        chosen(town.con, asked, where, NIGHT)
    assert (
        ZHANG not in str(refused.value) and refused.value.__cause__ is None
    ) or where != "id_number::int > 1"


def test_a_condition_can_write_no_file(town: Any, tmp_path: Path) -> None:
    asked = purpose()
    with pytest.raises(WrongCondition):
        chosen(town.con, asked, f"true); copy resident to '{tmp_path}/x'; --", NIGHT)
    assert list(tmp_path.glob("x")) == []


# story, what the row states, whom it means or why nobody
MEANT = [
    ("number and name", {"id_number": ZHANG, "name": "张 三"}, "R_a"),
    ("the number alone", {"id_number": ZHANG}, "R_a"),
    ("somebody else's number", {"id_number": ZHANG, "name": "李四"}, "another_name"),
    ("a number nobody has", {"id_number": NOBODY, "name": "张三"}, "nobody"),
    ("a masked number and a birth date", {"id_number": "3301**********1215", "name": "张三", "birth_date": "1945.1.1"}, "R_a"),
    ("a name alone", {"name": "张三"}, "too_little"),
    ("a name and a phone", {"name": "李四", "phone": "138 0000 0003"}, "R_c"),
    ("a name and a birth date that is another's", {"name": "张三", "birth_date": "1950-02-02"}, "nobody"),
    ("a phone that contradicts", {"name": "张三", "birth_date": "1945-01-01", "phone": "13899999999"}, "nobody"),
    ("nothing", {}, "too_little"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "whom"), [pytest.param(*case[1:], id=case[0]) for case in MEANT])
def test_a_row_means_somebody_by_number_or_by_name_and_one_more_fact(
    town: Any, told: dict[str, str], whom: str
) -> None:
    [met] = found(town.con, [Stated(7, told)])
    assert (met.resident_id or met.reason) == whom


def test_an_id_of_ours_is_known_and_one_that_nobody_bears_is_not_called_dead_or_gone(town: Any) -> None:
    asked = [Stated(1, {}, "R_a"), Stated(2, {}, "R_b"), Stated(3, {"name": "张三"}, "R_x")]
    met = admitted(found(town.con, asked), {"R_a": {}})
    assert [(one.resident_id, one.reason) for one in met] == [
        ("R_a", None),
        ("", "not_admitted"),
        ("", "unknown_id"),
    ]
