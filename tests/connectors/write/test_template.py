"""A platform's own blank workbook: rows are put into it, and everything else of it stays as the platform made it."""

from __future__ import annotations

import re
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from connectors.errors import ExportRefused, Unreadable
from connectors.platform import Platform, read_platforms
from connectors.read import read_export
from connectors.write import written
from connectors.write.blank import write_blank
from connectors.write.cell import CannotWrite
from connectors.write.draft import draft
from connectors.write.manifest import Change
from connectors.write.outbox import write_outbox
from connectors.write.splice import Filling, Place, splice
from connectors.write.template import examine, read_blank
from connectors.write.xlsx import Blank, write_xlsx

PLATFORMS, _ = read_platforms()
CARE = PLATFORMS["elderly_care"]  # a title, a header over two merged rows
NIGHT = date(2026, 11, 23)
SHEET = "xl/worksheets/sheet1.xml"
NAME, PHONE, KEY = "基本信息/姓名", "基本信息/联系电话", "基本信息/老年人编号"
QUIET = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def _platforms_own(path: Path, platform: Platform = CARE, *, prepared: int = 3, foot: bool = False) -> Any:
    """A blank workbook as a platform hands it out, saved by another program: widths, colours, lists to choose from that
    stand on a hidden sheet, a hidden column, prepared rows, a format by condition, a note."""
    write_blank(platform, path)
    book = openpyxl.load_workbook(path)
    sheet = book[platform.export.sheet or "Sheet1"]
    first = sheet.max_row + 1
    codes = book.create_sheet("代码")
    codes.sheet_state = "hidden"
    for row, word in enumerate(("男", "女", "未说明"), start=1):
        codes.cell(row, 1, word)
    book.defined_names["性别"] = DefinedName("性别", attr_text="代码!$A$1:$A$3")
    rule = DataValidation(type="list", formula1="性别", allow_blank=True)
    rule.add(f"C{first}:C{first + prepared - 1}")
    sheet.add_data_validation(rule)
    hidden = sheet.column_dimensions["A"]  # as read, it stands for all columns
    hidden.min, hidden.max, hidden.hidden = 1, 1, True
    sheet.column_dimensions["B"].width = 31.5
    sheet["A1"].comment = Comment("以证件为准", "平台")
    sheet.conditional_formatting.add(
        f"G{first}:G{first + prepared - 1}", CellIsRule("equal", ['""'], fill=PatternFill(bgColor="FFFF00"))
    )
    thin = Side(style="thin")
    for row in range(first, first + prepared):
        sheet.row_dimensions[row].height = 24
        sheet.cell(row, 13, row - first + 1)  # what nobody tells it, typed beforehand
        for column in range(1, 14):
            sheet.cell(row, column).border = Border(left=thin, right=thin, top=thin, bottom=thin)
            sheet.cell(row, column).font = Font(name="仿宋", size=12)
    if foot:
        sheet.cell(first + prepared, 1, "填报单位：　　　制表人：")
        sheet.merge_cells(start_row=first + prepared, end_row=first + prepared, start_column=1, end_column=7)
    book.save(path)
    return first


def _people(count: int) -> list[dict[str, Any]]:
    return [{KEY: f"E{n:05}", NAME: f"张{'伟娜强敏'[n % 4]}", PHONE: f"138{n:08}"} for n in range(count)]


def _fill(rows: list[dict[str, Any]], path: Path, own: Path, platform: Platform = CARE) -> None:
    """As `write_filled` does it, without a worker process for each template."""
    answer = examine(platform, own)
    blank = Blank(own, [Place(**place) for place in answer["places"]], answer["columns"])
    written(platform, rows, path, partial(write_xlsx, blank=blank))


def _parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _around(path: Path) -> tuple[str, str]:
    before, _, rest = _parts(path)[SHEET].decode("utf-8").partition("<sheetData>")
    return before, rest.partition("</sheetData>")[2]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "templates" / "elderly_care.xlsx"
    path.parent.mkdir()
    _platforms_own(path)
    return path


def test_all_that_is_not_filled_stays_byte_for_byte(tmp_path: Path, own: Path) -> None:
    _fill(_people(2), tmp_path / "filled.xlsx", own)
    before, after = _parts(own), _parts(tmp_path / "filled.xlsx")
    assert list(after) == list(before)
    assert {name for name in before if before[name] != after[name]} == {SHEET}
    assert _around(own) == _around(tmp_path / "filled.xlsx")  # two rows fit into the three that were prepared


def test_the_platforms_reader_finds_the_rows_behind_its_own_title_and_header(
    tmp_path: Path, own: Path, read_back: Callable[[Platform, Path], list[dict[str, tuple[str, str]]]]
) -> None:
    _fill(_people(5), tmp_path / "filled.xlsx", own)
    found = read_back(CARE, tmp_path / "filled.xlsx")
    assert [person[""][0] for person in found] == [f"E{n:05}" for n in range(5)]
    assert [person["name"][0] for person in found] == [row[NAME] for row in _people(5)]


def test_rows_beyond_those_prepared_look_like_the_first_and_offer_its_lists(
    tmp_path: Path, own: Path
) -> None:
    first = _platforms_own(own)
    _fill(_people(40), tmp_path / "filled.xlsx", own)
    book = openpyxl.load_workbook(tmp_path / "filled.xlsx")
    sheet = book[CARE.export.sheet]
    model, last = sheet.cell(first, 2), sheet.cell(first + 39, 2)
    assert (last.font.name, last.border.left.style, last.number_format) == (
        "仿宋",
        "thin",
        model.number_format,
    )
    assert sheet.cell(first + 39, 6).border.left.style == "thin"  # blank, and framed like the others
    assert sheet.row_dimensions[first + 39].height == 24
    assert sheet.cell(first + 1, 13).value == 2 and sheet.cell(first + 39, 13).value is None
    [rule] = [one for one in sheet.data_validations.dataValidation if one.formula1 == "性别"]
    assert str(rule.sqref) == f"C{first}:C{first + 39}"
    [formatted] = sheet.conditional_formatting
    assert str(formatted.sqref) == f"G{first}:G{first + 39}"
    assert book["代码"].sheet_state == "hidden" and book.defined_names["性别"].attr_text == "代码!$A$1:$A$3"
    assert sheet.column_dimensions["A"].hidden and sheet.column_dimensions["B"].width == 31.5
    assert {"A1:X1", "A2:I2", "V2:X2"} <= {str(merged) for merged in sheet.merged_cells.ranges}


def test_what_closes_the_sheet_stays_below_the_data(tmp_path: Path, own: Path) -> None:
    first = _platforms_own(own, foot=True)
    for rows, foot in ((2, first + 3), (3, first + 3), (9, first + 9)):
        _fill(_people(rows), tmp_path / "filled.xlsx", own)
        sheet = openpyxl.load_workbook(tmp_path / "filled.xlsx")[CARE.export.sheet]
        assert sheet.cell(foot, 1).value == "填报单位：　　　制表人："
        assert f"A{foot}:G{foot}" in {str(merged) for merged in sheet.merged_cells.ranges}
        assert sheet.cell(first + rows - 1, 1).value == f"E{rows - 1:05}"


def test_a_footer_with_sums_is_not_moved_but_named(tmp_path: Path, own: Path) -> None:
    first = _platforms_own(own, foot=True)
    book = openpyxl.load_workbook(own)
    book[CARE.export.sheet].cell(first + 4, 1, "合计")
    book[CARE.export.sheet].cell(first + 4, 3, f"=COUNTA(C{first}:C{first + 2})")
    book.save(own)
    _fill(_people(3), tmp_path / "filled.xlsx", own)
    with pytest.raises(Unreadable, match="表尾有公式，而数据超过了模板预留的行数（多 1 行）") as refused:
        _fill(_people(4), tmp_path / "filled.xlsx", own)
    assert refused.value.place == f"第 {first + 4} 行"


def test_a_column_that_the_template_computes_is_not_overwritten(tmp_path: Path, own: Path) -> None:
    first = _platforms_own(own)
    book = openpyxl.load_workbook(own)
    book[CARE.export.sheet][f"G{first}"] = f'=IF(B{first}="","",1)'
    book.save(own)
    _fill([{KEY: "E1", NAME: "张伟"}], tmp_path / "filled.xlsx", own)
    assert "<f>" in _parts(tmp_path / "filled.xlsx")[SHEET].decode("utf-8")
    answer = examine(CARE, own)
    blank = Blank(own, [Place(**place) for place in answer["places"]], answer["columns"])
    drafted = draft(CARE, [Change("r1", "E1", "phone", "13812341234", "fill")], {"r1": _HELD})
    said = f"templates/elderly_care.xlsx，.*G{first}：「基本信息/联系电话」列在模板里是公式"
    with pytest.raises(ExportRefused, match=said):
        write_outbox(tmp_path / "out", drafted, NIGHT, batch="b", live=False, own=blank)
    assert list((tmp_path / "out").iterdir()) == []  # half a file might be taken for the whole


def _edited(path: Path, edit: Callable[[Any], None]) -> None:
    book = openpyxl.load_workbook(path)
    edit(book[CARE.export.sheet])
    book.save(path)


# story, what somebody did to the template, what the refusal says
CHANGED: list[tuple[str, Callable[[Any], None], str]] = [
    ("a new column", lambda s: s.cell(3, 25, "老年人类别"), "Y3：模板多出不认识的列「状态/老年人类别」（Y3）"),
    ("a column renamed", lambda s: s.cell(3, 7, "手机"), "多出不认识的列「基本信息/手机」（G3）；模板缺少要填的列「基本信息/联系电话」"),
    ("a column gone that is told", lambda s: setattr(s["G3"], "value", None), "缺少要填的列「基本信息/联系电话」"),
    ("an example left in", lambda s: s.cell(4, 2, "示例：张三"), "B4：模板不是空白的"),
    ("a column there twice", lambda s: s.cell(3, 7, "姓名"), "基本信息/姓名"),
    ("another sheet's name", lambda s: setattr(s, "title", "表1"), "没有名为「老年人基础信息」的可见工作表"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "said"), [pytest.param(*case[1:], id=case[0]) for case in CHANGED])
def test_a_template_whose_columns_changed_is_refused_by_sheet_and_cell(
    own: Path, edit: Callable[[Any], None], said: str
) -> None:
    _edited(own, edit)
    told = examine(CARE, own)
    problem = f"{told['place']}：{told['problem']}"
    assert said in problem
    assert told["next"]


def test_a_refused_template_names_its_file_and_what_to_do(own: Path) -> None:
    _edited(own, lambda sheet: sheet.cell(3, 25, "老年人类别"))
    with pytest.raises(ExportRefused) as refused:
        read_blank(CARE, own)
    assert str(refused.value).startswith(
        "elderly_care：文件 templates/elderly_care.xlsx，工作表「老年人基础信息」，Y3：模板多出"
    )
    assert "connectors/platforms/elderly_care.toml" in str(refused.value)


_HELD = {
    "name": "张伟", "sex": "男", "birth_date": "1950-01-01", "id_number": "330102195001010019",
    "address": "上城区望江街道近江社区近江路1号1幢101室",
}  # fmt: skip


def test_a_template_may_lack_what_is_never_told_and_star_what_it_requires(tmp_path: Path, own: Path) -> None:
    def edit(sheet: Any) -> None:
        sheet.delete_cols(24)  # the day of the last change, which the platform sets itself
        sheet.cell(3, 2, "*姓名")
        sheet.cell(3, 6, "身份证号（必填）")

    _edited(own, edit)
    _fill(_people(1), tmp_path / "filled.xlsx", own)
    row = read_export(tmp_path / "filled.xlsx", CARE.export).sheets[0].rows[3]
    assert row.cells[:2] == ["E00000", "张伟"]
    with pytest.raises(CannotWrite, match=r"状态/更新日期.*模板里没有这一列"):
        _fill([{"状态/更新日期": "2026-11-23"}], tmp_path / "filled.xlsx", own)


def test_a_platform_that_takes_another_format_has_no_use_for_a_workbook(own: Path) -> None:
    assert examine(PLATFORMS["social_card"], own)["problem"] == "这个平台收的是 csv 文件，不用工作簿模板"


ISSUED = PLATFORMS["disability_survey"]


def _issued_list(path: Path) -> list[str]:
    """A list as the platform issues it: rows with their hidden number, name and what is to be verified; its columns."""
    write_blank(ISSUED, path)
    book = openpyxl.load_workbook(path)
    sheet = book[ISSUED.export.sheet or "Sheet1"]
    first = sheet.max_row + 1
    key, name = (
        ISSUED.export.columns.index(one) + 1 for one in (ISSUED.export.key, ISSUED.fields["name"].column)
    )
    for at, (number, who) in enumerate((("0007", "张伟"), ("0003", "李娜"), ("0009", "王强"))):
        sheet.cell(first + at, key, number)
        sheet.cell(first + at, name, who).font = Font(bold=True)
    book.save(path)
    return [openpyxl.utils.get_column_letter(one) for one in (key, name)]


def _hide(path: Path, row: int, **cells: str) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet.row_dimensions[row].hidden = True
    for letter, text in cells.items():
        sheet[f"{letter}{row}"] = text
    book.save(path)


def test_a_hidden_row_under_the_header_keeps_what_it_says_and_gets_nobody(tmp_path: Path, own: Path) -> None:
    first = examine(CARE, own)["places"][0]["body"]
    _hide(own, first, A="lnrbh", B="xm")
    assert examine(CARE, own)["places"][0]["body"] == first + 1
    _fill(_people(2), tmp_path / "filled.xlsx", own)
    sheet = openpyxl.load_workbook(tmp_path / "filled.xlsx").worksheets[0]
    assert [sheet[f"A{first + at}"].value for at in range(3)] == ["lnrbh", "E00000", "E00001"]
    assert sheet.row_dimensions[first].hidden and not sheet.row_dimensions[first + 1].hidden


def test_a_hidden_row_further_down_is_named_and_not_filled(tmp_path: Path, own: Path) -> None:
    first = examine(CARE, own)["places"][0]["body"]
    _hide(own, first + 1)
    with pytest.raises(Unreadable) as refused:
        _fill(_people(2), tmp_path / "filled.xlsx", own)
    assert (refused.value.problem, refused.value.place) == (
        "表头下面有隐藏行，填进去谁也看不见",
        f"第 {first + 1} 行",
    )


def test_a_list_that_was_issued_is_filled_where_its_keys_stand(tmp_path: Path) -> None:
    own = tmp_path / "disability_survey.xlsx"
    key, name = _issued_list(own)
    answer = examine(ISSUED, own)
    blank = Blank(own, [Place(**place) for place in answer["places"]], answer["columns"], answer["issued"])
    changes = [Change(f"r{n}", f"000{n}", "phone", f"1380000000{n}", "fill") for n in (9, 7, 8)]
    drafted = draft(ISSUED, changes, {}, issued=blank.issued)
    assert [(one.record_id, one.reason) for one in drafted.left_out] == [("r8", "平台下发的名单里没有这一行")]
    write_outbox(tmp_path / "out", drafted, NIGHT, batch="b", live=False, own=blank)
    before, after = (
        openpyxl.load_workbook(one).worksheets[0] for one in (own, tmp_path / "out/disability_survey.xlsx")
    )
    phone = openpyxl.utils.get_column_letter(
        answer["columns"][0][ISSUED.export.columns.index(ISSUED.fields["phone"].column)] + 1
    )
    first = answer["places"][0]["body"]
    assert [after[f"{phone}{first + at}"].value for at in range(3)] == ["13800000007", None, "13800000009"]
    for letter in (key, name):
        assert [one.value for one in after[letter]] == [one.value for one in before[letter]]
    assert after[f"{name}{first}"].font.b and after.max_row == before.max_row


def test_a_list_with_one_number_twice_is_refused_by_cell(tmp_path: Path) -> None:
    own = tmp_path / "disability_survey.xlsx"
    key, _ = _issued_list(own)
    book = openpyxl.load_workbook(own)
    sheet = book.worksheets[0]
    sheet[f"{key}{sheet.max_row}"] = "0003"
    book.save(own)
    told = examine(ISSUED, own)
    assert (told["problem"], told["place"]) == ("下发的名单里有两行编号相同", f"{key}{sheet.max_row}")


def test_households_and_members_are_put_into_the_sheets_of_their_name(tmp_path: Path) -> None:
    platform = PLATFORMS["public_rental"]
    own = tmp_path / "public_rental.xlsx"
    write_blank(platform, own)
    book = openpyxl.load_workbook(own)
    book.move_sheet(book.worksheets[0], 1)  # the platform's own has the members first
    book.save(own)
    rows = [
        {"成员信息/家庭编号": "H1", "成员信息/姓名": name, "家庭信息/现住址": "近江路1号"}
        for name in ("张伟", "李娜")
    ]
    _fill(rows, tmp_path / "filled.xlsx", own, platform)
    sheets = {one.name: one.rows for one in read_export(tmp_path / "filled.xlsx", platform.export).sheets}
    assert [len(sheets["家庭信息"]), len(sheets["成员信息"])] == [2, 3]


def _bare_sheet(rows: str, prefix: str = "", after: str = "") -> bytes:
    p = prefix and f"{prefix}:"
    named = f"xmlns:{prefix}" if prefix else "xmlns"
    return (
        f'<?xml version="1.0"?><{p}worksheet {named}="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<{p}sheetData>{rows}</{p}sheetData>{after}</{p}worksheet>"
    ).encode()


def _spliced(tmp_path: Path, xml: bytes, rows: list[tuple[int, list[Any]]], **more: Any) -> str:
    book = tmp_path / "book.xlsx"
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("sheet.xml", xml)
    columns = {0: "甲", 1: "乙"}
    foot, merges = more.get("foot"), more.get("merges", ())
    filling = Filling(Place("sheet.xml", "表", 2, foot), columns, rows, merges)
    splice(book, tmp_path / "out.xlsx", "grid", [filling])
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        return archive.read("sheet.xml").decode("utf-8")


def test_the_tags_of_other_programs_keep_their_prefix(tmp_path: Path) -> None:
    xml = _bare_sheet('<x:row r="1"><x:c r="A1"/></x:row>', "x")
    told = _spliced(tmp_path, xml, [(2, ["王", None])])
    assert '<x:row r="2"><x:c r="A2" t="inlineStr"><x:is><x:t>王</x:t></x:is></x:c></x:row>' in told


def test_rows_that_do_not_say_their_number_are_counted(tmp_path: Path) -> None:
    xml = _bare_sheet("<row><c t='s'><v>0</v></c></row><row><c/><c s='4'/></row><row><c><v>9</v></c></row>")
    told = _spliced(tmp_path, xml, [(2, [None, "王"]), (3, ["李", None])], foot=3)
    assert re.findall(r'<row r="(\d)"', told) == ["1", "2", "3", "4"]
    assert '<row r="4"><c><v>9</v></c></row>' in told


def _book(path: Path, *more: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("sheet.xml", _bare_sheet("")), *more):
            archive.writestr(name, content)
    return path


def _put_in(book: Path, out: Path) -> None:
    splice(book, out, "grid", [Filling(Place("sheet.xml", "表", 2), {0: "甲"}, [(2, ["王"])])])


def test_a_workbook_that_unpacks_to_far_more_than_it_weighs_is_refused_before_it_is_unpacked(
    tmp_path: Path,
) -> None:
    bomb = _book(tmp_path / "bomb.xlsx", ("xl/media/a.bin", bytes(40 << 20)))
    with pytest.raises(Unreadable, match="疑似压缩炸弹"):
        _put_in(bomb, tmp_path / "out.xlsx")


def test_a_sheet_larger_than_any_form_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.write.splice._MOST", 100)
    with pytest.raises(Unreadable, match="工作表太大"):
        _put_in(_book(tmp_path / "book.xlsx"), tmp_path / "out.xlsx")


def test_what_is_only_copied_is_never_held_as_a_whole(tmp_path: Path) -> None:
    book = _book(tmp_path / "book.xlsx", ("xl/media/a.bin", bytes(12 << 20)))
    tracemalloc.start()
    try:
        _put_in(book, tmp_path / "out.xlsx")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert _parts(tmp_path / "out.xlsx")["xl/media/a.bin"] == bytes(12 << 20)


def test_cells_that_never_close_are_looked_at_once_and_not_once_for_each_other(tmp_path: Path) -> None:
    # Were each of them searched for its end through all the others, this would take hours.
    unclosed = '<c r="C2">' * 300_000
    told = _spliced(tmp_path, _bare_sheet(f'<row r="2">{unclosed}</row>'), [(2, ["王", None])])
    assert told.count("王") == 1 and '<row r="2"><c r="A2"' in told


def test_a_damaged_part_is_told_and_is_no_crash(tmp_path: Path) -> None:
    book = _book(tmp_path / "book.xlsx", ("xl/media/a.bin", bytes(range(256)) * 64))
    with zipfile.ZipFile(book) as archive:
        at = archive.getinfo("xl/media/a.bin").header_offset + 30 + len("xl/media/a.bin")
    spoiled = bytearray(book.read_bytes())
    spoiled[at + 20 : at + 60] = bytes(40)
    book.write_bytes(spoiled)
    with pytest.raises(Unreadable, match="已损坏"):
        _put_in(book, tmp_path / "out.xlsx")


@pytest.mark.parametrize("behind", ['<pageMargins left="1"/>', "", '<dataValidations count="0"/>'])
def test_merged_ranges_stand_where_a_sheet_has_them(tmp_path: Path, behind: str) -> None:
    told = _spliced(tmp_path, _bare_sheet("", after=behind), [(2, ["王", "伟"])], merges=[(2, 0, 3, 0)])
    assert f'</sheetData><mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>{behind}' in told


@given(
    prepared=st.integers(0, 4),
    foot=st.booleans(),
    titles=st.integers(0, 2),
    order=st.permutations(list(PLATFORMS["grid"].export.columns[:12])),
    rows=st.integers(1, 9),
)
@QUIET
def test_whatever_the_template_looks_like_what_is_put_in_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    prepared: int,
    foot: bool,
    titles: int,
    order: list[str],
    rows: int,
) -> None:
    folder = tmp_path_factory.mktemp("own")
    own = folder / "grid.xlsx"
    grid = PLATFORMS["grid"]
    columns = [*order, *grid.export.columns[12:]]
    _handmade(own, columns, titles, prepared, foot)
    people = [{"人员编号": f"P{n}", "姓名": f"王{n}"} for n in range(rows)]
    _fill(people, folder / "out.xlsx", own, grid)
    assert list(_stated(folder / "out.xlsx", columns)) == people
    sheet = openpyxl.load_workbook(folder / "out.xlsx").active
    assert [cell.value for cell in sheet["A"]][:titles] == ["某市人员信息导入模板"] * titles
    assert bool(foot) == any(cell.value == "填表人：" for cell in sheet["A"])


def _handmade(path: Path, columns: list[str], titles: int, prepared: int, foot: bool) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "人员信息"
    for _ in range(titles):
        sheet.append(["某市人员信息导入模板"])
    sheet.append(columns)
    for at in range(prepared):
        sheet.cell(titles + 2 + at, 3).font = Font(bold=True)
    if foot:
        sheet.cell(titles + 2 + prepared, 1, "填表人：")
    book.save(path)


def _stated(path: Path, columns: list[str]) -> Iterator[dict[str, str]]:
    rows = read_export(path, PLATFORMS["grid"].export).sheets[0].rows
    header = next(at for at, row in enumerate(rows) if row.cells[: len(columns)] == columns)
    for row in rows[header + 1 :]:
        if not row.cells[0].startswith("填表人"):
            yield {name: cell for name, cell in sorted(zip(columns, row.cells, strict=False)) if cell}
