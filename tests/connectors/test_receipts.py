"""A platform's list of what became of a batch: found by its headers, in any of the formats, and nothing else of it read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from here import run_here
from pages import HEAD

from connectors.platform import Platform, read_platform
from connectors.receipts import Line, Received, digest, receive, waiting
from dedup.normalise.area import Area
from warehouse.site import create_site

PAGE = (
    HEAD
    + """\
[export]
format = "csv"
file = "*.csv"
key = "编号"
columns = ["编号", "姓名", "电话"]
[fields]
name = { column = "姓名", required = true }
phone = "电话"
[receive]
fields = ["phone"]
purpose = "补全"
basis = "政务数据共享条例第十九条"
[receipt]
format = "{format}"
file = "*"
key = "编号"
result = "导入结果"
accepted = ["成功"]
{more}
"""
)
HEADER = ["序号", "姓名", "编号", "导入结果", "失败原因"]
ROWS = [
    ["1", "张三", "K1", "成功", ""],
    ["2", "李四", "K2", "失败", "手机号格式不对"],
    ["3", "王五", "K3", "待审核", ""],
    ["", "", "", "", ""],
    ["合计", "", "", "", ""],
]


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is read in this process: that it is read in a worker is tried with lists that are good and lists that are bad."""
    monkeypatch.setattr("connectors.receipts.run_all", run_here)


def page(tmp_path: Path, format: str = "csv", more: str = 'message = "失败原因"') -> Platform:
    path = tmp_path / "trial.toml"
    path.write_text(PAGE.replace("{format}", format).replace("{more}", more), encoding="utf-8")
    return read_platform(path)


def read(platform: Platform, path: Path) -> Received:
    (received,) = receive([(platform, path, digest(path))])
    return received


def csv(path: Path, rows: list[list[str]], encoding: str = "gb18030") -> Path:
    path.write_bytes("\r\n".join(",".join(row) for row in rows).encode(encoding))
    return path


def xlsx(path: Path, rows: list[list[str]]) -> Path:
    book = openpyxl.Workbook()
    for row in [["导入结果（共 3 条）"], *rows]:
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("write", [csv, xlsx])
def test_rows_are_read_by_the_names_of_their_columns_wherever_these_stand(tmp_path: Path, write: Any) -> None:
    more = 'message = "失败原因"\nrefused = ["失败"]'
    received = read(page(tmp_path, write.__name__, more), write(tmp_path / "a", [HEADER, *ROWS]))
    first = 2 if write is csv else 3
    assert received.lines == (
        Line(first, "K1", "", "", "accepted", "成功"),
        Line(first + 1, "K2", "", "", "refused", "手机号格式不对"),
        Line(first + 2, "K3", "", "", "unclear", "待审核"),
        Line(first + 4, "", "", "", "unclear", ""),
    )
    assert "张三" not in repr(received)


@pytest.mark.usefixtures("read_here")
def test_without_words_for_a_refusal_every_other_word_refuses_but_none_at_all(tmp_path: Path) -> None:
    received = read(page(tmp_path), csv(tmp_path / "a", [HEADER, *ROWS]))
    assert [line.verdict for line in received.lines] == ["accepted", "refused", "refused", "unclear"]


@pytest.mark.usefixtures("read_here")
def test_a_line_that_cannot_be_split_is_kept_as_one_that_is_not_understood(tmp_path: Path) -> None:
    path = csv(tmp_path / "a", [HEADER, *ROWS[:2] * 5])
    head, _, last = path.read_bytes().rpartition(b"\r\n")
    path.write_bytes(head + b"\r\n3,\xff\xff\xfe,K3,\x80\x80,\r\n" + last)
    received = read(page(tmp_path), path)
    verdicts = [line.verdict for line in received.lines]
    assert verdicts == [*["accepted", "refused"] * 4, "accepted", "unclear", "refused"]


@pytest.mark.usefixtures("read_here")
def test_a_file_that_ends_in_the_middle_of_a_row_is_not_taken(tmp_path: Path) -> None:
    path = csv(tmp_path / "a", [HEADER, *ROWS[:2]])
    path.write_bytes(path.read_bytes().rpartition(b",")[0])
    assert "没有写完" in read(page(tmp_path), path).message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("编号,姓名\nK1,张三\n".encode(), "没有找到表头"),
        ("编号,编号,导入结果,失败原因\nK1,K1,成功,\n".encode(), "没有找到表头"),
        (b"\x00\x01\x02" * 400, ""),
        (b"", ""),
    ],
)
def test_what_is_no_receipt_is_told_with_its_name_and_costs_nobody_else_anything(
    tmp_path: Path, content: bytes, says: str
) -> None:
    platform, bad = page(tmp_path), tmp_path / "bad"
    bad.write_bytes(content)
    good = csv(tmp_path / "good", [HEADER, *ROWS])
    told = {
        one.path.name: one for one in receive([(platform, bad, digest(bad)), (platform, good, digest(good))])
    }
    assert told["bad"].message.startswith("trial：文件 bad") and says in told["bad"].message
    assert told["bad"].lines == () and len(told["good"].lines) == 4


def test_a_file_that_changes_while_it_is_read_is_not_taken(tmp_path: Path) -> None:
    path = csv(tmp_path / "a", [HEADER, *ROWS])
    (received,) = receive([(page(tmp_path), path, "0" * 64)])
    assert "发生了变化" in received.message


def test_files_wait_by_the_folder_of_their_platform(tmp_path: Path) -> None:
    area = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571", ())
    site = create_site(tmp_path / "site", name="试验", area=area)
    assert waiting(site) == {}
    for name in (
        "trial/b.csv",
        "trial/2026/a.csv",
        "other/x.xlsx",
        "trial/.hidden",
        "trial/~$a.xlsx",
        "loose.csv",
    ):
        (site.receipts / name).parent.mkdir(parents=True, exist_ok=True)
        (site.receipts / name).write_text("x")
    found = {slug: [path.name for path in paths] for slug, paths in waiting(site).items()}
    assert found == {"trial": ["a.csv", "b.csv"], "other": ["x.xlsx"]}
