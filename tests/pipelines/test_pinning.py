"""`pin`: a person settles a value, the next night stands for it, and the rules decide again once it is taken back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.stewardship.office import PEOPLE, SECOND, night, office
from warehouse.ledger import open_ledger
from warehouse.pins import pin
from warehouse.site import read_site

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

WHY = ("--because", "打电话问过本人", "--by", "王芳")


def rows(root: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def site(enter_once, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("pinning") / "site"
    city = ("--residents", 80, "--seed", 5, "--platforms", "grid,social_card,governance")
    assert enter_once("city", root, *city, "--json").status == 0
    assert enter_once("nightly", "--site", root, "--json").status == 0
    return root


def test_a_pinned_word_is_golden_from_the_next_run_until_it_is_taken_back(site, enter_once):
    record, resident, field, stated, before = rows(
        site,
        """
        select c.record_id, r.resident_id, c.field, c."key", g.value
        from staged.own as c
        join resolved.record as r using (record_id)
        join golden.value as g on g.resident_id = r.resident_id and g.field = c.field and g.value <> c."key"
        join facts.quality as q on q.quality = c.quality and q.golden
        join facts.field as f on f.field = c.field and f.kind in ('phone', 'name', 'date') and f.household is null
        order by all limit 1
        """,
    )[0]
    golden = f"select value, rule from golden.value where resident_id = '{resident}' and field = '{field}'"
    noted = enter_once("pin", "set", record, field, *WHY, "--site", site, "--json")
    assert noted.status == 0 and stated not in noted.out
    assert enter_once("nightly", "--site", site, "--json").status == 0
    assert rows(site, golden) == [(stated, "pin")]
    (one,) = enter_once("pin", "list", "--site", site, "--json").found["pins"]
    assert (one["record_id"], one["state"], one["by"], one["because"]) == (
        record,
        "holds",
        "王芳",
        "打电话问过本人",
    )
    listed = enter_once("pin", "list", "--site", site).out
    assert "有效" in listed and stated not in listed
    assert enter_once("pin", "undo", noted.found["line"], *WHY, "--site", site).status == 0
    assert enter_once("nightly", "--site", site, "--json").status == 0
    assert [value for value, _ in rows(site, golden)] == [before]
    assert "没有人定下的值" in enter_once("pin", "list", "--site", site).out


def test_a_pin_whose_record_says_something_else_by_now_is_told_by_the_night_with_the_next_move(
    site, enter_once
):
    ((record,),) = rows(
        site, "select min(record_id) from staged.own where field = 'phone' and \"key\" is not null"
    )
    with open_ledger(read_site(site)) as ledger:
        before = "13000000000"  # what it said when somebody looked
        line = pin(ledger, record, "phone", before, by="王芳", because="问过", until=date(2099, 1, 1))
    ran = enter_once("nightly", "--site", site, "--json")
    (told,) = [one["text"]["zh"] for one in ran.found["remarks"] if one["about"] == "pin_lapsed"]
    assert record in told and f"pin undo {line}" in told and before not in ran.out
    (one,) = enter_once("pin", "list", "--site", site, "--json").found["pins"]
    assert (one["state"], one["value"]) == ("stale", "")
    assert enter_once("pin", "undo", line, *WHY, "--site", site).status == 0


WRONG = {
    "a field that nobody knows": (("set", "RECORD", "星座", *WHY), "可以定的"),
    "a field that has no golden value": (("set", "RECORD", "updated_on", *WHY), "可以定的"),
    "a record that nobody knows": (("set", "no_such_record", "phone", *WHY), "没有写 phone"),
    "no reason": (("set", "RECORD", "name", "--because", " "), "理由"),
    "a date that is over": (("set", "RECORD", "name", *WHY, "--until", "2001-01-01"), "更晚的日期"),
    "a line that is no pin": (("undo", "99", *WHY), "不是有效的定值"),
}


@pytest.mark.parametrize(("asked", "says"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_pinned_is_said_and_nothing_is_noted(site, enter_once, asked, says):
    ((record,),) = rows(site, "select min(record_id) from staged.own where field = 'name'")
    before = enter_once("pin", "list", "--site", site, "--json").found
    told = enter_once("pin", *(record if word == "RECORD" else word for word in asked), "--site", site)
    assert told.status == 2 and says in told.err
    assert enter_once("pin", "list", "--site", site, "--json").found == before


def test_values_that_contradict_each_other_are_listed_masked_until_one_is_pinned(tmp_path, enter_once):
    site, (one, other) = office(tmp_path / "office"), ("13900000088", "13900000099")
    hukou = {**PEOPLE["hukou"], "brother": {**PEOPLE["hukou"]["brother"], "phone": one}}
    civil = {**PEOPLE["civil"], "brother_too": {**PEOPLE["civil"]["brother_too"], "phone": other}}
    assert "没有等人定的值" in enter_once("pin", "open", "--site", site.root).out
    night(site, SECOND, {"hukou": hukou, "civil": civil})
    told = enter_once("pin", "open", "--site", site.root).out
    assert "139****0088" in told and "139****0099" in told and one not in told and other not in told
    found = enter_once("pin", "open", "--site", site.root, "--json").found["open"]
    assert {(each["record"], each["field"]) for each in found} == {
        ("brother", "phone"),
        ("brother_too", "phone"),
    }
    assert [each["golden"] for each in found] == [True, False]
    assert enter_once("pin", "set", "brother", "phone", *WHY, "--site", site.root).status == 0
    assert enter_once("pin", "open", "--site", site.root, "--json").found == {"open": []}
