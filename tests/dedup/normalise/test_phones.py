"""Telephone numbers: one number in every grouping, and none made up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dedup.normalise.area import Area
from dedup.normalise.phones import phone

AREA = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571")
MOBILES = (
    st.integers(15_000_000_001, 19_999_999_998).map(str).filter(lambda digits: phone(digits).quality == "ok")
)


@given(number=MOBILES)
def test_one_number_in_every_grouping_gives_one_key(number: str) -> None:
    a, b, c = number[:3], number[3:7], number[7:]
    forms = (
        f"+86{number}",
        f"0086 {a} {b} {c}",
        f"{a}-{b}-{c}",
        f"{a} {b}{c}",
        f"{number}.0",
        f"0{number}",
        f"手机：{number}(本人)",
    )
    for stated in forms:
        assert phone(stated, AREA) == (number, "ok"), stated


@given(number=MOBILES, place=st.integers(0, 10))
def test_a_number_with_a_digit_too_few_or_too_many_is_never_ok(number: str, place: int) -> None:
    assert phone(number[:place] + number[place + 1 :]).quality != "ok"
    assert phone("9" + number).quality != "ok"


@given(number=MOBILES)
def test_a_hidden_number_is_never_ok(number: str) -> None:
    assert phone(number[:3] + "****" + number[7:]) == (number[:3] + "****" + number[7:], "masked")
    assert phone(number[:3] + "********").quality == "invalid"


@given(first=MOBILES, second=MOBILES, between=st.sampled_from([";", "；", "、", "/", ",", " ", "\n", "  "]))
def test_several_numbers_are_kept_in_order_and_once(first: str, second: str, between: str) -> None:
    assert phone(first + between + second).key == ";".join(dict.fromkeys([first, second]))
    assert phone(f"88881234{between}{first}", AREA).key == f"{first};0571-88881234"


def test_without_an_area_a_local_number_stays_local() -> None:
    assert phone("88881234") == ("88881234", "landline")
