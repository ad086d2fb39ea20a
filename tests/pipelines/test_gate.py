"""A person accepts an export that the import gate refused, for the reasons it was refused for and no other."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest

from connectors.platform import PLATFORMS, read_platforms
from warehouse.ledger import open_ledger

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

KEPT = 25  # of sixty


@pytest.fixture(scope="module")
def refusal(towns, first_night, enter_once, tmp_path_factory):
    """A town whose grid sent less than half on its second night, which was refused; and what that night said."""
    root = shutil.copytree(first_night[0], tmp_path_factory.mktemp("refusal") / "site", symlinks=True)
    towns.deliver(towns.read_site(root), "grid", towns.NIGHTS[1], range(KEPT))
    return root, enter_once("nightly", "--site", root, "--json").found


@pytest.fixture
def shrunken(refusal, tmp_path):
    """A copy of that town, to go on with."""
    return shutil.copytree(refusal[0], tmp_path / "site", symlinks=True)


def accept(enter_once, root, *more):
    return enter_once("gate", "accept", "grid", "--site", root, "--because", "两个网格已划走", *more)


def test_the_refusal_names_the_command_that_accepts_it(refusal):
    _, refused = refusal
    assert refused["platforms"]["grid"]["status"] == "refused"
    assert "enter-once gate accept grid --site DIR --because" in refused["platforms"]["grid"]["message"]


def test_an_accepted_export_is_taken_in_and_a_replay_from_scratch_gives_the_same(shrunken, enter_once):
    root = shrunken
    accepted = accept(enter_once, root, "--by", "王主任", "--json")
    assert accepted.status == 0
    assert accepted.found | {"rows": KEPT, "rows_before": 60, "by": "王主任"} == accepted.found
    after = enter_once("nightly", "--site", root, "--json")
    assert (after.status, after.found["platforms"]["grid"]["rows_in"]) == (0, KEPT)
    assert after.found["platforms"]["grid"]["status"] == "staged"
    (root / "warehouse.duckdb").unlink()
    again = enter_once("nightly", "--site", root, "--json").found
    assert again["platforms"]["grid"]["rows_in"] == KEPT
    assert again["golden_checksum"] == after.found["golden_checksum"]
    assert again["published_cells"] == 0


def test_the_ledger_says_who_accepted_what_and_why(shrunken, enter_once, towns):
    root = shrunken
    accept(enter_once, root, "--by", "王主任", "--night", "2026-11-20")
    with open_ledger(towns.read_site(root)) as ledger:
        (line,) = ledger.lines("gate_accepted")
        assert ledger.recall(line.body["because"]) == "两个网格已划走"
        assert ledger.verify() is None
    assert {**line.body, "because": ""} == {
        "platform": "grid",
        "night": "2026-11-20",
        "sha256": line.body["sha256"],
        "by": "王主任",
        "checks": ["rows_shrunken"],
        "because": "",
    }
    with sqlite3.connect(root / "ledger.sqlite") as con:
        assert "两个网格" not in str(con.execute("select body from line").fetchall())


def test_another_shrunken_export_is_refused_all_the_same(shrunken, enter_once, towns):
    root = shrunken
    accept(enter_once, root)
    enter_once("nightly", "--site", root)
    towns.deliver(towns.read_site(root), "grid", towns.NIGHTS[1], range(10))
    third = enter_once("nightly", "--site", root, "--json").found["platforms"]["grid"]
    assert (third["status"], "只有 10 行" in third["message"]) == ("refused", True)


def bounded(monkeypatch, tmp_path, low, high):
    """The platforms, the grid with these bounds of its rows."""
    good, _ = read_platforms()
    folder = tmp_path / "platforms"
    folder.mkdir()
    for slug in good:
        text = (PLATFORMS / f"{slug}.toml").read_text(encoding="utf-8")
        if slug == "grid":
            assert "rows = [1, 400_000]" in text
            text = text.replace("rows = [1, 400_000]", f"rows = [{low}, {high}]")
        (folder / f"{slug}.toml").write_text(text, encoding="utf-8")
    for module in ("pipelines.night", "pipelines.gate"):
        monkeypatch.setattr(f"{module}.read_platforms", lambda: read_platforms(folder))
    monkeypatch.setattr("pipelines.fingerprint.PLATFORMS", folder)


@pytest.mark.parametrize(("low", "high"), [(100, 400), (1, 40)], ids=["too few", "too many"])
def test_an_export_outside_the_bounds_of_its_rows_can_be_accepted(
    enter_once, towns, tmp_path, monkeypatch, low, high
):
    bounded(monkeypatch, tmp_path, low, high)
    root = tmp_path / "site"
    towns.town(root)
    grid = enter_once("nightly", "--site", root, "--json").found["platforms"]["grid"]
    assert grid["status"] == "refused"
    assert "enter-once gate accept grid" in grid["message"]
    assert accept(enter_once, root).status == 0
    after = enter_once("nightly", "--site", root, "--json").found["platforms"]["grid"]
    assert (after["status"], after["rows_in"]) == ("staged", 60)


def test_with_nothing_refused_there_is_nothing_to_accept(fresh, first_night, enter_once, tmp_path):
    told = [accept(enter_once, fresh, "--json")]
    root = shutil.copytree(first_night[0], tmp_path / "after", symlinks=True)
    told.append(accept(enter_once, root, "--json"))
    told.append(accept(enter_once, root, "--json", "--night", "2026-11-20"))
    told.append(enter_once("gate", "accept", "atlantis", "--site", root, "--because", "理由", "--json"))
    told.append(enter_once("gate", "accept", "grid", "--site", root, "--because", " ", "--json"))
    assert [ran.status for ran in told] == [2] * 5
    for ran, words in zip(
        told, ("nightly", "没有需要确认", "2026-11-20", "atlantis", "--because"), strict=True
    ):
        assert words in json.loads(ran.out)["error"]
    for site in (fresh, root):
        assert not (site / "ledger.sqlite").exists() or "gate_accepted" not in ledger_kinds(site)


def ledger_kinds(root) -> set[str]:
    with sqlite3.connect(root / "ledger.sqlite") as con:
        return {row[0] for row in con.execute("select kind from line").fetchall()}


def test_what_was_refused_for_another_reason_or_accepted_already_is_not_accepted(shrunken, enter_once, towns):
    root = shrunken
    assert accept(enter_once, root).status == 0
    twice = accept(enter_once, root, "--json")
    assert (twice.status, "已经确认过" in twice.found["error"]) == (2, True)
    enter_once("nightly", "--site", root)
    towns.deliver(towns.read_site(root), "social_card", towns.NIGHTS[1], range(0))
    ran = enter_once("nightly", "--site", root, "--json").found["platforms"]["social_card"]
    assert (ran["status"], "只有表头" in ran["message"]) == ("refused", True)
    other = enter_once("gate", "accept", "social_card", "--site", root, "--because", "理由", "--json")
    assert (other.status, "不是被关口的检查拦下" in other.found["error"]) == (2, True)


def test_the_list_says_what_waits_why_what_is_in_force_and_what_to_run(shrunken, enter_once, towns):
    root = shrunken
    (one,) = enter_once("gate", "list", "--site", root, "--json").found["waiting"]
    assert (one["platform"], one["night"], one["in_force"]) == ("grid", "2026-11-20", "2026-11-19")
    assert (one["checks"], one["accepted"]) == (["rows_shrunken"], False)
    told = {
        language: enter_once("gate", "list", "--site", root, "--lang", language).out
        for language in ("zh", "en")
    }
    assert "只有 25 行，上一次有 60 行" in told["zh"] and "only 25 rows, 60 the last time" in told["en"]
    for text in told.values():
        assert f"enter-once gate accept grid --site {root}" in text and "2026-11-19" in text
    accept(enter_once, root)
    assert "已有人确认" in enter_once("gate", "list", "--site", root, "--lang", "zh").out


def test_what_has_to_be_mended_is_listed_without_a_way_to_accept_it(shrunken, enter_once, towns):
    root = shrunken
    towns.deliver(towns.read_site(root), "grid", towns.NIGHTS[1], range(0))
    towns.stage_night(root, towns.NIGHTS[1])
    told = enter_once("gate", "list", "--site", root, "--lang", "zh").out
    assert "只有表头" in told and "gate accept" not in told
