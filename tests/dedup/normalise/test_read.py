"""Laws that hold for every reader, whatever the text."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.normalise.area import Area, Estate
from dedup.normalise.read import Kind, Read, read

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
        Estate("金都·夏宫", "近江社区", "富春路", "18"),
        Estate("景芳三区", "景芳社区", "景芳路", "7"),
    ),
)
QUALITIES = {
    "name": {"ok", "masked", "partial", "newborn", "maiden", "latin", "several"},
    "id_number": {
        "ok",
        "ok_unknown_area",
        "len15",
        "truncated15",
        "checksum_fail",
        "placeholder",
        "masked",
        "foreign_doc",
    },
    "date": {"ok", "month", "year", "placeholder", "future"},
    "phone": {"ok", "landline", "masked", "placeholder", "short"},
    "address": {"ok", "building", "partial", "outside"},
    "code": {"ok", "unknown"},
    "flag": {"ok", "unknown"},
    "identifier": {"ok"},
    "text": {"ok"},
}
WORDS = [
    *"0123456789XxOl*?.-/·、;()#+ 　",
    *"王张李伟静某氏之子女妻門號棟一二三四〇十百零",
    *"年月日时期号幢栋座楼单元室户层区市县镇乡村路街巷弄社",
    "\u200b", "\ue863", "\ue001", "\ufeff", "\n", "\t", "¨", "\u0308", "Ⅻ", "①", "㎡", "ｱ", "𠮷", "豈", "\ud800",
    "街道", "社区", "近江家园", "近江路12号", "上城区", "杭州市", "朝阳区", "浙江省", "金都·夏宫", "景芳三区",
    "E+17", "00", "000", "1980", "138", "19800101", "330102", "无", "负一层", "组", "小区", "花园", "A座",
]  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(WORDS), max_size=14).map("".join),
    st.from_regex(r"[\d.\-*/年]{1,20}"),
)


def _read(kind: Kind, stated: str, numeric_cell: bool = False) -> Read:
    return read(kind, stated, numeric_cell=numeric_cell, area=AREA, table="relation")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=300)
@given(stated=TEXTS, numeric_cell=st.booleans())
def test_no_text_makes_a_reader_raise_and_every_quality_is_a_known_word(
    kind: Kind, stated: str, numeric_cell: bool
) -> None:
    found = _read(kind, stated, numeric_cell)
    assert found.quality in QUALITIES[kind] | {"empty", "none", "invalid"}
    assert found.key is None or (
        found.key and found.quality not in {"empty", "none", "invalid", "placeholder"}
    )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=300)
@given(stated=TEXTS)
@example(stated="近江家园5幢2单元301、302室")
@example(stated="330106******123")
@example(stated="阿卜杜热合曼 买买提")
@example(stated="NULL0")
@example(stated="不详2")
def test_reading_a_key_gives_the_key(kind: Kind, stated: str) -> None:
    found = _read(kind, stated)
    if found.key is not None:
        assert _read(kind, found.key).key == found.key


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150)
@given(
    stated=TEXTS,
    places=st.lists(st.integers(0, 40), max_size=3),
    invisible=st.sampled_from("\u200b\ufeff\u00ad"),
)
def test_invisible_characters_change_nothing(
    kind: Kind, stated: str, places: list[int], invisible: str
) -> None:
    sprinkled = stated
    for place in places:
        sprinkled = sprinkled[:place] + invisible + sprinkled[place:]
    assert _read(kind, sprinkled) == _read(kind, stated)


PLAIN: dict[Kind, st.SearchStrategy[str]] = {  # what a reader takes as it stands, without cleaning it first
    "name": st.one_of(
        st.lists(
            st.sampled_from(
                [*"王張李偉静某氏之子女妻門三丽〇", "先生", "宝宝", "無名", "不详", "户主", "欧阳"]
            ),
            min_size=1,
            max_size=5,
        ).map("".join),
        st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=5),
    ),
    "date": st.one_of(
        st.from_regex(r"\A[0-9]{1,15}\Z"), st.from_regex(r"\A(?:18|19|20|99)[0-9]{2}[01][0-9][0-3][0-9]\Z")
    ),
    "phone": st.from_regex(r"\A1[3-9](?:[0-9]{9}|([0-9])\1{8})(?:[;/]1[0-9]{10})?\Z"),
    "identifier": st.one_of(st.from_regex(r"\A[0-9A-Za-z]{1,12}\Z"), st.sampled_from(["null", "NA", "none"])),
}


@pytest.mark.parametrize("kind", PLAIN)
@settings(max_examples=400)
@given(data=st.data(), numeric_cell=st.booleans(), padding=st.sampled_from([" ", "\u200b", "\u3000"]))
def test_a_plain_value_reads_as_when_it_had_to_be_cleaned(
    kind: Kind, data: st.DataObject, numeric_cell: bool, padding: str
) -> None:
    stated = data.draw(PLAIN[kind])
    assert _read(kind, stated, numeric_cell) == _read(kind, padding + stated + padding, numeric_cell)


GOOD: dict[Kind, list[str]] = {
    "name": ["王伟", "欧阳小伟", "阿卜杜热合曼·买买提", "JOHN SMITH"],
    "id_number": ["11010519491231002X", "110105491231002", "330106********1234", "H12345678"],
    "date": ["1980-01-01", "1980/1/1", "1980.1.1", "19800101", "29221"],
    "phone": ["13812341234", "0571-88881234", "138****1234", "13812341234;88881234"],
    "address": [
        "近江家园5幢2单元301室",
        "近江家园5-2-301",
        "上城区阳光花园A座1202",
        "杭州市西湖区文三路138号1幢201",
    ],
    "code": ["02", "儿媳", "本人(户主)"],
    "flag": ["1", "Y", "TRUE"],
    "identifier": ["0012A-3"],
    "text": ["Foo Bar 12"],
}


@pytest.mark.parametrize(("kind", "stated"), [(kind, good) for kind in KINDS for good in GOOD[kind]])
def test_full_width_and_padded_spellings_read_alike(kind: Kind, stated: str) -> None:
    expected = _read(kind, stated)
    assert expected.key is not None
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in stated)
    for before, text, after in product(("", " ", "\u3000"), (stated, wide), ("", "\u00a0", "\t")):
        assert _read(kind, before + text + after) == expected


def test_a_coded_value_without_its_table_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="table"):
        read("code", "1")
