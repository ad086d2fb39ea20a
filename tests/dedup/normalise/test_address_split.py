"""Splitting an address is only a faster way: whatever stands in front, it reads as when it is read whole."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.normalise.address_split import DOORS, STAND_INS, split_of
from dedup.normalise.addresses import _whole, address, read_front
from dedup.normalise.area import Area, Estate
from dedup.normalise.gazetteer import gazetteer_of

AREA = Area(
    province="浙江省",
    city="杭州市",
    district="上城区",
    street="望江街道",
    division_code="330102",
    phone_area_code="0571",
    estates=(
        Estate("近江家园", "近江社区", "近江路", "12"),
        Estate("景芳三区", "景芳社区", "景芳路", "7"),
        Estate("采荷人家5幢", "采荷社区", "采荷路", "5"),
        Estate("东苑小区", "采荷社区", "里仁坊里", "345"),
        Estate("1号公馆", "", "987路", "1"),
    ),
)
PLACES = [
    "浙江省", "杭州市", "上城区", "江干区", "北京市", "朝阳区", "望江街道", "上桥镇", "近江社区", "龙沟村", "近江路", "采荷路", "987路",
    "里仁坊里", "12号", "5号", "123弄", "4号", "3组", "近江家园", "采荷人家", "景芳三区", "景芳", "东苑", "阳光花园", "1号公馆",
]  # fmt: skip
TRAPS = [
    "东", "甲", "北区", "二期", "A座", "5幢", "3层", "3楼", "2单元", "负", "地下", "门", "单", "座", "三", "十", "两", "○", "(", "*", "-", " ",
    "|", "路", "弄", "里", "线", "区", "镇", "村", "组", "栋梁", "5", "0", "大院", "附", "園", "棟", "号楼", "\u200b",
]  # fmt: skip
FRONTS = st.one_of(
    st.tuples(*(st.sampled_from(["", word]) for word in ("杭州市", "上城区", "近江社区", "近江路12号", "近江家园"))).map("".join),
    st.lists(st.sampled_from(PLACES + TRAPS), max_size=5).map("".join),
)  # fmt: skip
BUILDINGS = ["", "5幢", "12栋", "107座", "3号楼", "5-", "45#", "0幢", "五幢"]
UNITS = ["", "2单元", "12单元", "二单元", "65-", "2门"]
ROOMS = [
    "",
    "301",
    "301室",
    "0301室",
    "1203",
    "三〇一",
    "一二〇四室",
    "六零二",
    "345",
    "12",
    "301户",
    "30101",
]
ENDINGS = st.tuples(*map(st.sampled_from, (BUILDINGS, UNITS, ROOMS))).map("".join)
AREAS = st.sampled_from([AREA, None])
STREETS = [
    "望江路",
    "采荷路",
    "12号路",
    "三号路",
    "里仁坊里",
    "北弄",
    "龙沟村",
    "3组",
    "上桥镇",
    "阳光花园",
    "附",
    "甲",
    "12-",
    "5",
]


@settings(max_examples=1500)
@given(front=FRONTS, ending=ENDINGS, area=AREAS)
@example(
    front="江干区采荷人家", ending="5幢1203", area=AREA
)  # only with this number a name of the area's own list
@example(front="近江东", ending="5幢301", area=AREA)  # 东5幢, but 东 and 987幢
@example(front="近江家园3层", ending="301室", area=AREA)  # a floor that only some rooms repeat
@example(front="近江家园地下", ending="六〇一", area=None)  # 地下一 is a floor, 地下六 is not
def test_an_address_that_is_split_reads_as_when_it_is_read_whole(
    front: str, ending: str, area: Area | None
) -> None:
    book = gazetteer_of(area) if area else None
    assert address(front + ending, area) == _whole(front + ending, book)


@settings(max_examples=1500)
@given(
    before=st.lists(st.sampled_from(PLACES[:10] + STREETS), max_size=4).map("".join),
    door=st.one_of(st.integers(1, 9999).map(str), st.sampled_from(["4", "9087", "01", "10000", "三", "1-2"])),
    behind=st.lists(st.sampled_from(["阳光花园", "1号公馆", "附2号", "院内", "景芳", *TRAPS]), max_size=2).map("".join),
    ending=ENDINGS,
)  # fmt: skip
@example(before="望江路", door="345", behind="", ending="345")
@example(before="里仁坊里", door="12", behind="楼", ending="301")
@example(before="近江东路4弄", door="9", behind="阳光花园", ending="5幢301室")
def test_a_street_read_once_reads_as_door_by_door(before: str, door: str, behind: str, ending: str) -> None:
    stated = f"{before}{door}号{behind}{ending}"
    assert address(stated) == _whole(stated, None)


@settings(max_examples=500)
@given(front=FRONTS, ending=ENDINGS, place=st.integers(0, 30), damage=st.sampled_from(TRAPS), area=AREAS)
def test_a_damaged_address_reads_as_when_it_is_read_whole(
    front: str, ending: str, place: int, damage: str, area: Area | None
) -> None:
    stated = (front + ending)[:place] + damage + (front + ending)[place:]
    assert address(stated, area) == _whole(stated, gazetteer_of(area) if area else None)


@pytest.mark.parametrize("area", [AREA, None])
@pytest.mark.parametrize(
    "front", ["上城区近江路12号近江家园", "近江家园", "阳光花园", "北京市朝阳区建国路88号阳光花园"]
)
@pytest.mark.parametrize(
    "ending", ["5幢2单元301室", "5栋2单元301", "5号楼二单元三〇一", "5幢0301室", "5-301", "5-2-301", "5座", "12号楼1201"]
)  # fmt: skip
def test_what_people_write_most_is_split(front: str, ending: str, area: Area | None) -> None:
    split = split_of(front + ending)
    assert split is not None
    assert split[0] == front
    assert read_front(front, split[1].forms, gazetteer_of(area) if area else None) is not None


def test_the_stand_ins_share_neither_digits_nor_lengths() -> None:
    short, long = ((*numbers, door) for numbers, door in zip(STAND_INS, DOORS, strict=True))
    assert not set("".join(short)) & set("".join(long))
    assert all(len(left) < len(right) for left, right in zip(short, long, strict=True))
