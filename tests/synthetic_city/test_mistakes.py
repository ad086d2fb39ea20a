"""Each mistake does what its story says, as often as its rate says."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from synthetic_city import misplaced
from synthetic_city.addresses import City, Dwelling, unbuilt
from synthetic_city.beliefs import View
from synthetic_city.cases import AMONG, Case, family_phone
from synthetic_city.catalogue import catalogue, rate_of
from synthetic_city.dice import Dice
from synthetic_city.mistakes import FUNCTIONS, menu, spoil
from synthetic_city.people import Book, Family, Person, Town

CASES = tomllib.loads((Path(__file__).parent / "mistakes.toml").read_text(encoding="utf-8"))["case"]
LINES = [
    (field, name)
    for field, lines in catalogue().items()
    if field not in ("tables", "address")
    for name in lines
]
HOME = Dwelling("近江社区", "近江路", "12", "近江家园", "5", "2", "301")


def _case(seed: int = 7) -> Case:
    """A father, a mother and their small child, in one flat."""
    father = Person(
        0, "张松", "1", date(1988, 4, 10), "01", family=0, home=0, book=0, id_number="610724198804104518"
    )
    mother = Person(1, "王玥", "2", date(1990, 5, 2), "01", family=0, home=0, book=0, phone="13963549469")
    child = Person(2, "张一诺", "2", date(2026, 1, 10), "01", family=0, father=0, mother=1, home=0, book=0)
    city = City(unbuilt().area, (HOME,), ())
    books = [Book("安徽省宣城市泾县石坪镇东村8号", None, "341823")]
    town = Town(
        date(2026, 11, 16), city, [father, mother, child], [Family("couple_children", [0, 1, 2])], books
    )
    return Case(Dice(seed, "mistakes"), town, child, child.age(town.today))


def test_every_line_of_the_catalogue_has_its_function_and_every_function_its_line() -> None:
    assert {f"{field}.{name}" for field, name in LINES} == set(FUNCTIONS)
    assert set(catalogue()["address"]) == set(misplaced.FUNCTIONS)
    named = {line["among"] for field, name in LINES if "among" in (line := catalogue()[field][name])}
    assert named == set(AMONG)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["story"])
def test_a_mistake_turns_the_true_value_into_one_of_these(case: dict[str, Any]) -> None:
    met = {FUNCTIONS[case["mistake"]](case["true"], _case(seed)) for seed in range(40)}
    assert met <= {None if value == "" else value for value in case["stated"]}


@pytest.mark.parametrize(
    ("mistake", "true"),
    [
        ("name.homophone", "王静"),
        ("name.look_alike", "王静"),
        ("id_number.wrong_digit", "330102199405159331"),
        ("id_number.swapped", "330102199405159331"),
        ("birth_date.year_slip", "1994-02-28"),
        ("birth_date.day_slip", "1994-03-01"),
        ("birth_date.lunar", "1950-03-01"),
        ("phone.wrong_digit", "13963549469"),
    ],
)
def test_a_slip_is_never_the_true_value_and_keeps_its_length(mistake: str, true: str) -> None:
    for seed in range(60):
        stated = FUNCTIONS[mistake](true, _case(seed))
        assert stated != true
        assert isinstance(stated, str)
        assert len(stated) == len(true)


@pytest.mark.parametrize("noise", [1.0, 3.0])
def test_mistakes_happen_at_their_rates_and_one_at_a_time(noise: float, fits: Callable[..., None]) -> None:
    trials, case = 20_000, _case()
    lines = menu("phone", typing=False, careless=1.0, noise=noise, own={})
    stated = [spoil("13812345678", case, lines) for _ in range(trials)]
    by_rate = {line.name: line.rate for line in lines}
    fits(sum(one is None for one in stated), trials, by_rate["left_out"])
    fits(sum(one == "13963549469" for one in stated), trials, by_rate["familys"])
    fits(sum(str(one).startswith("8") for one in stated), trials, by_rate["landline"])


def test_noise_multiplies_mistakes_but_not_what_a_form_does_not_ask() -> None:
    assert rate_of("name", "homophone", 1.0, 4.0, {}) == 4 * rate_of("name", "homophone", 1.0, 1.0, {})
    assert rate_of("id_number", "left_out", 1.0, 4.0, {}) == rate_of("id_number", "left_out", 1.0, 1.0, {})


def test_a_platforms_own_rate_replaces_the_catalogues() -> None:
    assert rate_of("name", "note", 3.0, 2.0, {"name.note": 0.1}) == pytest.approx(0.2)


def test_no_mistake_happens_without_rates() -> None:
    for field in ("name", "id_number", "birth_date", "phone", "sex"):
        none = menu(field, typing=False, careless=0.0, noise=1.0, own={})
        assert (
            spoil("true value 12", _case(), tuple(m for m in none if m.happens_to is None)) == "true value 12"
        )


def test_addresses_lose_parts_or_become_the_registered_one() -> None:
    case = _case()
    view = View(case, case.person, case.town, None, "1", 0, frozenset(), date(2026, 1, 1))
    stated = {name: make(HOME, view) for name, make in misplaced.FUNCTIONS.items()}
    assert stated["registered_instead"] == "安徽省宣城市泾县石坪镇东村8号"
    assert stated["without_unit"] == Dwelling("近江社区", "近江路", "12", "近江家园", "5", "", "301")
    assert stated["without_room"] == Dwelling("近江社区", "近江路", "12", "近江家园", "5", "", "")
    assert stated["left_out"] is None
    wrong = stated["wrong_room"]
    assert isinstance(wrong, Dwelling)
    assert wrong.room in ("300", "302")


def test_a_family_phone_is_never_a_flat_mates() -> None:
    case = _case()
    assert family_phone(case.town, case.person) == "13963549469"
    case.town.families[0].kind = "shared_flat"
    assert family_phone(case.town, case.person) is None
