"""A first look at a platform that leaves files: at the newest in the inbox, at one that was kept, at one that is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.site import Site

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")


@pytest.fixture
def site(towns, tmp_path) -> Site:
    return towns.town(tmp_path / "site")


def look(enter_once, site: Site, slug: str, *more: object) -> dict:
    ran = enter_once("platform", "check", slug, "--site", site.root, "--json", *more)
    assert ran.status in (0, 1)
    return ran.found


def test_the_newest_file_in_the_inbox_is_tried(towns, site, enter_once):
    newest = towns.deliver(site, "social_card", towns.NIGHTS[1], range(12))
    trial = look(enter_once, site, "social_card")["trial"]
    assert (trial["source"], trial["rows_in"], len(trial["rows"])) == (str(newest), 12, 10)
    assert trial["quarantined"] == []


def test_without_a_file_in_the_inbox_the_one_that_was_kept_is_tried(towns, site, enter_once):
    towns.stage_night(site.root, towns.NIGHTS[0])
    for file in (site.inbox / towns.NIGHTS[0].isoformat() / "grid").iterdir():
        file.unlink()
    trial = look(enter_once, site, "grid")["trial"]
    assert trial["rows_in"] == towns.PEOPLE and "landing" in trial["source"]


def test_a_given_file_is_tried_and_its_bad_rows_are_told_by_reason_and_place(
    towns, site, tmp_path, enter_once
):
    one = towns.person(1)
    file = tmp_path / "sample.csv"
    good = towns.deliver(site, "resident_points").read_text(encoding="utf-8-sig").splitlines()
    nobody = ",".join("" if name == "姓名" else "J9" for name in good[0].split(","))
    file.write_text("\n".join([*good[:5], nobody, nobody]), encoding="utf-8")
    found = look(enter_once, site, "resident_points", "--sample", file)
    (aside,) = found["trial"]["quarantined"]
    assert (aside["reason"], aside["rows"], aside["first_row"]) == ("no_identity", 2, 6)
    assert one["phone"] not in str(found)


def test_a_file_of_something_else_fails_the_check_and_says_why(site, tmp_path, enter_once):
    file = tmp_path / "other.csv"
    file.write_text("甲,乙\n1,2\n", encoding="utf-8")
    found = look(enter_once, site, "social_card", "--sample", file)
    assert found["passed"] == 0 and "表头" in found["failed"][0]["reason"]


def test_a_platform_of_which_nothing_is_there_passes_and_says_what_to_give(site, enter_once):
    ran = enter_once("platform", "check", "party_members", "--site", site.root, "--lang", "zh")
    assert ran.status == 0 and "--sample" in ran.out


def test_a_sample_that_is_not_there_or_of_no_platform_in_particular_is_wrong_use(site, tmp_path, enter_once):
    missing = enter_once("platform", "check", "grid", "--sample", tmp_path / "none.csv", "--site", site.root)
    assert missing.status == 2 and "none.csv" in missing.err
    file = Path(__file__)
    assert enter_once("platform", "check", "all", "--sample", file, "--site", site.root).status == 2


def test_checking_all_reads_no_export(site, enter_once):
    for file in site.inbox.rglob("*.csv"):
        file.write_bytes(b"")
    assert enter_once("platform", "check", "all", "--site", site.root).status == 0
