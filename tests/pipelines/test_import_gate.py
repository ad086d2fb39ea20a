"""The story of exports that can be read and are not what the platform used to send: what each costs, and what is said.

A town of sixty has one good night. On the second, one platform sends a file that differs in one way. Only landing and
staging are run: what a refused platform means for the rest of the night is told in `test_bad_input.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.land import pull_all
from connectors.platform import PLATFORMS, read_platform, read_platforms
from connectors.write import Cell, write_export
from pipelines.gate import accept
from pipelines.night import Night
from pipelines.summary import summary, tell
from warehouse.store import read_store

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

Row = dict[str, Cell]
Change = Callable[[list[Row]], list[Row]]


def blank(column: str, keep: int = 0) -> Change:
    return lambda rows: [{**row, column: row[column] if at < keep else ""} for at, row in enumerate(rows)]


def swap(one: str, other: str) -> Change:
    return lambda rows: [{**row, one: row[other], other: row[one]} for row in rows]


def keys_moved(how_many: int) -> Change:
    """The first so many rows have the key of the row after them: somebody else's."""

    def change(rows: list[Row]) -> list[Row]:
        keys = [row["人员编号"] for row in rows]
        moved = [*keys[1:how_many], keys[0], *keys[how_many:]]
        return [{**row, "人员编号": key} for row, key in zip(rows, moved, strict=True)]

    return change


def dates(write: Callable[[str], str], start: int) -> Change:
    return lambda rows: [
        {**row, "出生日期": write(str(row["出生日期"])) if at >= start else row["出生日期"]}
        for at, row in enumerate(rows)
    ]


def many(times: int) -> Change:
    """So many times the rows, each with a key of its own."""
    return lambda rows: [
        {**row, "人员编号": f"{row['人员编号']}-{turn}" if turn else row["人员编号"]}
        for turn in range(times)
        for row in rows
    ]


def codes(value: str, rows_with: int) -> Change:
    return lambda rows: [
        {**row, "婚姻状况": value if at < rows_with else "已婚"} for at, row in enumerate(rows)
    ]


@dataclass(frozen=True)
class Odd:
    """What is different on the second night, what comes of it, and words that must be said."""

    change: Change
    status: str
    checks: Sequence[str]
    says: Sequence[str]


CASES = {
    "every name is gone": Odd(
        blank("姓名"), "refused", ["identity_emptied"], ["「姓名」列往常 100% 有内容，这次只有 0%", "脱敏"]
    ),
    "nearly every ID number is gone": Odd(
        blank("身份证号", keep=6), "refused", ["identity_emptied"], ["「身份证号」", "只有 10%"]
    ),
    "the phones are gone": Odd(
        blank("联系电话"), "staged", ["column_emptied"], ["「联系电话」", "只有 0%", "可不处理"]
    ),
    "name and number have changed places": Odd(
        swap("姓名", "身份证号"), "refused", ["identity_unread", "identity_unread"], ["「姓名」", "错列"]
    ),
    "dates are written another way from the middle on": Odd(
        dates(lambda day: f"{day[:4]}/{day[4:6]}/{day[6:]}", 30),
        "staged",
        ["date_changed"],
        ["「出生日期」", "第 33 行", "换了一种写法", "0 行已隔离"],
    ),
    "dates are written day first from the middle on": Odd(
        dates(lambda day: f"{day[6:]}/{day[4:6]}/{day[:4]}", 30),
        "staged",
        ["date_changed"],
        ["「出生日期」", "第 33 行", "quarantine list --platform grid"],
    ),
    "a code that nobody knows": Odd(
        codes("分居", 7),
        "staged",
        ["codes_new"],
        ["「婚姻状况」", "「分居」7 行", "[codes.marital]", '"分居" = "…"'],
    ),
    "two keys have changed places": Odd(
        keys_moved(2), "staged", ["key_reused"], ["2 个编号换了人", "第 3、4 行", "重用"]
    ),
    "the platform was renumbered": Odd(
        keys_moved(40), "refused", ["keys_renumbered"], ["60 个已知编号里有 40 个", "重新编"]
    ),
    "another area was exported too": Odd(many(4), "refused", ["rows_exploded"], ["有 240 行", "别的辖区"]),
    "another order of rows": Odd(lambda rows: rows[::-1], "staged", [], []),
}


def standing(root: Path) -> list[tuple[Any, ...]]:
    with read_store(root / "warehouse.duckdb") as con:
        return con.execute(
            "select record_id, field, stated, since from staged.claim"
            " where platform = 'grid' and until is null order by all"
        ).fetchall()


@pytest.fixture(scope="module")
def good(towns, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("good") / "site"
    towns.town(root)
    towns.stage_night(root, towns.NIGHTS[0])
    return root


@pytest.fixture
def second(good, towns, tmp_path):
    """The second night of a copy of the town, on which the grid sends these rows."""

    def second(change: Change, night: date = towns.NIGHTS[1]) -> tuple[Path, Night]:
        root = tmp_path / "site"
        if not root.exists():
            shutil.copytree(good, root)
        file = root / "inbox" / night.isoformat() / "grid" / towns.FILES["grid"]
        file.parent.mkdir(parents=True, exist_ok=True)
        write_export(read_platform(PLATFORMS / "grid.toml"), change(towns.rows("grid", range(60))), file)
        return root, towns.stage_night(root, night)

    return second


@pytest.mark.parametrize("case", CASES)
def test_an_odd_export_is_told_and_costs_what_it_must(case, second, good, towns) -> None:
    odd = CASES[case]
    root, night = second(odd.change)
    outcome = night.outcomes["grid"]
    assert (outcome.status, [one.check for _, one in night.findings]) == (odd.status, list(odd.checks))
    told = tell(summary(night), "zh")
    for words in odd.says:
        assert words in told
    if odd.status == "refused":
        assert standing(root) == standing(good)
        assert "2026-11-19 的那一份（60 行）继续有效" in outcome.message
        assert "enter-once gate accept grid" in outcome.message
    else:
        assert outcome.rows_in == outcome.staged + outcome.quarantined
    personal = [value for number in range(60) for value in towns.person(number).values() if len(value) > 2]
    assert not [value for value in personal if value in told]


def test_an_export_accepted_for_one_reason_is_not_taken_in_for_another(second, towns, monkeypatch) -> None:
    root, _ = second(blank("姓名"))
    accept(root, "grid", because="这个平台改为不登记姓名", by="王主任", night=None, speak="zh")
    night = towns.stage_night(root, towns.NIGHTS[1])
    assert night.outcomes["grid"].status == "staged"
    assert [(one.check, one.severity) for _, one in night.findings] == [("identity_emptied", "accepted")]
    # The same bytes under a stricter rule: a reason that nobody has seen.
    folder = root.parent / "platforms"
    shutil.copytree(PLATFORMS, folder)
    page = folder / "grid.toml"
    page.write_text(
        page.read_text(encoding="utf-8").replace("rows = [1, ", "rows = [100, "), encoding="utf-8"
    )
    monkeypatch.setattr("pipelines.night.read_platforms", lambda: read_platforms(folder))
    monkeypatch.setattr("pipelines.fingerprint.PLATFORMS", folder)
    again = towns.stage_night(root, towns.NIGHTS[1])
    assert again.outcomes["grid"].status == "refused"
    assert {one.check: one.severity for _, one in again.findings}["rows_bounds"] == "critical"


def test_a_platform_s_own_file_sets_limits_and_weights(second, good, monkeypatch, tmp_path) -> None:
    folder = tmp_path / "platforms"
    shutil.copytree(PLATFORMS, folder)
    with (folder / "grid.toml").open("a", encoding="utf-8") as page:
        page.write('\n[gate]\nlimit = { rows_exploded = 5 }\nseverity = { rows_more = "off" }\n')
    monkeypatch.setattr("pipelines.night.read_platforms", lambda: read_platforms(folder))
    _, night = second(many(4))
    assert (night.outcomes["grid"].status, night.findings) == ("staged", [])


@pytest.mark.parametrize(
    "gate", ["limit = { rows_exploded = 0 }", "limit = { date_changed = 3 }", 'severity = { rows = "off" }', 'severity = { rows_more = "loud" }', "rows = 3"]
)  # fmt: skip
def test_a_typo_in_the_gate_of_a_platform_is_an_error(gate, tmp_path) -> None:
    page = tmp_path / "grid.toml"
    shutil.copyfile(PLATFORMS / "grid.toml", page)
    with page.open("a", encoding="utf-8") as file:
        file.write(f"\n[gate]\n{gate}\n")
    with pytest.raises(ValueError, match=r"gate"):
        read_platform(page)


def test_a_reused_key_is_another_record_also_when_the_warehouse_is_made_anew(second, towns) -> None:
    root, _ = second(keys_moved(2))
    records = "select record_id, source_key, generation, present from staged.record where platform = 'grid' order by all"
    with read_store(root / "warehouse.duckdb") as con:
        before = con.execute(records).fetchall()
    assert len(before) == 62 and sum(not present for *_, present in before) == 2
    (root / "warehouse.duckdb").unlink()
    towns.stage_night(root, towns.NIGHTS[1])
    with read_store(root / "warehouse.duckdb") as con:
        assert con.execute(records).fetchall() == before


def test_an_earlier_night_that_arrives_late_overwrites_nothing_newer(second, towns) -> None:
    third = date(2026, 11, 21)
    root, _ = second(blank("联系电话"), night=third)
    newest = {(record, field, stated) for record, field, stated, _ in standing(root)}
    # The file of the night between arrives after it: it is taken in where it belongs.
    platform = read_platform(PLATFORMS / "grid.toml")
    file = root / "inbox" / towns.NIGHTS[1].isoformat() / "grid" / towns.FILES["grid"]
    file.parent.mkdir(parents=True)
    write_export(platform, codes("离异", 60)(towns.rows("grid", range(60))), file)
    pull_all(towns.read_site(root), {"grid": platform}, towns.NIGHTS[1])
    towns.stage_night(root, third)
    assert {(record, field, stated) for record, field, stated, _ in standing(root)} == newest
    with read_store(root / "warehouse.duckdb") as con:
        between = con.execute(
            "select distinct since, until from staged.claim where platform = 'grid' and field = 'marital'"
        ).fetchall()
    assert between == [(towns.NIGHTS[1], third)]
