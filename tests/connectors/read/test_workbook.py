"""xlsx and BIFF8 xls: values with their types, merged ranges, hidden sheets and rows."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable

import openpyxl
import pytest
import xlwt

from connectors.errors import Unreadable
from connectors.read.sheet import Reading

Read = Callable[..., Reading]


def xlsx(*rows: list[object], merge: str | None = None, hide: int | None = None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    if hide:
        book.active.row_dimensions[hide].hidden = True
    secret = book.create_sheet("内部")
    secret.append(["姓名"])
    secret.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_number_cell_keeps_its_digits_and_says_it_is_a_number(read: Read) -> None:
    sheet = read(
        xlsx(["身份证号", "生日"], [330106198001011234, 29221.0], ["330106198001011234", "x"]), "xlsx"
    ).sheets[0]
    assert (sheet.rows[1].cells, sheet.rows[1].types) == (["330106198001011000", "29221"][:2], "nn")
    assert (sheet.rows[2].cells[0], sheet.rows[2].types[0]) == ("330106198001011234", "s")


def test_dates_booleans_and_errors_have_their_own_types(read: Read) -> None:
    book = openpyxl.Workbook()
    book.active.append(["生日", "时间", "是否", "错"])
    book.active.append([dt.date(1980, 1, 2), dt.datetime(2026, 1, 2, 3, 4, 5), True, "#N/A"])
    book.active["D2"].data_type = "e"
    out = io.BytesIO()
    book.save(out)
    row = read(out.getvalue(), "xlsx").sheets[0].rows[1]
    assert (row.cells, row.types) == (["1980-01-02", "2026-01-02 03:04:05", "TRUE", "#N/A"], "ddbe")


def test_m12_hidden_rows_and_sheets_are_left_out_and_reported(read: Read) -> None:
    reading = read(xlsx(["姓名"], ["张三"], ["李四"], hide=3), "xlsx")
    assert [row.cells for row in reading.sheets[0].rows] == [["姓名"], ["张三"]]
    assert "「内部」已隐藏" in reading.notes and "1 个隐藏行" in reading.notes


def test_a_merged_range_is_marked_and_only_its_first_cell_has_a_value(read: Read) -> None:
    rows = read(xlsx(["户", "姓名"], ["甲户", "张三"], [None, "李四"], merge="A2:A3"), "xlsx").sheets[0].rows
    assert [(row.cells, row.types) for row in rows[1:]] == [(["甲户", "张三"], "ss"), (["", "李四"], "vs")]


def biff(hidden: bool) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("低保")
    for column, header in enumerate(["低保证号", "姓名", "身份证号"]):
        sheet.write(0, column, header)
    sheet.write_merge(1, 2, 0, 0, "D1")
    for row, person in enumerate(["张三", "李四"], start=1):
        sheet.write(row, 1, person)
        sheet.write(row, 2, 330106198001011234)
    sheet.row(1).hidden = hidden
    book.add_sheet("字典").visibility = 1
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_biff8_keeps_merged_blocks_and_digits(read: Read) -> None:
    reading = read(biff(hidden=False), "xls")
    assert [sheet.name for sheet in reading.sheets] == ["低保"]
    assert [row.types for row in reading.sheets[0].rows] == ["sss", "ssn", "vsn"]
    assert reading.sheets[0].rows[1].cells[2] == "330106198001011000"


def test_m12_a_hidden_row_of_a_biff8_block_hands_its_household_down(read: Read) -> None:
    sheet = read(biff(hidden=True), "xls").sheets[0]
    assert [row.cells[:2] for row in sheet.rows] == [["低保证号", "姓名"], ["D1", "李四"]]
    assert sheet.hidden_rows == 1


@pytest.mark.parametrize("data", [xlsx(["姓名"], ["张三"]), biff(hidden=False)], ids=["xlsx", "xls"])
def test_a_truncated_workbook_is_refused(read: Read, data: bytes) -> None:
    for part in (len(data) // 2, len(data) - 600):
        with pytest.raises(Unreadable, match="不完整"):
            read(data[:part], "xls")
