"""A person of the city, and what belongs to one person alone: ID number, phone, schooling, work.

Belongs here: the person, the registration book, and the values that follow from a person's age and origin.
Lives elsewhere: who lives with whom (`households.py`), what changes overnight (`events.py`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

from dedup.normalise.id_numbers import check_character
from synthetic_city import addresses, names
from synthetic_city.addresses import City
from synthetic_city.dice import Dice, Weighted

SINGLE, MARRIED, WIDOWED, DIVORCED = "10", "20", "30", "40"


@dataclass(slots=True)
class Person:
    """One person with true values. `before` holds what was true a year ago, where it differed."""

    number: int
    name: str
    sex: str
    birth: date
    ethnic: str
    family: int = -1  # came into the city together; indexes `Town.families`
    father: int | None = None
    mother: int | None = None
    spouse: int | None = None
    home: int | None = None  # see `Town.homes_at`; None: left the street
    book: int = -1  # indexes `Town.books`
    marital: str = SINGLE
    id_number: str | None = None
    former_name: str | None = None
    phone: str | None = None
    education: str = "90"
    political: str = "13"
    employment: str = "90"
    employer: str | None = None
    disability: str | None = None
    died: date | None = None
    left: date | None = None
    twin: int | None = None
    before: dict[str, Any] = field(default_factory=dict)

    @property
    def resident(self) -> str:
        """The person's name in the truth files."""
        return f"P{self.number:07d}"

    def age(self, today: date) -> int:
        """Completed years."""
        return today.year - self.birth.year - ((today.month, today.day) < (self.birth.month, self.birth.day))


@dataclass(slots=True)
class Book:
    """A registration book (户口簿): where it stands, the division its people got their numbers from, its head."""

    address: str
    home: int | None  # the dwelling, when it stands in this street
    code: str | None  # division code of a town far away; None: registered here
    collective: bool = False
    head: int = -1


@dataclass(slots=True)
class Family:
    """People who run one household: of which kind, and in which order they would write themselves down."""

    kind: str
    members: list[int]
    parents: int | None = None  # the family a grown child moved out of
    left: date | None = None


@dataclass(slots=True)
class Town:
    """Everything that is true on one day."""

    today: date
    city: City
    people: list[Person]
    families: list[Family]
    books: list[Book]
    numbers: set[str] = field(default_factory=set)  # first 17 characters of every ID number given out
    phones: set[str] = field(default_factory=set)
    heads: dict[int, int] = field(default_factory=dict)  # dwelling -> who is asked for first

    def homes_at(self, home: int) -> addresses.Dwelling:
        """The dwelling a person's `home` counts to: dormitories come last."""
        flats = self.city.dwellings
        return flats[home] if home < len(flats) else self.city.dormitories[home - len(flats)]


@cache
def facts() -> dict[str, Any]:
    """The household tables, read once."""
    return tomllib.loads(
        resources.files("synthetic_city").joinpath("households.toml").read_text(encoding="utf-8")
    )


def born(dice: Dice, today: date, low: int, high: int) -> date:
    """A birth date that makes a person between `low` and `high` years old today."""
    return today - timedelta(days=int((low + (high - low + 0.98) * dice.share()) * 365.25) + 1)


def id_number(dice: Dice, town: Town, person: Person) -> str:
    """A valid number nobody else has; a twin's follows the other twin's closely."""
    elder = town.people[person.twin].id_number if person.twin is not None else None
    if elder:
        front = elder[:14]
        series = [int(elder[14:17]) + step for step in range(1, 12)] + list(range(1, 999))
    else:
        front = _first_division(dice, town, person) + person.birth.strftime("%Y%m%d")
        series = [dice.whole(1, 989) for _ in range(40)]
    for number in series:
        first = f"{front}{number % 1000:03d}"
        if number % 2 == int(person.sex) % 2 and first not in town.numbers:
            town.numbers.add(first)
            return first + check_character(first)
    raise RuntimeError(f"no number is free for a birth date in division {front[:6]}")


def mobile(dice: Dice, town: Town) -> str:
    """A mobile number nobody else has."""
    while True:
        number = f"{dice.pick(facts()['person']['mobile_prefixes'])}{dice.whole(0, 99_999_999):08d}"
        if number not in town.phones:
            town.phones.add(number)
            return number


def own_phone(dice: Dice, town: Town, person: Person) -> str | None:
    """The phone a person has: none for a child, sometimes a landline or none for an elder."""
    rules, age = facts()["person"], person.age(town.today)
    if age < rules["mobile_from"]:
        return None
    if age > 70:
        throw = dice.share()
        if throw < rules["no_phone_elder"]:
            return None
        if throw < rules["no_phone_elder"] + rules["landline_elder"]:
            return f"{addresses.facts()['area']['phone_area_code']}-8{dice.whole(0, 9_999_999):07d}"
    return mobile(dice, town)


def settle(dice: Dice, town: Town, person: Person) -> None:
    """Give a person schooling, work, politics and the like, by age."""
    age, rules = person.age(town.today), facts()["person"]
    person.education = _education(dice, person.birth.year, age)
    person.employment, person.employer = _work(dice, person, age)
    if 14 <= age <= 27 and dice.chance(rules["league_member"]):
        person.political = "03"
    elif age > 20 and dice.chance(rules["party_member"]):
        person.political = "01"
    if age > 18 and dice.chance(facts()["family"]["former_name"]):
        person.former_name = _former_name(dice, person)
    if person.id_number and dice.chance(rules["disabled"]):
        person.disability = f"{person.id_number}{dice.pick('1234567')}{dice.pick('1234')}"


def _former_name(dice: Dice, person: Person) -> str:
    surname = names.surname_of(person.name)
    return surname + names.given_name(dice, person.birth.year - 10, person.sex)


def _first_division(dice: Dice, town: Town, person: Person) -> str:
    book = town.books[person.book]
    if book.code is not None and dice.chance(0.9):
        return book.code
    if book.code is None and dice.chance(facts()["registration"]["local_code"]):
        return str(dice.pick(addresses.facts()["local"]["codes"]))
    return str(dice.pick(addresses.facts()["town"])["code"])


def _education(dice: Dice, year: int, age: int) -> str:
    for limit, code in ((7, "90"), (13, "80"), (16, "70"), (19, "60")):
        if age < limit:
            return code
    return _education_shares(
        next(row["before"] for row in facts()["education"] if year < row["before"])
    ).pick(dice)


@cache
def _education_shares(before: int) -> Weighted[str]:
    return Weighted(next(row["codes"] for row in facts()["education"] if row["before"] == before))


def _work(dice: Dice, person: Person, age: int) -> tuple[str, str | None]:
    """Employment code and employer."""
    if age < 6:
        return "90", None
    if age < 22 and person.education not in ("70", "40"):
        return "31", None
    if age >= (60 if person.sex == "1" else 55):
        return "80", None
    code = dice.pick(("24", "24", "17", "17", "17", "13", "13", "54", "51", "70", "21", "11"))
    return code, None if code in ("70", "51", "54") else dice.pick(facts()["person"]["employers"])
