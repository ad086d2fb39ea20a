"""Written, then read by the platform's own reader: the same cells, the same stated values, in every format."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.platform import Column, Platform, read_platforms
from connectors.read import read_export
from connectors.write import CannotWrite, Cell, write_export
from connectors.write.render import render
from connectors.write.shared import household_columns
from dedup.normalise.area import Area
from dedup.normalise.id_numbers import check_character
from dedup.normalise.read import read
from warehouse.fields import fields

PLATFORMS, _ = read_platforms()
AREA = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571")
QUIET = settings(max_examples=8, suppress_health_check=list(HealthCheck))

ReadBack = Callable[[Platform, Path], list[dict[str, tuple[str, str]]]]
Person = dict[str, str]  # field -> key
SURNAMES = st.sampled_from(["张", "李", "欧阳", "𬱖", "王"])
NAMES = st.builds(str.__add__, SURNAMES, st.sampled_from(["伟", "娜娜", "建国", "㛃"]))
DAYS = st.dates(date(1930, 1, 1), date(2020, 12, 31)).map(date.isoformat)
PHONES = st.sampled_from(["13812341234", "13912345678;0571-88881234", "0571-86001234"])
ADDRESSES = st.builds(
    "上城区|望江街道|近江社区|近江路|{}|近江家园||{}|{}||{}".format,
    st.integers(1, 99),
    st.integers(1, 30),
    st.integers(1, 4),
    st.sampled_from(["101", "1203", "502"]),
)


def _id(head: str) -> str:
    return head + check_character(head)


IDS = st.builds(
    lambda day, serial: _id("330102" + day.replace("-", "") + f"{serial:03}"), DAYS, st.integers(1, 995)
)


@cache
def _keys(column: Column) -> st.SearchStrategy[str]:
    facts = fields()[column.field]
    match facts.kind:
        case "name":
            return NAMES
        case "id_number":
            return IDS
        case "date":
            return DAYS
        case "phone":
            return PHONES
        case "address":
            return ADDRESSES
        case "flag":
            return st.sampled_from(["0", "1"])
        case "code":
            sayable = [f"{n:02}" for n in range(100)] + ["1", "2"]
            return st.sampled_from([code for code in sayable if render(column, facts, code)])
        case "identifier":
            return st.integers(10_000, 999_999).map(str)
        case "text":
            return st.sampled_from(["近江社区", "第三网格", "市政工程公司"])


@st.composite
def _rows(draw: st.DrawFn, platform: Platform) -> list[dict[str, str]]:
    """Households of one to three people, as keys rendered into the platform's columns."""
    shared = household_columns(platform)
    rows: list[dict[str, str]] = []
    for household in range(draw(st.integers(1, 3))):
        common = {
            name: draw(_keys(column)) for name, column in platform.fields.items() if column.column in shared
        }
        for member in range(draw(st.integers(1, 3))):
            row = _cells(platform, {**common, **_own(draw, platform, shared)})
            if platform.export.key is not None:
                row[platform.export.key] = f"K{household}{member}"
            if "household_number" in platform.fields:
                row[platform.fields["household_number"].column] = f"9{household}"
            rows.append(row)
    return rows


def _own(draw: st.DrawFn, platform: Platform, shared: frozenset[str]) -> Person:
    own = [column for column in platform.fields.values() if column.column not in shared]
    return {
        column.field: draw(_keys(column))
        for column in own
        if column.required or column.field == "name" or draw(st.booleans())
    }


def _cells(platform: Platform, person: Person) -> dict[str, str]:
    rendered = {
        platform.fields[name].column: render(platform.fields[name], fields()[name], key)
        for name, key in person.items()
    }
    return {column: cell for column, cell in rendered.items() if cell}


def _write(folder: Path, platform: Platform, rows: list[dict[str, str]]) -> Path:
    path = folder / f"export{Path(platform.export.file).suffix}"
    write_export(platform, rows, path)
    return path


@pytest.mark.parametrize("slug", sorted(PLATFORMS))
@given(data=st.data())
@QUIET
def test_what_is_written_is_staged_as_the_same_stated_values_and_the_same_rows_give_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, read_back: ReadBack, slug: str, data: st.DataObject
) -> None:
    platform, folder = PLATFORMS[slug], tmp_path_factory.mktemp(slug)
    rows = data.draw(_rows(platform))
    path = _write(folder, platform, rows)
    before = path.read_bytes()
    assert _write(folder, platform, rows).read_bytes() == before
    by_column = platform.by_column
    expected = [
        {by_column[header].field: cell for header, cell in row.items() if header in by_column} for row in rows
    ]
    found = read_back(platform, path)
    assert all(person.pop("") for person in found)
    assert [{name: stated for name, (stated, _) in person.items()} for person in found] == expected
    for person in found:
        for name, (stated, key) in person.items():
            facts, column = fields()[name], platform.fields[name]
            again = read(facts.kind, stated, area=AREA, table=facts.table, codes=column.codes).key
            assert again == key


ONE_OF_EACH_FORMAT = [
    "grid",
    "minimum_living",
    "actual_population",
    "social_card",
    "one_table",
    "all_population",
]
HOSTILE = [
    "=1+1",
    "+86 13812341234",
    "-1",
    "@SUM(A1)",
    "001",
    "3.0",
    '"甲"',
    "a,b",
    "甲\n乙",
    "&lt;",
    "<b>",
    "_x000D_",
    "' '",
]


@pytest.mark.parametrize("slug", ONE_OF_EACH_FORMAT)
@pytest.mark.parametrize("cell", HOSTILE)
def test_text_stays_text_in_every_format(tmp_path: Path, slug: str, cell: str) -> None:
    platform = PLATFORMS[slug]
    column = platform.fields["name"].column
    path = _write(tmp_path, platform, [{column: cell}])
    rows = read_export(path, platform.export).sheets[0].rows
    at = next(row.cells.index(column) for row in rows if column in row.cells)
    assert (rows[-1].cells[at], rows[-1].types[at]) == (cell, "s")


@pytest.mark.parametrize("slug", ONE_OF_EACH_FORMAT)
@given(
    cell=st.text(
        st.characters(blacklist_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Cn")), min_size=1, max_size=8
    )
)
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_any_text_comes_back_character_by_character(
    tmp_path_factory: pytest.TempPathFactory, slug: str, cell: str
) -> None:
    platform = PLATFORMS[slug]
    column = platform.fields["name"].column
    path = _write(tmp_path_factory.mktemp(slug), platform, [{column: cell}])
    rows = read_export(path, platform.export).sheets[0].rows
    at = next(row.cells.index(column) for row in rows if column in row.cells)
    assert rows[-1].cells[at] == cell


def test_other_programs_read_the_workbook_as_it_was_meant(tmp_path: Path) -> None:
    platform = PLATFORMS["elderly_care"]
    path = _write(tmp_path, platform, [{"基本信息/姓名": "=1+1", "基本信息/身份证号": "330102198001011234"}])
    sheet = openpyxl.load_workbook(path).active
    assert sheet.title == "老年人基础信息"
    assert sheet["A1"].value == platform.export.title
    assert {"A1:X1", "A2:I2", "J2:M2", "V2:X2"} <= {str(merged) for merged in sheet.merged_cells.ranges}
    name, number = sheet["B4"], sheet["F4"]
    assert (name.value, name.data_type, name.number_format) == ("=1+1", "s", "@")
    assert (number.value, number.data_type) == ("330102198001011234", "s")


def test_a_number_becomes_a_number_cell_and_loses_its_digits_as_in_a_spreadsheet(tmp_path: Path) -> None:
    for slug in ("grid", "minimum_living"):
        path = tmp_path / f"{slug}{Path(PLATFORMS[slug].export.file).suffix}"
        column = PLATFORMS[slug].fields["id_number"].column
        write_export(PLATFORMS[slug], [{column: 330102198001011234}], path)
        row = read_export(path, PLATFORMS[slug].export).sheets[0].rows[-1]
        assert "n" in row.types
        assert "330102198001011000" in row.cells


REFUSED: list[tuple[str, str, dict[str, Cell], str]] = [
    ("a header the platform does not have", "grid", {"籍贯": "杭州"}, "籍贯"),
    ("a value too wide for its field", "all_population", {"XM": "欧" * 31}, "62 字节"),
    ("a control character in a workbook", "grid", {"姓名": "张\x00伟"}, "控制字符"),
    ("a control character in an old workbook", "minimum_living", {"姓名": "张\x00伟"}, "控制字符"),
    ("a control character in a page", "actual_population", {"姓名": "张\x01伟"}, "控制字符"),
    ("a control character in JSON", "one_table", {"members.xm": "张\x00伟"}, "控制字符"),
    ("half a character in CSV", "social_card", {"姓名": "\ud842"}, "控制字符"),
    ("a household without a number", "public_rental", {"家庭信息/现住址": "近江路1号"}, "家庭编号"),
]


@pytest.mark.parametrize(("slug", "row", "named"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED])
def test_what_a_format_cannot_hold_is_refused_by_column_and_without_the_value(
    tmp_path: Path, slug: str, row: dict[str, Cell], named: str
) -> None:
    with pytest.raises(CannotWrite) as refused:
        write_export(PLATFORMS[slug], [row], tmp_path / "file")
    assert named in str(refused.value)
    assert "第 1 条" in str(refused.value)
    assert not any(cell in str(refused.value) for cell in row.values() if isinstance(cell, str))


@pytest.mark.parametrize(("slug", "column"), [("all_population", "XM"), ("social_card", "姓名")])
def test_a_rare_character_that_the_encoding_lacks_is_refused_and_never_replaced(
    tmp_path: Path, slug: str, column: str
) -> None:
    platform = PLATFORMS[slug]
    old = replace(platform, export=replace(platform.export, encoding="gbk"))
    with pytest.raises(CannotWrite, match=f"「{column}」无法写出：有字符无法用 gbk 编码") as refused:
        write_export(old, [{column: "张伟"}, {column: "张𠮷"}], tmp_path / "out")
    assert refused.value.row == 2 and "𠮷" not in str(refused.value)


def test_members_who_disagree_about_their_household_are_refused(tmp_path: Path) -> None:
    rows = [
        {"成员信息/家庭编号": "H1", "家庭信息/现住址": "近江路1号"},
        {"成员信息/家庭编号": "H1", "家庭信息/现住址": "近江路2号"},
    ]
    with pytest.raises(CannotWrite, match="不同的家庭信息"):
        write_export(PLATFORMS["public_rental"], rows, tmp_path / "file.xlsx")


def test_two_households_that_look_alike_below_the_number_stay_two_blocks(tmp_path: Path) -> None:
    rows = [{"低保证号": number, "户主姓名": "张伟", "姓名": "张伟"} for number in ("1", "1", "2")]
    path = _write(tmp_path, PLATFORMS["minimum_living"], rows)
    marks = [row.types[:2] for row in read_export(path, PLATFORMS["minimum_living"].export).sheets[0].rows]
    assert marks == ["ss", "ss", "vv", "ss"]


def test_no_rows_give_a_template_with_its_header(tmp_path: Path) -> None:
    for slug, platform in PLATFORMS.items():
        if platform.export.format not in ("json", "xml"):  # they have no header but in their records
            path = _write(tmp_path / slug if (tmp_path / slug).mkdir() is None else tmp_path, platform, [])
            last = platform.export.columns[-1].rpartition("/")[2]
            sheets = read_export(path, platform.export).sheets
            assert any(last in row.cells for sheet in sheets for row in sheet.rows), slug
