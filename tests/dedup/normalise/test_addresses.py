"""Addresses: one dwelling has one key, a key written out reads as itself, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.normalise.address_parts import Parts, parts_of
from dedup.normalise.addresses import address, dwelling_key, format_address
from dedup.normalise.area import Area, Estate

HOME = Estate("近江家园", "近江社区", "近江路", "12")
AREA = Area(
    "浙江省",
    "杭州市",
    "上城区",
    "望江街道",
    "330102",
    "0571",
    (HOME, Estate("采荷人家", "采荷社区", "采荷路", "5")),
)
CHINESE = "〇一二三四五六七八九"
NUMBERS = st.integers(1, 99).map(str)
PARTS = st.builds(
    Parts,
    district=st.sampled_from(["上城区", "朝阳区", "北京市朝阳区", "六安市霍邱县", "安徽省霍邱县"]),
    street=st.sampled_from(["", "望江街道", "建外街道"]),
    community=st.sampled_from(["", "近江社区", "光明社区"]),
    road=st.sampled_from(["文三路", "建国门外大街", "清泰巷"]),
    number=st.one_of(NUMBERS, st.just("12-3"), st.just("123弄")),
    estate=st.sampled_from(["", "阳光花园", "东方公寓", "采荷人家"]),
    phase=st.sampled_from(["", "1期", "东区", "A区"]),
    building=st.one_of(NUMBERS, st.sampled_from(["", "A", "B3", "甲", "12-1"])),
    unit=st.one_of(st.integers(1, 9).map(str), st.just("")),
    floor=st.sampled_from(["", "-1"]),
    room=st.one_of(st.integers(101, 3299).map(str), st.sampled_from(["", "402A", "402-1", "B101"])),
).map(lambda parts: parts if parts.estate else parts._replace(phase=""))


@settings(max_examples=300)
@given(parts=PARTS, area=st.sampled_from([AREA, None]))
def test_a_key_written_out_reads_as_itself(parts: Parts, area: Area | None) -> None:
    key = address(format_address("|".join(parts)), area).key
    assert key is not None
    assert address(format_address(key), area).key == key
    assert parts_of(key)[7:] == parts[7:]
    assert parts_of(key).district == parts.district


@given(building=st.integers(1, 60), unit=st.integers(1, 6), room=st.integers(101, 999))
def test_one_dwelling_has_one_key_in_every_spelling(building: int, unit: int, room: int) -> None:
    b, u, r = building, unit, room
    digits = "".join(CHINESE[int(digit)] for digit in str(r))
    spellings = [
        f"近江家园{b}幢{u}单元{r}室", f"近江家园{b}栋{u}单元{r}", f"近江家园{b}号楼{u}门{r}户", f"近江家园{b}-{u}-{r}",
        f"近江家园 {b} {u} {r}", f"近江家园{b}#{u}-{r}", f"近江家园小区{b}座{u}单元0{r}房", f"近江家園{b}棟{u}單元{digits}",
        f"近江路12号{b}幢{u}单元{r}室", f"浙江省杭州市上城区望江街道近江社区近江路12号近江家园{b}幢{u}单元{r}室",
        f"杭州上城区近江家园({b})幢({u})单元({r})室", f"近江家园{b}/{u}/{r}", f"近江家园{b}幢{u}单元{r}室（租）",
    ]  # fmt: skip
    keys = {address(spelling, AREA) for spelling in spellings}
    assert keys == {(f"上城区|望江街道|近江社区|近江路|12|近江家园||{b}|{u}||{r}", "ok")}


@pytest.mark.parametrize("front", ["朝阳区", "鼓楼区", "西湖区", "海州区", "江东区", "江干区"])
def test_a_bare_district_that_is_not_the_sites_own_stays_as_stated(front: str) -> None:
    found = address(f"{front}解放路88号5幢1单元301室", AREA)
    assert found.quality == "outside"
    assert parts_of(found.key or "").district == front
    assert parts_of(found.key or "").street == ""


def test_an_abolished_district_becomes_the_sites_own_only_with_proof() -> None:
    assert address("江干区近江家园5幢2单元301室", AREA).quality == "ok"
    assert address("宁波市江干区近江家园5幢2单元301室", AREA).quality == "outside"


def test_an_estate_elsewhere_is_not_completed_from_the_sites_list() -> None:
    found = address("北京市朝阳区近江家园5幢2单元301室", AREA)
    assert found == ("北京市朝阳区|||||近江家园||5|2||301", "outside")


def test_what_was_stated_is_not_overwritten_by_what_the_estate_implies() -> None:
    assert parts_of(address("光明社区近江路14号近江家园5幢301", AREA).key or "")[:6] == (
        "上城区", "望江街道", "光明社区", "近江路", "14", "近江家园",
    )  # fmt: skip


def test_two_estates_of_one_name_are_not_told_apart_by_guessing() -> None:
    twice = Area(
        "浙江省",
        "杭州市",
        "上城区",
        "望江街道",
        "330102",
        "0571",
        (HOME, Estate("近江家园", "别的社区", "别路", "9")),
    )
    assert address("近江家园5幢301", twice).key == "上城区|||||近江家园||5|||301"


@pytest.mark.parametrize(
    ("stated", "named"),
    [
        ("近江家园5幢2单元301室", "上城区|近江家园|5|2|301"),
        ("文三路138号301室", "上城区|文三路138|||301"),
        ("近江家园5幢", None),
        ("近江家园301室", None),
        ("5幢2单元301室", None),
    ],
)
def test_a_dwelling_is_named_only_when_it_is_one(stated: str, named: str | None) -> None:
    assert dwelling_key(address(stated, AREA).key or "||||||||||") == named


@pytest.mark.parametrize("stated", ["301", "12345", "abc", "(租)", "？？", "5"])
def test_a_text_that_names_no_place_is_not_completed_into_one(stated: str) -> None:
    assert address(stated, AREA).key is None
