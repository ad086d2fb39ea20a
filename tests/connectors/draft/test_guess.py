"""One best assignment: what values and rows say where headers do not."""

from __future__ import annotations

from connectors.draft.aliases import knowledge
from connectors.draft.guess import columns_of, guess
from connectors.draft.profile import Profile
from dedup.normalise.id_numbers import check_character


def numbered(born: str, serial: int) -> str:
    first = f"330102{born}{serial:03}"
    return first + check_character(first)


BORN = ["19800102", "19751130", "20010506", "19990909", "19601212", "19850317", "19920711", "20100101"]
NAMES = ["王伟", "李娜", "张敏", "刘洋", "陈静", "杨军", "赵磊", "周婷"]
NUMBERS = [numbered(born, 110 + at) for at, born in enumerate(BORN)]


def found(**columns: list[str]) -> dict[str, str | None]:
    """What columns with headers that say nothing are, by their values."""
    profiles = {name: Profile(tuple(texts), (False,) * len(texts)) for name, texts in columns.items()}
    return {choice.header: choice.field for choice in guess(columns_of(profiles, knowledge(), {}))}


def test_who_somebody_is_shows_in_the_values():
    phones = [f"138{at}5120{at}31" for at in range(8)]

    assert found(q1=NAMES, q2=NUMBERS, q3=phones) == {"q1": "name", "q2": "id_number", "q3": "phone"}


def test_the_birth_date_is_the_one_inside_the_id_number():
    joined = ["20190101", "20200202", "20210303", "20220404", "20230505", "20240606", "20250707", "20250808"]
    answer = found(q1=NAMES, q2=NUMBERS, q3=joined, q4=BORN)

    assert answer["q4"] == "birth_date"
    assert answer["q3"] != "birth_date"


def test_two_columns_never_claim_one_field():
    phones = [f"138{at}5120{at}31" for at in range(8)]
    answer = found(q1=NAMES, q2=phones, q3=[phone.replace("138", "139") for phone in phones])

    assert sorted(filter(None, answer.values())) == ["name", "phone"]


def test_numbers_that_go_with_the_sexes_are_the_sex():
    sexes = ["1" if int(number[16]) % 2 else "0" for number in NUMBERS]

    assert found(q1=NAMES, q2=NUMBERS, q3=sexes)["q3"] == "sex"


def test_the_head_of_a_household_repeats():
    heads = [NAMES[0]] * 3 + [NAMES[3]] * 2 + [NAMES[5]] * 3

    assert found(q1=heads, q2=NAMES, q3=NUMBERS) == {"q1": "head_name", "q2": "name", "q3": "id_number"}


def test_an_id_number_cut_by_a_spreadsheet_is_still_one():
    cut = [number[:15] + "000" for number in NUMBERS]

    assert found(q1=NAMES, q2=cut)["q2"] == "id_number"


def test_dates_are_no_telephones_and_no_addresses():
    days = [f"2025-0{at + 1}-1{at}" for at in range(8)]

    assert found(q1=NAMES, q2=days)["q2"] not in ("phone", "address")


def test_eighteen_digits_without_a_birth_date_are_no_id_number():
    codes = [f"3301020011000{at:05}" for at in range(8)]

    assert found(q1=NAMES, q2=codes)["q2"] != "id_number"
