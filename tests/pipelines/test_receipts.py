"""What a platform answers in a file about what its clerk imported: matched, kept, read once, and never taken for the truth."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.platform import PLATFORMS, read_platforms
from pipelines.night import Night, open_night
from pipelines.steps import run_step
from pipelines.summary import summary
from warehouse.approvals import Said, set_mode
from warehouse.batches import note, read_batches
from warehouse.ledger import Cell, Line, open_ledger
from warehouse.site import Site, read_site
from warehouse.store import read_store

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

BATCH = "grid-20261119-1"
RECEIPT = """
[receipt]
format = "csv"
file = "*.csv"
key = "人员编号"
result = "结果"
accepted = ["成功"]
refused = ["失败"]
message = "原因"
"""
HEADER = "姓名,人员编号,结果,原因"


@pytest.fixture(scope="module")
def sent(towns: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town whose grid was told twenty phones in a file that a clerk carries."""
    root = tmp_path_factory.mktemp("sent") / "site"
    site = towns.town(root)
    with open_ledger(site) as ledger:
        set_mode(ledger, "live", "grid", towns.NIGHTS[0], Said("tester", "a test"))
    with open_night(root) as night:
        for step in ("land", "stage", "match", "resolve", "golden", "publish"):
            run_step(night, step)
    return root


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pages, of which the grid's says how it answers."""
    folder = tmp_path / "platforms"
    folder.mkdir()
    for slug in ("grid", "social_card", "resident_points"):
        text = (PLATFORMS / f"{slug}.toml").read_text(encoding="utf-8")
        (folder / f"{slug}.toml").write_text(text + (RECEIPT if slug == "grid" else ""), encoding="utf-8")
    monkeypatch.setattr("pipelines.fingerprint.PLATFORMS", folder)
    monkeypatch.setattr("pipelines.night.read_platforms", lambda: read_platforms(folder))
    return folder


@pytest.fixture
def site(sent: Path, folder: Path, tmp_path: Path) -> Site:
    shutil.copytree(sent, tmp_path / "site")
    return read_site(tmp_path / "site")


@pytest.fixture
def answer(site: Site, towns: Any) -> Callable[..., Path]:
    """Put a receipt into the grid's folder: number of a person -> result and reason."""

    def answer(said: dict[int, tuple[str, str]], name: str = f"{BATCH}.csv", slug: str = "grid") -> Path:
        lines = [
            f"{towns.person(number)['name']},G{number:05d},{result},{reason}"
            for number, (result, reason) in said.items()
        ]
        path = site.receipts / slug / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
        return path

    return answer


def everybody(**others: tuple[str, str]) -> dict[int, tuple[str, str]]:
    """All twenty rows are accepted, but for those named `p<number>`."""
    said = dict.fromkeys(range(0, 60, 3), ("成功", ""))
    return said | {int(name[1:]): answer for name, answer in others.items()}


def read(site: Site) -> Night:
    with open_night(site.root) as night:
        for step in ("receipts", "publish"):
            run_step(night, step)
    return night


def lines(site: Site, kind: str) -> list[Line]:
    with open_ledger(site) as ledger:
        return ledger.lines(kind)


def about(night: Night) -> dict[str, dict[str, object]]:
    return {one.sentence: dict(one.words) for one in night.remarks}


def test_a_refused_row_is_noted_in_the_platforms_words_and_an_accepted_one_confirms_nothing(
    towns: Any, site: Site, answer: Callable[..., Path]
) -> None:
    words = f"手机号 {towns.person(3)['phone']} 已被占用"
    answer(everybody(p3=("失败", words)))
    night = read(site)
    assert night.rows["receipts"] == 20 and night.status == "done"
    assert night.decisions == {"awaiting": 19, "refused": 1}
    with open_ledger(site) as ledger:
        assert list(read_batches(ledger, date.max)[BATCH].refused.values()) == [words]
    (read_line,) = lines(site, "receipt")
    counts = {name: read_line.body[name] for name in ("rows", "accepted", "refused", "unclear", "stray")}
    assert counts == {"rows": 20, "accepted": 19, "refused": 1, "unclear": 0, "stray": 0}
    assert about(night).keys() == {"receipts_refused"} and about(night)["receipts_refused"]["places"] == "3"
    with read_store(site.warehouse) as con:
        assert dict(con.execute("select receipt, count(*) from outbox.receipt group by all").fetchall()) == {
            "awaiting": 19,
            "refused": 1,
        }
    said = json.dumps(summary(night), ensure_ascii=False)
    assert words not in said and not [n for n in range(60) if towns.person(n)["name"] in said]


def test_a_receipt_is_read_once_also_after_a_crash_and_under_another_name(
    site: Site, answer: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    path = answer(everybody(p3=("失败", "查无此人")))
    with monkeypatch.context() as dying:
        dying.setattr("pipelines.receipts.note_receipt", killed)
        with pytest.raises(Killed):
            read(site)
    for _ in range(2):
        read(site)
    assert len(lines(site, "refused")) == len(lines(site, "receipt")) == 1
    shutil.copy(path, path.with_name(f"again-{BATCH}.csv"))
    night = read(site)
    assert about(night).keys() == {"receipts_twice"}
    assert len(lines(site, "refused")) == len(lines(site, "receipt")) == 1


def test_what_is_odd_about_a_receipt_is_told_with_its_rows_and_kept(
    site: Site, answer: Callable[..., Path]
) -> None:
    answer({0: ("成功", ""), 3: ("待审核", "请联系街道"), 1: ("成功", ""), 6: ("", "")})
    night = read(site)
    told = about(night)
    assert told.keys() == {"receipts_unclear", "receipts_stray", "receipts_partial"}
    assert (told["receipts_unclear"]["rows"], told["receipts_unclear"]["places"]) == (2, "3, 5")
    assert told["receipts_stray"]["places"] == "4"  # a person of whom the batch told nothing
    assert (told["receipts_partial"]["rows"], told["receipts_partial"]["silent"]) == (3, 17)
    with open_ledger(site) as ledger:
        kept = {ledger.recall(line.body["words"]) for line in ledger.lines("unclear")}
    assert kept == {"请联系街道", ""}
    assert lines(site, "refused") == [] and night.decisions == {"awaiting": 20}


@pytest.mark.parametrize(
    "name", ["result.csv", "grid-20261119-2.csv", "grid-20261119-12.csv", "grid-20251119-1.csv"]
)
def test_a_receipt_of_a_batch_that_was_never_sent_is_told_and_changes_nothing(
    site: Site, answer: Callable[..., Path], name: str
) -> None:
    answer(everybody(p3=("失败", "查无此人")), name)
    night = read(site)
    assert about(night)["receipts_unknown_batch"]["rows"] == 20
    assert lines(site, "refused") == [] and night.decisions == {"awaiting": 20}
    assert lines(site, "receipt")[0].body["stray"] == 20


def test_the_batch_may_be_named_in_a_column(site: Site, folder: Path, answer: Callable[..., Path]) -> None:
    page = folder / "grid.toml"
    page.write_text(page.read_text(encoding="utf-8") + 'batch = "批次"\n', encoding="utf-8")
    path = answer({}, "导出.csv")
    rows = [f"张,G00000,失败,查无此人,{BATCH}", "李,G00003,失败,查无此人,别的批次"]
    path.write_text("\n".join([f"{HEADER},批次", *rows]), encoding="utf-8")
    night = read(site)
    assert night.decisions == {"awaiting": 19, "refused": 1}
    assert about(night)["receipts_unknown_batch"]["places"] == "3"


def test_a_newcomer_who_was_refused_is_known_by_the_number(
    towns: Any, site: Site, folder: Path, answer: Callable[..., Path]
) -> None:
    page, number = folder / "grid.toml", towns.person(9)["id_number"]
    page.write_text(page.read_text(encoding="utf-8") + 'number = "证件"\n', encoding="utf-8")
    with open_ledger(site) as ledger:
        cell = Cell("+somebody", "id_number", ledger.remember(number), "insert", "somebody")
        note(ledger, "sent", read_batches(ledger, date.max)[BATCH], [cell])
    path = answer({})
    path.write_text(
        f"{HEADER},证件\n张,G99999,失败,已有此人,{number}\n李,,失败,谁都不是,\n", encoding="utf-8"
    )
    night = read(site)
    with open_ledger(site) as ledger:
        assert read_batches(ledger, date.max)[BATCH].refused == {("+somebody", "id_number"): "已有此人"}
    assert about(night)["receipts_stray"]["places"] == "3"


def test_what_cannot_be_read_is_told_every_night_until_somebody_mends_it(
    site: Site, answer: Callable[..., Path]
) -> None:
    answer({}).write_bytes(b"\x00" * 100)
    answer({}, "result.docx")
    answer({}, slug="resident_points")
    answer({}, slug="nobody")
    for _ in range(2):
        night = read(site)
        assert {one.sentence for one in night.remarks} == {
            "receipts_unread",
            "receipts_odd_file",
            "receipts_no_page",
        }
        assert {one.platform for one in night.remarks} == {"grid", "resident_points", "nobody"}
    assert lines(site, "receipt") == []


def test_a_second_receipt_that_accepts_what_was_refused_is_told_and_the_next_export_decides(
    site: Site, answer: Callable[..., Path]
) -> None:
    answer(everybody(p3=("失败", "查无此人")))
    read(site)
    answer(everybody(), f"{BATCH}-2.csv")
    night = read(site)
    assert about(night)["receipts_reversed"]["rows"] == 1
    assert night.decisions == {"awaiting": 19, "refused": 1}


def test_a_receipt_ends_the_doubt_about_a_batch(site: Site, answer: Callable[..., Path]) -> None:
    with open_ledger(site) as ledger:
        note(ledger, "sending", read_batches(ledger, date.max)[BATCH])
    doubtful = read(site)
    assert [one.sentence for one in doubtful.remarks] == ["sending_in_doubt"]
    answer(everybody())
    night = read(site)
    assert night.remarks == [] and night.decisions == {"awaiting": 20}
    with open_ledger(site) as ledger:
        assert read_batches(ledger, date.max)[BATCH].state == "sent"
