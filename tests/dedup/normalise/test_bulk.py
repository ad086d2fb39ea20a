"""Reading columns is only a faster way: it says of every value what reading that value alone says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date as Day
from typing import NamedTuple, get_args

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.normalise.addresses import split_addresses
from dedup.normalise.area import Area, Estate
from dedup.normalise.bulk import read_many
from dedup.normalise.characters import han_but, simplified, traditional
from dedup.normalise.distinct import Reads
from dedup.normalise.id_numbers import check_character, shaped_numbers
from dedup.normalise.names import common_names
from dedup.normalise.phones import plain_mobiles
from dedup.normalise.read import LONGEST, Kind, Read, read
from synthetic_city.records import stated_records

KINDS: tuple[Kind, ...] = get_args(Kind)
AREA = Area(
    province="浙江省",
    city="杭州市",
    district="上城区",
    street="望江街道",
    division_code="330102",
    phone_area_code="0571",
    estates=(
        Estate("近江家园", "近江社区", "近江路", "12"),
        Estate("采荷人家5幢", "采荷社区", "采荷路", "5"),
    ),
)


def one_of_each(*choices: list[str]) -> st.SearchStrategy[str]:
    return st.tuples(*map(st.sampled_from, choices)).map("".join)


def checked(first17: str) -> str:
    return first17 + check_character(first17)


DAYS = one_of_each(
    ["1949", "1980", "2011", "1900", "1849", "2050"],
    ["01", "02", "12", "00", "13"],
    ["01", "28", "29", "31", "00"],
)
NUMBERS = st.tuples(
    st.sampled_from(["330102", "110105", "810000", "830000", "990000", "123456", "000000", "912345", "7", "880000"]).map(lambda at: at.ljust(6, "0")),
    DAYS,
    st.sampled_from(["001", "002", "123", "000", "999"]),
).map("".join).map(checked)  # fmt: skip
SHAPES = ("{y}{m}{d}", "{y}-{m}-{d}", "{y}.{m}.{d}", "{y}/{m}/{d}", "{y}年{m}月{d}日", "{y}年{m}月{d}", "{y}.{m}/{d}", "{y}-{m}.{d}日", "{y}{m}")  # fmt: skip
USUAL: dict[Kind, st.SearchStrategy[str]] = {
    "name": one_of_each(["王", "李", "欧阳", "張", "陈", "阿"], ["", "小", "国", "玮", "无", "户", " ", "\u3000", "  "], ["伟", "偉", "芳", "氏", "主", "师", "生", "某", "□", "?", "？"], ["", "", "先生", "之子", "(户主)", "（租）", "(龙+天)", "(上龙下天)", "1", "12", "123", " 李四"]),
    "id_number": st.one_of(NUMBERS, NUMBERS.map(lambda number: number[:17] + "0"), NUMBERS.map(lambda number: number[:14] + "1000"), st.sampled_from(["'", "‘", "’'"]).flatmap(lambda quote: NUMBERS.map(lambda number: quote + number.lower())), NUMBERS.map(lambda number: re.sub(r"(?<=^.{6}).{8}", "********", number)), st.from_regex(r"\A[1-9][0-9]{14}\Z")),
    "date": st.tuples(DAYS, st.sampled_from(SHAPES)).map(lambda pair: pair[1].format(y=pair[0][:4], m=pair[0][4:6], d=pair[0][6:])),
    "phone": st.one_of(
        one_of_each(["138", "148", "139", "199", "120"], ["12341234", "00138000", "00000000", "99999999", "88888888"], ["", ".0", "、13912341234", " 13912341234", "；13900138000", "/14112341234", ",138", "，13812341234", "，，13912341234"]),
        one_of_each(["", "+86-", "+86", "86 "], ["138", "141", "199"], [" ", "-", ""], ["1234", "0013"], [" ", "-", ""], ["8000", "5678"], ["", ".0"]),
    ),
    "address": one_of_each(
        ["", "杭州市", "浙江省杭州市", "北京市"], ["", "上城区", "江干区", "朝阳区"], ["", "望江街道近江社区", "上桥镇龙沟村"],
        ["", "近江路12号", "采荷路5号", "建国路88号", "123弄"], ["", "近江家园", "采荷人家", "阳光花园", "近江东"],
        ["", "5幢", "12栋", "3号楼", "5-", "五幢"], ["", "2单元", "二单元", "2-"], ["", "301", "301室", "0301室", "三〇一", "12"],
    ),
    "identifier": st.one_of(st.from_regex(r"\A[0-9A-Za-z-]{1,12}\Z"), st.sampled_from(["null", "NA", "none", "12345.0", "0"])),
    "code": st.sampled_from(["02", "2", "儿媳", "本人(户主)", "户主", "99", "x"]),
    "flag": st.sampled_from(["1", "是", "否", "N", "×", "x"]),
    "text": st.sampled_from(["近江 社区", "Foo  Bar", "不详", "近江社區"]),
}  # fmt: skip
ANYTHING = st.text(
    st.characters(exclude_categories=["Cs"]), max_size=20
)  # a column of texts holds no lone surrogate
DAMAGE = st.one_of(
    st.sampled_from([*"0189xX'‘’*?.-/、， \n\t\u3000\u200b氏號Ｘ１①", ".0", "无", "+86-"]), ANYTHING
)


@st.composite
def values(draw: st.DrawFn, kind: Kind) -> list[str | None]:
    """Usual values, damaged ones and anything, some of them more than once."""
    usual = st.lists(USUAL[kind], min_size=1, max_size=12)
    stated: list[str | None] = [*draw(usual), None]
    for _ in range(draw(st.integers(0, 6))):
        text, at, mark = draw(USUAL[kind]), draw(st.integers(0, 20)), draw(DAMAGE)
        stated.append(text[:at] + mark + text[at + draw(st.integers(0, 1)) :])
    return draw(st.permutations([*stated, *draw(st.lists(ANYTHING, max_size=3)), *stated[:2]]))


class Known(NamedTuple):
    """What is known beside the values."""

    numeric_cell: bool = False
    area: Area | None = None
    night: Day | None = None


def one_by_one(kind: Kind, stated: list[str | None], known: Known) -> list[Read | None]:
    return [
        None if value is None else read(kind, value, table="relation", **known._asdict()) for value in stated
    ]


def in_bulk(kind: Kind, stated: list[str | None], known: Known) -> list[Read | None]:
    keys, qualities = read_many(kind, pa.array(stated, pa.string()), table="relation", **known._asdict())
    pairs = zip(keys.to_pylist(), qualities.to_pylist(), strict=True)
    return [None if quality is None else Read(key, quality) for key, quality in pairs]


KNOWN = st.builds(
    Known,
    st.booleans(),
    st.sampled_from([AREA, None]),
    st.sampled_from([None, Day(2011, 2, 28), Day(1980, 12, 29), Day(2060, 1, 1)]),
)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=300)
@given(data=st.data(), known=KNOWN)
def test_a_column_reads_as_its_values_one_by_one(kind: Kind, data: st.DataObject, known: Known) -> None:
    stated = data.draw(values(kind))
    assert in_bulk(kind, stated, known) == one_by_one(kind, stated, known)


KIND_OF_COLUMN: dict[str, Kind] = {
    "name": "name", "id_number": "id_number", "birth_date": "date", "phone": "phone", "address": "address",
    "relation": "code", "household_number": "identifier", "community": "text",
}  # fmt: skip


@pytest.fixture(scope="module")
def city() -> pa.Table:
    return stated_records(residents=1500, seed=23, noise=4.0)


@pytest.mark.parametrize("column", KIND_OF_COLUMN)
@pytest.mark.parametrize("area", [AREA, None], ids=["area", "no area"])
def test_a_whole_messy_city_reads_as_its_values_one_by_one(
    city: pa.Table, column: str, area: Area | None
) -> None:
    kind, stated = KIND_OF_COLUMN[column], city.column(column).to_pylist()
    assert in_bulk(kind, stated, Known(area=area)) == one_by_one(kind, stated, Known(area=area))


@pytest.mark.parametrize(
    ("column", "shortcut"),
    [
        ("name", common_names),
        ("id_number", shaped_numbers),
        ("phone", plain_mobiles),
        ("address", split_addresses),
    ],
)
def test_even_of_a_messy_city_most_takes_the_short_way(
    city: pa.Table, column: str, shortcut: Callable[[pa.StringArray], Reads]
) -> None:
    stated = city.column(column).drop_null().combine_chunks()
    assert shortcut(stated).qualities.null_count < len(stated) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_and_notes_are_read_alike(kind: Kind) -> None:
    for stated in (
        [],
        [None],
        ["", " "],
        ["近" * LONGEST + "江路5号近江家园5幢301室"],
        ["'" * LONGEST + "11010519491231002X"],
    ):
        assert in_bulk(kind, stated, Known(area=AREA)) == one_by_one(kind, stated, Known(area=AREA))


@given(excluded=st.text(st.characters(min_codepoint=0x3000, max_codepoint=0xA100), max_size=20))
@example(excluded="一鿿")
def test_a_class_of_characters_holds_the_common_ones_but_those_excluded(excluded: str) -> None:
    allowed = re.compile(f"[{han_but(excluded)}]")
    for char in [*excluded, "一", "鿿", "㐀", "？", "王"]:
        assert bool(allowed.fullmatch(char)) == ("一" <= char <= "鿿" and char not in excluded)


def test_every_traditional_character_is_simplified_alone_as_in_company() -> None:
    table = traditional()
    assert table["張"] == "张" and len(table) > 4000
    assert simplified("".join(table)) == "".join(table.values())
