"""Identity numbers: a bad one never looks good, and what is inside a good one is found."""

from __future__ import annotations

from datetime import date as Day

import pyarrow as pa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dedup.normalise.id_numbers import (
    birth_date_of,
    birth_dates_of,
    check_character,
    id_number,
    sex_of,
    sexes_of,
)

AREAS = st.sampled_from(["330102", "110105", "340524", "652301", "810000", "830000"])
BIRTHS = st.dates(Day(1900, 1, 1), Day(2026, 1, 1))
SERIALS = st.integers(0, 999)
TRUSTED = {"ok", "ok_unknown_area"}


def _number(area: str, born: Day, serial: int) -> str:
    first17 = f"{area}{born:%Y%m%d}{serial:03}"
    return first17 + check_character(first17)


NUMBERS = st.builds(_number, AREAS, BIRTHS, SERIALS)


@given(number=NUMBERS)
def test_a_right_number_in_a_text_cell_is_ok_and_tells_birth_date_and_sex(number: str) -> None:
    assume(not number.endswith("000"))
    assert id_number(number) == (number, "ok")
    assert (birth_date_of(number) or "").replace("-", "") == number[6:14]
    assert sex_of(number) == ("1" if int(number[16]) % 2 else "2")


@given(digits=st.text("0123456789", min_size=17, max_size=17))
def test_the_check_character_is_the_one_of_the_standard(digits: str) -> None:
    powers = (2 ** (17 - place) * int(digit) for place, digit in enumerate(digits))
    assert (sum(powers) + "0123456789X".index(check_character(digits))) % 11 == 1


@given(number=st.one_of(NUMBERS, st.from_regex(r"\A[0-9]{17}[0-9X]\Z")), place=st.integers(0, 18))
def test_a_plain_number_reads_as_when_it_had_to_be_cleaned(number: str, place: int) -> None:
    for damage in (" ", "\u200b"):
        assert id_number(number) == id_number(number[:place] + damage + number[place:])


@given(number=NUMBERS, check=st.sampled_from("0123456789Xx×Ｘ"))
def test_a_wrong_check_character_is_never_ok(number: str, check: str) -> None:
    assume(number[17] != (check if check.isdigit() else "X"))
    assert id_number(number[:17] + check).quality in {"checksum_fail", "truncated15"}


@given(number=NUMBERS, place=st.integers(0, 17), digit=st.integers(0, 9))
def test_one_wrong_digit_is_never_ok(number: str, place: int, digit: int) -> None:
    wrong = number[:place] + str(digit) + number[place + 1 :]
    assume(wrong != number)
    assert id_number(wrong).quality not in TRUSTED


@given(number=NUMBERS, place=st.integers(0, 16))
def test_two_swapped_digits_are_never_ok(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assume(swapped != number)
    assert id_number(swapped).quality not in TRUSTED


@given(number=NUMBERS)
def test_a_number_cell_is_never_ok_and_keeps_what_a_spreadsheet_keeps(number: str) -> None:
    kept = number[:15] + "000"
    for stated in (number[:17] + "1", kept, kept + ".0", f"{number[0]}.{number[1:15]}E+17"):
        found = id_number(stated, numeric_cell=True)
        assert found == (number[:15], "truncated15"), stated


@given(number=NUMBERS)
def test_a_text_that_a_spreadsheet_cut_is_not_ok_even_when_its_check_agrees(number: str) -> None:
    assert id_number(number[:15] + "000").quality == "truncated15"


@given(number=NUMBERS.filter(lambda number: number[6:8] == "19" and not "996" <= number[14:17] <= "999"))
def test_the_old_number_is_upgraded_to_the_new_one(number: str) -> None:
    old = number[:6] + number[8:17]
    assume(old[6:8] not in ("19", "20"))  # read as the front of a new number
    assert id_number(old) == (number, "len15")


@given(number=NUMBERS, hidden=st.tuples(st.integers(0, 17), st.integers(1, 14)), star=st.sampled_from("*＊●"))
def test_a_number_with_hidden_characters_is_never_more_than_masked(
    number: str, hidden: tuple[int, int], star: str
) -> None:
    start, size = hidden
    stated = (number[:start] + star * size + number[start + size :])[:18]
    assert id_number(stated).quality in {"masked", "invalid"}


@given(number=NUMBERS, suffix=st.sampled_from(["11", "44", "72", "41B1"]))
@settings(max_examples=30)
def test_a_disability_certificate_gives_the_number_in_front(number: str, suffix: str) -> None:
    assert id_number(number + suffix) == id_number(number)


def test_a_birth_date_typed_into_the_column_is_no_document() -> None:
    assert id_number("19800101").quality == "invalid"
    assert id_number("98765432").quality == "foreign_doc"


@given(
    keys=st.lists(
        st.one_of(
            st.from_regex(r"\A[0-9]{6}(?:19|20)[0-9]{6}[0-9]{1,4}X?\Z"),
            st.from_regex(r"\A[0-9]{6}\*{8}[0-9]{3}[0-9X]\Z"),
            st.text(st.characters(exclude_categories=["Cs"]), min_size=14, max_size=19),
        )
    )
)
def test_a_column_of_numbers_holds_the_birth_dates_and_sexes_of_each(keys: list[str]) -> None:
    column = pa.array(keys, pa.string())
    assert birth_dates_of(column).to_pylist() == [birth_date_of(key) for key in keys]
    assert sexes_of(column).to_pylist() == [sex_of(key) for key in keys]
