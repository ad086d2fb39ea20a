"""What was typed at the desk comes into the warehouse with the next night, as the export of the office's own platform."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connectors.land import pulls
from connectors.platform import PLATFORMS, read_platform
from connectors.write.blank import write_blank
from dedup.normalise.id_numbers import check_character
from pipelines.entries import FILE, form, leave_entries, unreadable
from pipelines.messages import say
from pipelines.night import open_night
from warehouse.entries import enter, read_by_a_night, take_back
from warehouse.ledger import open_ledger
from warehouse.site import read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

HEAD = "33010219950506112"
NEWCOMER = {"name": "孙小满", "id_number": HEAD + check_character(HEAD), "phone": "13655556666", "sex": "女"}
CLAIMS = (
    "select field, \"key\", quality from staged.claim where platform = 'desk' and until is null order by 1"
)


@pytest.fixture(scope="module")
def made(towns, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("made") / "site"
    towns.town(root)
    return root


@pytest.fixture
def root(made, tmp_path) -> Path:
    return shutil.copytree(made, tmp_path / "site")


def types(root: Path, **row: str) -> int:
    with open_ledger(read_site(root)) as ledger:
        return enter(ledger, row, by="lin")


def claims(root: Path):
    snapshot = current_snapshot(read_site(root))
    assert snapshot is not None
    with read_store(snapshot) as con:
        return con.execute(CLAIMS).fetchall()


def test_a_row_is_taken_in_by_the_next_night_with_the_day_on_which_it_was_typed(root, towns):
    types(root, **NEWCOMER)
    night = towns.stage_night(root, towns.NIGHTS[0])
    assert (night.outcomes["desk"].status, night.outcomes["desk"].rows_in) == ("staged", 1)
    stated = {field: (key, quality) for field, key, quality in claims(root)}
    assert stated["name"] == ("孙小满", "ok") and stated["id_number"] == (NEWCOMER["id_number"], "ok")
    assert stated["sex"][0] == "2" and stated["phone"][0] == NEWCOMER["phone"] and "updated_on" in stated


def test_the_same_rows_are_the_same_bytes_and_one_more_row_is_a_new_export(root, towns):
    types(root, **NEWCOMER)
    for _ in range(2):
        towns.stage_night(root, towns.NIGHTS[0])
    site = read_site(root)
    assert [one.status for one in pulls(site) if one.platform == "desk"] == ["landed"]
    line = types(root, name="周小寒", phone="13655557777")
    towns.deliver(site, "grid", towns.NIGHTS[1])
    assert towns.stage_night(root, towns.NIGHTS[1]).outcomes["desk"].rows_in == 2
    with open_ledger(site) as ledger:
        take_back(ledger, line, by="lin")
        with pytest.raises(LookupError):
            take_back(ledger, line, by="lin")


def test_a_workbook_left_by_hand_wins_and_the_night_says_what_waits(root, towns):
    types(root, **NEWCOMER)
    folder = root / "inbox" / towns.NIGHTS[0].isoformat() / "desk"
    folder.mkdir(parents=True)
    write_blank(read_platform(PLATFORMS / "desk.toml"), folder / "采集表.xlsx")
    night = towns.stage_night(root, towns.NIGHTS[0])
    assert night.outcomes["desk"].status != "unreadable" and claims(root) == []
    assert [(one.sentence, one.words["rows"]) for one in night.remarks] == [("entries_wait", 1)]


def test_what_was_taken_back_after_a_night_read_it_is_gone_with_the_next(root, towns):
    kept, wrong = types(root, **NEWCOMER), types(root, name="周小寒", phone="13655557777")
    towns.stage_night(root, towns.NIGHTS[0])
    site = read_site(root)

    def present():
        snapshot = current_snapshot(site)
        with read_store(snapshot) as con, open_ledger(site) as ledger:
            assert read_by_a_night(ledger, con) == {kept, wrong}
            return con.execute(
                "select name, present from staged.person where platform = 'desk' order by name"
            ).fetchall()

    assert present() == [("周小寒", True), ("孙小满", True)]
    with open_ledger(site) as ledger:
        take_back(ledger, wrong, by="lin")
    for _ in range(2):
        towns.stage_night(root, towns.NIGHTS[0])
        assert present() == [("周小寒", False), ("孙小满", True)]
    with open_ledger(site) as ledger:
        take_back(ledger, kept, by="lin")
    towns.stage_night(root, towns.NIGHTS[0])
    assert present() == [("周小寒", False), ("孙小满", False)]


def test_what_was_erased_is_entered_no_more(root, towns):
    line = types(root, **NEWCOMER)
    site = read_site(root)
    with open_ledger(site) as ledger:
        (one,) = [each for each in ledger.lines("entered") if each.seq == line]
        ledger.erase(one.body["row"])
        assert ledger.verify() is None
    towns.stage_night(root, towns.NIGHTS[0])
    assert not (site.inbox / towns.NIGHTS[0].isoformat() / "desk" / FILE).exists()


def test_what_was_taken_back_before_a_night_came_to_its_end_is_not_left_by_its_next_run(root, towns):
    line = types(root, **NEWCOMER)
    site = read_site(root)
    with open_night(root, towns.NIGHTS[0]) as killed:
        leave_entries(killed)
    left = site.inbox / towns.NIGHTS[0].isoformat() / "desk" / FILE
    assert oct(left.stat().st_mode & 0o777) == "0o600"
    with open_ledger(site) as ledger:
        take_back(ledger, line, by="lin")
    with open_night(root, towns.NIGHTS[0]) as again:
        leave_entries(again)
    assert not left.exists() and again.remarks == []


def test_a_row_that_no_workbook_can_hold_is_told_and_the_others_are_taken_in(root, towns):
    pasted = types(root, name="周小寒", phone="13655557777", employer="市政\x0b公司")
    types(root, **NEWCOMER)
    night = towns.stage_night(root, towns.NIGHTS[0])
    assert (night.outcomes["desk"].status, night.outcomes["desk"].rows_in) == ("staged", 1)
    [remark] = night.remarks
    assert (remark.sentence, remark.words["line"]) == ("entry_unwritable", pasted)
    assert "「工作单位」含有控制字符" in say(remark.sentence, "zh", **remark.words)


def test_a_control_character_is_refused_at_the_form(root):
    row = {"name": "周小寒", "employer": "市政\x0b公司"}
    assert unreadable(row, read_site(root).area) == ["employer"]


def test_the_form_has_every_field_of_the_platform_but_the_day(root):
    platform = read_platform(PLATFORMS / "desk.toml")
    assert {one.name for one in form()} == platform.fields.keys() - {"updated_on"}
    (sex,) = [one for one in form() if one.name == "sex"]
    assert list(sex.choices) == ["男", "女"]
