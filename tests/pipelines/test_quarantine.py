"""The story of two rows in quarantine: a garbled name that a clerk mends, and a row that is nothing.

The grid of a town of sixty sends both on its first night. What a person says of them counts from the next run on, for
these rows and these values, as long as it was said to.
"""

from __future__ import annotations

import io
import shutil
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from connectors.platform import PLATFORMS, read_platform, read_platforms
from connectors.write import write_export
from warehouse.site import read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

GARBLED, EMPTY = 7, 21  # whose rows are bad
SECRET = "张小明"


def rows(towns, name: str = "锟斤拷"):
    """The grid's rows, two of them bad."""
    found = towns.rows("grid", range(60))
    found[GARBLED] |= {"姓名": name}
    found[EMPTY] |= {"姓名": "", "身份证号": "", "出生日期": ""}
    return found


def send(towns, root: Path, sent, night: date | None = None) -> None:
    night = night or towns.NIGHTS[0]
    file = root / "inbox" / night.isoformat() / "grid" / towns.FILES["grid"]
    file.parent.mkdir(parents=True, exist_ok=True)
    write_export(read_platform(PLATFORMS / "grid.toml"), sent, file)


def asked(root: Path, query: str):
    snapshot = current_snapshot(read_site(root))
    assert snapshot is not None
    with read_store(snapshot) as con:
        return con.execute(query).fetchall()


def names(root: Path) -> list[str]:
    query = "select stated from staged.claim where platform = 'grid' and field = 'name' and until is null"
    return [name for (name,) in asked(root, query)]


@pytest.fixture(scope="module")
def bad(towns, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("bad") / "site"
    towns.town(root)
    send(towns, root, rows(towns))
    outcome = towns.stage_night(root, towns.NIGHTS[0]).outcomes["grid"]
    assert (outcome.rows_in, outcome.quarantined) == (60, 2)
    return root


@pytest.fixture
def root(bad, tmp_path) -> Path:
    return shutil.copytree(bad, tmp_path / "site", symlinks=True)


@pytest.fixture
def quarantine(enter_once, root):
    """The commands about rows in quarantine, on this site."""

    def command(word: str, *arguments: object, reason: str = "查过户口簿"):
        because = [] if word in ("list", "overrides") else ["--because", reason, "--by", "李主任"]
        return enter_once("quarantine", word, *arguments, *because, "--site", root, "--json")

    return command


def references(quarantine) -> dict[str, str]:
    return {row["reason"]: row["reference"] for row in quarantine("list").found["rows"]}


def mend(quarantine, *more: object) -> int:
    row = references(quarantine)["mojibake"]
    done = quarantine("fix", "grid", row, "--column", "姓名", "--value", SECRET, *more)
    assert done.status == 0, done.err
    return int(done.found["line"])


def test_the_list_names_each_row_and_masks_what_it_states(quarantine) -> None:
    found = quarantine("list").found["rows"]
    assert sorted(row["reason"] for row in found) == ["mojibake", "no_identity"]
    assert all(len(row["reference"]) == 12 for row in found)
    assert not any("锟斤拷" in str(row) or "139571" in str(row) for row in found)


def test_a_mended_row_and_a_dropped_one_leave_quarantine_and_every_row_is_accounted_for(
    quarantine, root, towns
) -> None:
    line = mend(quarantine)
    nothing = quarantine("drop", "grid", references(quarantine)["no_identity"], reason="空行")
    assert nothing.status == 0
    outcome = towns.stage_night(root, towns.NIGHTS[0]).outcomes["grid"]
    assert (outcome.rows_in, outcome.staged, outcome.quarantined) == (59, 59, 0)
    assert SECRET in names(root)
    claims = asked(
        root,
        """
        select o.line, o."column", c.stated from staged.overridden as o
        join staged.claim as c on c.record_id = o.record_id and c."column" = o."column"
        where o.platform = 'grid'
        """,
    )
    assert claims == [(line, "姓名", SECRET)]
    told = quarantine("overrides").found["overrides"]
    assert [(one["action"], one["state"], one["last_used"]) for one in told] == [
        ("fix", "used", "2026-11-19"),
        ("drop", "used", "2026-11-19"),
    ]
    said = {"by": "李主任", "because": "查过户口簿", "until": "2027-11-19", "value": "张**"}
    assert told[0] | said == told[0]


def test_it_holds_on_the_next_night_in_another_place_and_in_a_warehouse_made_anew(
    quarantine, root, towns
) -> None:
    mend(quarantine)
    towns.stage_night(root, towns.NIGHTS[0])
    send(towns, root, rows(towns)[::-1], towns.NIGHTS[1])
    assert towns.stage_night(root, towns.NIGHTS[1]).outcomes["grid"].quarantined == 1
    assert quarantine("overrides").found["overrides"][0]["last_used"] == "2026-11-20"
    everything = "select * from staged.claim order by all"
    before = asked(root, everything)
    (root / "warehouse.duckdb").unlink()
    towns.stage_night(root, towns.NIGHTS[1])
    assert asked(root, everything) == before


def test_when_the_platform_sends_another_value_its_word_counts_again(quarantine, root, towns) -> None:
    mend(quarantine)
    towns.stage_night(root, towns.NIGHTS[0])
    send(towns, root, rows(towns, name="周敏"), towns.NIGHTS[1])
    towns.stage_night(root, towns.NIGHTS[1])
    assert "周敏" in names(root) and SECRET not in names(root)
    (one,) = quarantine("overrides").found["overrides"]
    assert (one["state"], one["last_used"]) == ("lapsed", "2026-11-19")


def test_an_override_that_has_expired_stops_and_is_told(quarantine, root, towns) -> None:
    mend(quarantine, "--until", "2026-11-19")
    assert towns.stage_night(root, towns.NIGHTS[0]).outcomes["grid"].quarantined == 1
    send(towns, root, rows(towns), towns.NIGHTS[1])
    night = towns.stage_night(root, towns.NIGHTS[1])
    assert night.outcomes["grid"].quarantined == 2
    assert SECRET not in names(root)
    assert night.overrides["expired"] == 1
    (one,) = quarantine("overrides").found["overrides"]
    assert one["state"] == "expired"


def test_what_was_taken_back_no_longer_counts(quarantine, root, towns) -> None:
    line = mend(quarantine)
    towns.stage_night(root, towns.NIGHTS[0])
    assert quarantine("undo", line, reason="看错了").status == 0
    assert towns.stage_night(root, towns.NIGHTS[0]).outcomes["grid"].quarantined == 2
    again = quarantine("undo", line, reason="看错了")
    assert (again.status, "不是有效的更正" in again.found["error"]) == (2, True)


def test_a_value_may_come_by_standard_input_and_none_stands_in_the_chain(
    quarantine, root, monkeypatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    row = references(quarantine)["mojibake"]
    done = quarantine("fix", "grid", row, "--column", "姓名", "--value", "-")
    assert done.status == 0 and SECRET not in done.out + done.err
    assert quarantine("overrides").found["overrides"][0]["value"] == "张**"
    with sqlite3.connect(root / "ledger.sqlite") as con:
        chain = str(con.execute("select body from line").fetchall())
    assert SECRET not in chain and "锟斤拷" not in chain


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fix", "grid", "000000000000", "--column", "姓名", "--value", "x"), "没有行标"),
        (("fix", "atlantis", "ROW", "--column", "姓名", "--value", "x"), "atlantis"),
        (("fix", "grid", "ROW", "--column", "备注", "--value", "x"), "可以更正的列"),
        (("fix", "grid", "ROW", "--column", "身份证号", "--value", "12"), "认不出来"),
        (
            ("fix", "grid", "ROW", "--column", "姓名", "--value", "张伟", "--until", "2020-01-01"),
            "2020-01-01",
        ),
        (("drop", "grid", "000000000000"), "没有行标"),
        (("undo", 99), "不是有效的更正"),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_next_move(quarantine, arguments, words) -> None:
    row = references(quarantine)["mojibake"]
    ran = quarantine(*(row if one == "ROW" else one for one in arguments))
    assert (ran.status, words in ran.found["error"]) == (2, True), ran.found
    assert quarantine("overrides").found["overrides"] == []


def test_a_new_line_in_the_code_map_reads_the_platform_anew_by_itself(root, towns, monkeypatch) -> None:
    send(towns, root, [{**row, "婚姻状况": "单着"} for row in rows(towns)], towns.NIGHTS[1])
    night = towns.stage_night(root, towns.NIGHTS[1])
    assert "codes_new" in {one.check for _, one in night.findings}
    read = (
        'select distinct "key", quality from staged.claim'
        " where platform = 'grid' and field = 'marital' and until is null"
    )
    assert asked(root, read) == [(None, "unknown")]
    folder = root.parent / "platforms"
    shutil.copytree(PLATFORMS, folder)
    page = folder / "grid.toml"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("[codes.marital]\n", '[codes.marital]\n"单着" = "10"\n'), encoding="utf-8")
    monkeypatch.setattr("pipelines.night.read_platforms", lambda: read_platforms(folder))
    monkeypatch.setattr("pipelines.fingerprint.PLATFORMS", folder)
    again = towns.stage_night(root, towns.NIGHTS[1])
    assert asked(root, read) == [("10", "ok")]
    assert "codes_new" not in {one.check for _, one in again.findings}
