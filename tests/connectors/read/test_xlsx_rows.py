"""An .xlsx is read row by row, and says what calamine says of the whole of it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import Unreadable
from connectors.read.batch import rows_of_batch
from connectors.read.sheet import Reading
from connectors.read.workbook import Book, open_xlsx, read_whole_xlsx, read_xlsx

Read = Callable[..., Reading]
SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
# What may follow the place of a cell. Style 1 is a date, 2 a time, 3 text, 4 a format of our own with a day in it.
WRITTEN = (
    ' t="s"><v>0</v></c>',
    ' s="3" t="s"><v>1</v></c>',
    ' s="1" t="s"><v>2</v></c>',
    ' t="s"><v>3</v></c>',
    ' t="s"><f>A1</f><v>4</v></c>',
    ' t="s"><v></v></c>',
    ' t="inlineStr"><is><t>近江路</t></is></c>',
    ' t="inlineStr" s="3"><is><t> 王 伟 </t></is></c>',
    ' s="3" t="inlineStr"><is><t xml:space="preserve"> 王 伟 </t></is></c>',
    ' t="inlineStr"><is><t>a&amp;b &#20320;</t></is></c>',
    ' t="inlineStr"><is><t>a_x000D_b_c</t></is></c>',
    ' t="inlineStr"><is><t>a\r\nb>"c"</t></is></c>',
    ' t="inlineStr"><is><t></t></is></c>',
    ' t="inlineStr"><is><t>　</t></is></c>',
    ' t="inlineStr"><is><r><t>王</t></r><r><rPr><b/></rPr><t>伟</t></r><rPh sb="0" eb="1"><t>x</t></rPh></is></c>',
    "><v>330106198001011234</v></c>",
    ' t="n"><v>1.5E3</v></c>',
    ' s="1"><v>29221</v></c>',
    ' s="1"><v>29221.5</v></c>',
    ' s="2"><v>0.5</v></c>',
    ' s="4"><v>29222</v></c>',
    "><f>1+1</f><v>2</v></c>",
    ' t="str"><f>A1</f><v>甲&lt;乙_x000A_</v></c>',
    ' t="str"><v> 甲 </v></c>',
    ' t="b"><v>1</v></c>',
    ' t="e"><v>#N/A</v></c>',
    ' t="d"><v>2020-01-02</v></c>',
    "><v></v></c>",
    "></c>",
    ' s="1"/>',
    "/>",
)
SHARED = (
    "<si><t>张三</t></si>",
    '<si><t xml:space="preserve"> 李四</t></si>',
    "<si><r><t>王</t></r><r><t>五</t></r></si>",
    "<si/>",
    "<si>\n<t>a&gt;b_x0041_</t></si>\n",
)
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="200" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/>'
    '</numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="21"/><xf numFmtId="49"/>'
    '<xf numFmtId="200"/></cellXfs></styleSheet>'
)


def workbook(
    rows: Sequence[tuple[int, str, str]], *, merged: Sequence[str] = (), shared: Sequence[str] = SHARED
) -> bytes:
    """A workbook of rows as they are written: their number, what else their tag says, their cells."""
    body = "".join(f'<row r="{number}"{more}>{cells}</row>' for number, more, cells in rows)
    ranges = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
    sheet = f'<worksheet xmlns="{MAIN}"><cols><col min="1" max="2"/></cols><sheetData>{body}</sheetData>' + (
        f'<mergeCells count="{len(merged)}">{ranges}</mergeCells></worksheet>' if merged else "</worksheet>"
    )
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    return with_parts(
        out.getvalue(),
        {
            SHEET: sheet,
            "xl/styles.xml": STYLES,
            "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"".join(shared)}</sst>',
        },
    )


def with_parts(data: bytes, parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in {*old.namelist(), *parts}:
            new.writestr(name, parts.get(name) or old.read(name))
    return out.getvalue()


def said(reading: Reading) -> list[tuple[int, list[str], str]]:
    """Rows without the blank cells at their ends, of which only the whole sheet knows how many there are."""
    (sheet,) = reading.sheets
    rows = [(row.row, row.cells, row.types.rstrip(".")) for row in sheet.rows]
    return [(number, cells[: len(types)], types) for number, cells, types in rows]


def by_rows(path: Path, size: int) -> Reading:
    """What is read in blocks of so many bytes."""
    with open_xlsx(path) as book:
        assert isinstance(book, Book)
        (sheet,) = book.sheets
        reading = read_xlsx(path)
        reading.sheets[0].rows = [row for batch in sheet.batches(size) for row in rows_of_batch(batch)]
        reading.sheets[0].hidden_rows = sheet.hidden_rows
        return reading


def cell(column: int, row: int, written: str) -> str:
    return f'<c r="{"ABCDEZ"[column] if column < 6 else "AB"}{row}"{written}'


@st.composite
def sheets(draw: st.DrawFn) -> bytes:
    """Rows with gaps, hidden ones, cells left out, and ranges that are merged."""
    rows, number = [], 0
    for _ in range(draw(st.integers(1, 12))):
        number += draw(st.sampled_from((1, 1, 1, 2, 3)))
        more = draw(st.sampled_from(("", "", "", ' spans="1:6"', ' hidden="1"')))
        columns = sorted(draw(st.sets(st.integers(0, 6), max_size=5)))
        cells = [cell(column, number, draw(st.sampled_from(WRITTEN))) for column in columns]
        rows.append((number, more, "".join(cells)))
    closed = draw(st.booleans())
    if closed:
        rows.append((number + 21, "", cell(5, number + 21, ' t="s"><v>0</v></c>')))
    merged: list[str] = []
    # Of rows without a cell that end a sheet calamine says nothing, not even that a merged value shows there.
    for left, right in ("AB", "CC", "DE") if closed else ():
        top = draw(st.integers(1, 14))
        if draw(st.booleans()):
            merged.append(f"{left}{top}:{right}{top + draw(st.integers(1, 6))}")
    return workbook(rows, merged=merged)


@settings(max_examples=150)
@given(data=sheets(), size=st.sampled_from((40, 300, 1 << 20)))
def test_row_by_row_says_what_calamine_says_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, size: int
) -> None:
    path = tmp_path_factory.mktemp("law") / "a.xlsx"
    path.write_bytes(data)
    whole, rows = read_whole_xlsx(path), by_rows(path, size)
    assert said(rows) == said(whole)
    assert rows.notes == whole.notes


@pytest.mark.parametrize(
    ("rewritten", "by"),
    [
        pytest.param(
            r"<(/?)(row|c|v|is|t|sheetData|worksheet)\b", r"<\1x:\2", id="a prefix before every name"
        ),
        pytest.param(r'<c r="(\w+)"( t="\w+")', r'<c\2 r="\1"', id="the place after the type"),
        pytest.param(r'<(row|c) r="\w+"', r"<\1", id="no places"),
        pytest.param(r"<t>(\w+)</t>", r"<t><![CDATA[\1]]></t>", id="CDATA"),
        pytest.param(r"</row>", "</row><!-- </row><row r='7'> -->", id="comments"),
    ],
)
def test_a_sheet_written_as_nobody_writes_is_read_as_a_whole(tmp_path: Path, rewritten: str, by: str) -> None:
    inline = ' t="inlineStr"><is><t>张三</t></is></c>'
    plain = workbook([(n, "", cell(0, n, inline) + cell(1, n, inline)) for n in (1, 2)])
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        xml = archive.read(SHEET).decode()
    xml = re.sub(rewritten, by, xml).replace(f'x:worksheet xmlns="{MAIN}"', f'x:worksheet xmlns:x="{MAIN}"')
    path = tmp_path / "a.xlsx"
    path.write_bytes(with_parts(plain, {SHEET: xml}))
    with open_xlsx(path) as book:
        assert isinstance(book, Reading)
    assert said(read_xlsx(path)) == [(1, ["张三", "张三"], "ss"), (2, ["张三", "张三"], "ss")]


def test_days_counted_from_1904_stay_the_days_they_are(read: Read) -> None:
    data = workbook([(1, "", cell(0, 1, ' s="1"><v>27759</v></c>'))])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = archive.read("xl/workbook.xml").decode()
    book = re.sub(r"<workbookPr[^>]*/>", '<workbookPr date1904="1"/>', book)
    assert read(with_parts(data, {"xl/workbook.xml": book}), "xlsx").sheets[0].rows[0].cells == ["1980-01-01"]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(' t="s"><v>9</v></c>', id="a shared text that is not there"),
        pytest.param(' t="inlineStr"><is><t>\udcff</t></is></c>', id="bytes that are no UTF-8"),
        pytest.param(' t="inlineStr"><is><t>&nothing;</t></is></c>', id="an entity nobody knows"),
        pytest.param(' t="n"><v>1</c>', id="a tag that is not closed"),
    ],
)
def test_a_cell_that_cannot_be_read_costs_the_file(tmp_path: Path, read: Read, written: str) -> None:
    data = workbook([(1, "", cell(0, 1, "<v>MARK</v>"))])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read(SHEET).replace(b"<v>MARK</v>", written.encode("utf-8", "surrogateescape"))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, xml if name == SHEET else old.read(name))
    with pytest.raises(Unreadable, match="已损坏"):
        read(out.getvalue(), "xlsx")


def test_a_far_cell_before_the_last_of_its_row_is_refused(read: Read) -> None:
    text = ' t="inlineStr"><is><t>x</t></is></c>'
    data = workbook([(1, "", f'<c r="XFD1"{text}' + cell(0, 1, text))])
    with pytest.raises(Unreadable, match="远在数据区之外"):
        read(data, "xlsx")


def test_a_place_that_names_another_row_is_refused(read: Read) -> None:
    with pytest.raises(Unreadable, match="已损坏"):
        read(workbook([(7, "", cell(0, 8, "/>") + cell(1, 7, "><v>1</v></c>"))]), "xlsx")


@pytest.mark.parametrize("missing", ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"])
def test_an_archive_that_no_program_takes_for_a_workbook_is_refused(read: Read, missing: str) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([(1, "", cell(0, 1, "><v>1</v></c>"))]))) as old,
        zipfile.ZipFile(out, "w") as new,
    ):
        for name in old.namelist():
            if name != missing:
                new.writestr(name, old.read(name))
    with pytest.raises(Unreadable, match="已损坏"):
        read(out.getvalue(), "xlsx")
