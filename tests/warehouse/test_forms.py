"""The purposes of forms, and who may fill them."""

from __future__ import annotations

import pytest

from warehouse.fields import fields
from warehouse.forms import WrongPurpose, fillings, note_filled, purpose_for, purposes
from warehouse.ledger import Cell, open_ledger
from warehouse.site import Site

OWN = """[gas_check]
title = "燃气安检"
department = "住建"
fields = ["name", "phone"]
roles = ["clerk"]
basis = "城镇燃气管理条例"
"""


def test_a_purpose_is_known_by_name_and_by_title_and_only_to_its_roles(site: Site) -> None:
    assert purpose_for(site, "elderly_benefits", "clerk") == purpose_for(
        site, "老年人补贴与服务申报", "clerk"
    )
    assert purpose_for(site, "老年人", "clerk").name == "elderly_benefits"
    with pytest.raises(WrongPurpose, match="没有「服务」这个用途，或不止一个"):
        purpose_for(site, "服务", "steward")
    with pytest.raises(WrongPurpose, match="角色 clerk 不能填「儿童关爱保护」的表，可以填的角色：steward"):
        purpose_for(site, "child_protection", "clerk")
    with pytest.raises(WrongPurpose, match="没有「随便」这个用途。可用的用途：household_survey"):
        purpose_for(site, "随便", "steward")


def test_no_role_that_sees_no_values_may_fill_a_form(site: Site) -> None:
    assert {role for one in purposes(site).values() for role in one.roles} == {"clerk", "steward", "approver"}
    assert all(fields()[name].publish for one in purposes(site).values() for name in one.fields)


def test_a_site_has_purposes_of_its_own(site: Site) -> None:
    (site.root / "forms.toml").write_text(OWN, encoding="utf-8")
    assert purpose_for(site, "gas_check", "clerk").fields == ("name", "phone")


WRONG = [
    (
        'fields = ["name", "phone"]',
        'fields = ["name", "disability_number"]',
        "disability_number 不是可以外填的字段",
    ),
    ('basis = "城镇燃气管理条例"', "", "不多不少"),
    ('roles = ["clerk"]', "roles = []", "roles 类型不对或是空的"),
    ("[gas_check]", "[gas_check", "不是有效的 TOML"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG)
def test_a_page_of_purposes_is_read_strictly(site: Site, right: str, wrong: str, said: str) -> None:
    (site.root / "forms.toml").write_text(OWN.replace(right, wrong), encoding="utf-8")
    with pytest.raises(WrongPurpose, match=said):
        purposes(site)


def test_the_ledger_remembers_each_filling_and_the_name_of_its_file_can_be_erased(site: Site) -> None:
    purpose = purposes(site)["emergency"]
    with open_ledger(site) as ledger:
        [digest] = ledger.remember_all(["张三"])
        cell = Cell("a", "name", digest, "form", "a")
        noted = note_filled(
            ledger, purpose, form="张三家.xlsx", sha256="0", role="clerk", by="wang", cells=[cell]
        )
        [one] = fillings(ledger)
        assert (one.line, one.form, one.purpose, one.cells) == (
            noted,
            "张三家.xlsx",
            purpose.title,
            {("a", "name"): cell},
        )
        assert "张三" not in str(ledger.lines("filled"))
        ledger.erase(ledger.lines("filled")[0].body["form"])
        assert fillings(ledger)[0].form == "" and ledger.verify() is None
