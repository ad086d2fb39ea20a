"""Whom a mistake can happen to: the person, the family around, and groups such as children or elders.

Belongs here: the case a mistake is made in, and questions about it. Lives elsewhere: the mistakes (`mistakes.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from synthetic_city import names
from synthetic_city.catalogue import alike
from synthetic_city.dice import Dice
from synthetic_city.people import Person, Town


@dataclass(slots=True)
class Case:
    """Whom a mistake happens to: the person in the town, and the platform's chance."""

    dice: Dice
    town: Town
    person: Person
    age: int


def family_phone(town: Town, person: Person) -> str | None:
    """The phone of a grown-up of the same family other than the person."""
    if town.families[person.family].kind in ("shared_flat", "dormitory"):
        return None
    for number in town.families[person.family].members:
        other = town.people[number]
        if number != person.number and other.phone and 20 <= other.age(town.today) <= 70:
            return other.phone
    return None


def parent_of(case: Case) -> Person | None:
    """A parent who lives in the city, the father first."""
    for number in (case.person.father, case.person.mother):
        if number is not None and case.town.people[number].family >= 0:
            return case.town.people[number]
    return None


@cache
def rare_characters() -> frozenset[str]:
    """Characters that many systems cannot type."""
    return frozenset(names.facts()["given"]["rare_characters"])


AMONG: dict[str, Callable[[str, Case], bool]] = {
    "variant_surname": lambda value, _case: value[0] in alike("surname_variants"),
    "renamed": lambda _value, case: case.person.former_name is not None,
    "rare": lambda value, _case: not rare_characters().isdisjoint(value),
    "newborn": lambda _value, case: case.age == 0,
    "old_women": lambda _value, case: case.age > 75 and case.person.sex == "2" and case.person.ethnic == "01",
    "two_characters": lambda value, _case: len(value) == 2,
    "dotted": lambda value, _case: "·" in value,
    "children": lambda _value, case: case.age < 14,
    "born_before_1990": lambda _value, case: case.person.birth.year < 1990,
    "ends_in_x": lambda value, _case: value.endswith("X"),
    "day_to_12": lambda value, _case: int(value[8:]) <= 12 and value[5:7] != value[8:],
    "elders": lambda _value, case: case.age >= 60,
    "children_and_elders": lambda _value, case: case.age < 18 or case.age >= 65,
}
