"""The story of the nights on which something is wrong with what arrives. Mirrors no module: it tests the whole command.

A small city has one good night. Then a second night brings its platforms every kind of broken file at once, a
different one each. Beside it runs a control: the same second night, where the same platforms simply bring the file of
the first night again. What a fault may cost is exactly that: its platform's news of one night, and nothing else. Files that may
be broken are read in workers; the good ones of the first night and of the controls, where no fault is, in this process.

`tests/cases/locked.xlsx` is a workbook encrypted with a password as Excel does it, with nobody in it.
"""

from __future__ import annotations

import io
import json
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from here import nights_here

from connectors.platform import PLATFORMS, read_platforms
from pipelines.night import Night, open_night
from pipelines.steps import STEPS, run_step
from pipelines.summary import summary, tell
from synthetic_city.city import make_city
from synthetic_city.records import TWELVE
from warehouse.site import read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store

LOGIN_PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>统一身份认证</title></head><body>
<form action="/login" method="post">用户名<input name="u">密码<input type="password" name="p">
<button>登录</button></form></body></html>"""
LOCKED = Path(__file__).parents[1] / "cases" / "locked.xlsx"


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _login_page(file: Path) -> None:
    file.write_text(LOGIN_PAGE, encoding="utf-8")


def _error_page(file: Path) -> None:
    file.write_text("<html><h1>502 Bad Gateway</h1><hr>nginx</html>", encoding="utf-8")


def _rename(book: openpyxl.Workbook, header: str, becomes: str) -> None:
    (cell,) = [cell for row in book.active.iter_rows(max_row=5) for cell in row if cell.value == header]
    cell.value = becomes


def _login_expired(file: Path) -> None:
    file.write_text('{"code": 401, "msg": "登录已过期"}', encoding="utf-8")


def _with_password(file: Path) -> None:
    shutil.copyfile(LOCKED, file)


def _cut(file: Path) -> None:
    """The download broke off after five sixths of the file."""
    data = file.read_bytes()
    file.write_bytes(data[: len(data) * 5 // 6])


def _workbook(change: Callable[[openpyxl.Workbook], object]) -> Callable[[Path], None]:
    def apply(file: Path) -> None:
        book = openpyxl.load_workbook(file)
        change(book)
        book.save(file)

    return apply


def _lines(encoding: str, change: Callable[[list[str]], Iterable[str]]) -> Callable[[Path], None]:
    def apply(file: Path) -> None:
        lines = file.read_bytes().decode(encoding).splitlines(keepends=True)
        file.write_bytes("".join(change(lines)).encode(encoding))

    return apply


def _new_column(lines: list[str]) -> list[str]:
    return [line.rstrip("\r\n") + f",{'本月新增列' if at == 0 else ''}\r\n" for at, line in enumerate(lines)]


def _other_encoding(file: Path) -> None:
    """Saved as "Unicode text" by an editor that leaves out the byte order mark."""
    file.write_bytes(file.read_bytes().decode("gb18030").encode("utf-16-le"))


def _zip_bomb(file: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, old.read(entry))
        new.writestr("xl/media/image1.png", b"\0" * (64 << 20))
    file.write_bytes(out.getvalue())


def _far_cell(book: openpyxl.Workbook) -> None:
    book.active["XFD1048576"] = "x"


def _half_dbf(file: Path) -> None:
    data = file.read_bytes()
    records, header, length = struct.unpack("<IHH", data[4:12])
    half = records // 2
    file.write_bytes(data[:4] + struct.pack("<I", half) + data[8 : header + half * length] + b"\x1a")


_half_csv = _lines("gb18030", lambda lines: lines[: len(lines) // 2])


@dataclass(frozen=True)
class Fault:
    """What is done to a platform's file, and what its one message must say besides the file: place, next move."""

    break_it: Callable[[Path], None]
    says: tuple[str, ...]


FIRST = {
    "governance": Fault(_empty, ("0 字节", "重新导出")),
    "elderly_care": Fault(
        _workbook(lambda book: book.active.delete_rows(4, 10_000)), ("只有表头", "重新导出")
    ),
    "resident_points": Fault(
        _lines("utf-8-sig", _new_column), ("第 1 行", "「本月新增列」", "重新导出", "TOML 文件")
    ),
    "grid": Fault(
        _workbook(lambda book: book.active.delete_cols(2)),
        ("工作表「人员信息」", "第 1 行", "缺少列「姓名」", "重新导出"),
    ),
    "social_card": Fault(_other_encoding, ("编码", "重新导出")),
    "one_table": Fault(_cut, ("JSON", "第 ", "重新导出")),
    "public_rental": Fault(_login_page, ("登录页面", "重新登录")),
    "veterans": Fault(_with_password, ("密码", "另存")),
}
SECOND = {
    "actual_population": Fault(_login_page, ("登录页面", "重新登录")),
    "all_population": Fault(
        _half_dbf, ("上一次有", "只剩", "2026-11-16 的那一份", "gate accept all_population")
    ),
    "community_ledger": Fault(_zip_bomb, ("解压后有 64 MB", "正常的导出文件")),
    "grid": Fault(_workbook(_far_cell), ("工作表「人员信息」", "单元格 XFD1048576", "另存")),
    "minimum_living": Fault(_cut, ("损坏或不完整", "重新导出")),
    "one_table": Fault(
        _login_expired,
        ("data", "不是列表", "重新导出"),
    ),
    "resident_points": Fault(_lines("utf-8-sig", lambda lines: lines[:1]), ("只有表头", "重新导出")),
    "social_card": Fault(_empty, ("0 字节", "重新导出")),
    "veterans": Fault(_cut, ("损坏或不完整", "重新导出")),
}
THIRD = {
    "governance": Fault(_error_page, ("出错页面", "稍后", "重新导出")),
    "grid": Fault(
        _workbook(lambda book: _rename(book, "姓名", "名字")),
        ("多出不认识的列「名字」", "缺少列「姓名」", '"姓名" = ["名字"]'),
    ),
    "veterans": Fault(
        _workbook(lambda book: _rename(book, "曾用名", "姓 名")),
        ("有两列表头相同", "「姓名」", "「姓 名」", "删去或改名"),
    ),
    "actual_population": Fault(_cut, ("</table>", "重新导出")),
    "all_population": Fault(_cut, ("DBF 文件不完整", "重新导出")),
    "resident_points": Fault(_cut, ("第 ", "最后一行没有写完", "重新导出")),
    "social_card": Fault(_half_csv, ("上一次有", "只剩", "2026-11-16 的那一份", "gate accept social_card")),
}


def run(root: Path, night: date | None = None) -> Night:
    """A night of a site, the next one if none is named, in this process and without Dagster."""
    with open_night(root, night) as opened:
        for name in STEPS:
            run_step(opened, name)
    return opened


def arrived(root: Path, slug: str, night: str = "2026-11-17") -> Path:
    (file,) = (root / "inbox" / night / slug).iterdir()
    return file


def known_of(root: Path, slug: str) -> tuple[list[tuple], list[tuple]]:
    """The records and claims of a platform that stand today."""
    site = read_site(root)
    snapshot = current_snapshot(site)
    assert snapshot is not None
    with read_store(snapshot) as con:
        records = con.execute(
            "select record_id, source_key, present from staged.record where platform = ? order by all", [slug]
        ).fetchall()
        claims = con.execute(
            "select record_id, field, stated, key, quality, since from staged.claim"
            " where platform = ? and until is null order by all",
            [slug],
        ).fetchall()
    return records, claims


@dataclass(frozen=True)
class Told:
    """A night as it went, and as it was told."""

    root: Path
    night: Night

    @property
    def to_do(self) -> list[str]:
        """The lines of the summary that ask for a person."""
        after = tell(summary(self.night), "zh").split("请处理：\n")[1]
        return [line for line in after.splitlines() if line.startswith("  - ")]


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    """A city of three hundred whose first night is done, and whose second and third wait in the inbox."""
    root = tmp_path_factory.mktemp("city") / "site"
    make_city(root, residents=300, nights=3, seed=5, platforms=TWELVE)
    with nights_here():
        night = run(root)
    assert night.status == "done"
    return root


@pytest.fixture(scope="module", params=[FIRST, SECOND, THIRD], ids=["first", "second", "third"])
def broken(city, tmp_path_factory, request) -> tuple[Told, Told, dict[str, Fault]]:
    """The second night with these faults, and its control."""
    faults: dict[str, Fault] = request.param
    folder = tmp_path_factory.mktemp("second")
    for name in ("faulty", "control"):
        shutil.copytree(city, folder / name, symlinks=True)
    for slug, fault in faults.items():
        fault.break_it(arrived(folder / "faulty", slug))
        shutil.copyfile(arrived(city, slug, "2026-11-16"), arrived(folder / "control", slug))
    faulty = Told(folder / "faulty", run(folder / "faulty"))
    with nights_here():
        control = Told(folder / "control", run(folder / "control"))
    return faulty, control, faults


def test_each_fault_is_one_line_that_names_file_place_and_next_move(broken):
    faulty, _, faults = broken
    for slug, fault in faults.items():
        file = arrived(faulty.root, slug).name
        (line,) = [line for line in faulty.to_do if slug in line]
        for words in (f"{slug}：", f"文件 {file}", *fault.says):
            assert words in line, line


def test_the_platforms_whose_files_are_good_have_their_night(broken):
    faulty, control, faults = broken
    assert (faulty.night.status, control.night.status) == ("partial", "done")
    for slug in TWELVE:
        outcome = faulty.night.outcomes[slug]
        assert outcome.failed == (slug in faults), outcome.message
        if slug not in faults:
            theirs = control.night.outcomes[slug]
            assert (outcome.status, outcome.rows_in) == (theirs.status, theirs.rows_in)
            assert outcome.rows_in > 0


def test_nothing_already_known_is_lost(city, broken):
    faulty, control, faults = broken
    for slug in faults:
        records, claims = known_of(city, slug)
        assert records and claims
        assert known_of(faulty.root, slug) == (records, claims)
    assert faulty.night.golden_checksum == control.night.golden_checksum


def test_nothing_is_written_for_a_platform_whose_file_is_broken(broken):
    faulty, _, faults = broken
    written = {folder.name for folder in (faulty.root / "outbox" / "2026-11-17").glob("*")}
    assert written.isdisjoint(faults)


def test_no_message_quotes_a_resident(broken):
    faulty, _, _ = broken
    people = pq.read_table(faulty.root / "truth" / "residents.parquet").to_pydict()
    told = "\n".join(outcome.message for outcome in faulty.night.outcomes.values())
    for name in ("name", "id_number", "phone"):
        assert not [value for value in people[name] if value and len(value) > 2 and value in told]


@pytest.mark.parametrize("broken", [FIRST], indirect=True, ids=["first"])
def test_the_command_ends_with_status_1_and_the_next_good_night_is_whole(broken, start):
    faulty, _, faults = broken
    again = start("nightly", "--site", faulty.root, "--night", "2026-11-17", "--json")
    out, err = again.communicate(timeout=120)
    assert (again.returncode, err) == (1, "")
    said = json.loads(out)["platforms"]
    assert {slug for slug, one in said.items() if one["status"] in ("refused", "unreadable")} == set(faults)
    for slug in faults:
        assert said[slug]["message"] == faulty.night.outcomes[slug].message
    third = run(faulty.root)
    assert (third.date.isoformat(), third.status) == ("2026-11-18", "done")
    assert not third.stopped


def test_a_file_that_is_spoiled_and_put_back_the_same_night_counts_as_it_came(city, tmp_path):
    root, first = tmp_path / "site", date(2026, 11, 16)
    shutil.copytree(city, root, symlinks=True)
    file = arrived(root, "governance", first.isoformat())
    whole = file.read_bytes()
    _login_page(file)
    spoiled = run(root, first)
    assert (spoiled.status, spoiled.outcomes["governance"].status) == ("partial", "unreadable")
    assert known_of(root, "governance") == known_of(city, "governance")
    file.write_bytes(whole)
    mended = run(root, first)
    assert (mended.status, mended.outcomes["governance"].status) == ("done", "staged")
    assert mended.golden_checksum == spoiled.golden_checksum
    assert sum(outcome.changes for outcome in mended.outcomes.values()) == 0


def test_a_platform_file_with_a_typo_costs_its_platform_one_night(city, tmp_path, monkeypatch):
    control, root, folder = tmp_path / "control", tmp_path / "site", tmp_path / "platforms"
    shutil.copytree(city, root, symlinks=True)
    shutil.copytree(city, control, symlinks=True)
    shutil.copyfile(arrived(city, "grid", "2026-11-16"), arrived(control, "grid"))
    shutil.copytree(PLATFORMS, folder)
    page = folder / "grid.toml"
    page.write_text(page.read_text(encoding="utf-8").replace("\nformat =", "\nfromat ="), encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr("pipelines.night.read_platforms", lambda: read_platforms(folder))
        faulty = Told(root, run(root))
    assert faulty.night.status == "partial"
    (line,) = [line for line in faulty.to_do if "grid" in line]
    for words in ("connectors/platforms/grid.toml", "[export]", "fromat", "enter-once platform check grid"):
        assert words in line
    assert [slug for slug, outcome in faulty.night.outcomes.items() if outcome.failed] == ["grid"]
    assert known_of(root, "grid") == known_of(city, "grid")
    with nights_here():
        assert faulty.night.golden_checksum == run(control).golden_checksum
        assert run(root).status == "done"
    assert not (root / "outbox" / "2026-11-17" / "grid").exists()
