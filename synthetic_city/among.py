"""Which people a platform is about: members of the Party, children to vaccinate, people who died.

Belongs here: the groups that `habits.toml` names under `among`. What is asked of a person is what is true.
Lives elsewhere: how many of a group a platform holds (`habits.py`), filling it (`exports.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from synthetic_city.people import Person, Town

Belongs = Callable[[Town, Person], bool]


def _aged(youngest: int, oldest: int) -> Belongs:
    return lambda town, person: youngest <= person.age(town.today) <= oldest


def _women(youngest: int, oldest: int) -> Belongs:
    return lambda town, person: person.sex == "2" and youngest <= person.age(town.today) <= oldest


def _head(town: Town, person: Person) -> bool:
    """Whether a platform that keeps one row a household keeps this person's: whom one asks for behind the door."""
    return person.home is not None and town.heads.get(person.home) == person.number


def _from_elsewhere(town: Town, person: Person) -> bool:
    return town.books[person.book].code is not None


def _young_man(town: Town, person: Person) -> bool:
    return person.sex == "1" and 18 <= person.age(town.today) <= 24


def _graduate(town: Town, person: Person) -> bool:
    """Whether somebody may have left a college in the last years."""
    return 20 <= person.age(town.today) <= 27 and person.education[:1] in ("1", "2", "3")


GROUPS: dict[str, Belongs] = {
    "party": lambda _town, person: person.political in ("01", "02"),
    "dead": lambda _town, person: person.died is not None,
    "disabled": lambda _town, person: person.disability is not None,
    "newborn": _aged(0, 0),
    "infants": _aged(0, 3),
    "children": _aged(0, 14),
    "pupils": _aged(6, 18),
    "grown_up": _aged(18, 120),
    "working_age": _aged(16, 59),
    "employed": lambda _town, person: person.employer is not None,
    "jobless": lambda town, person: person.employment == "70" and person.age(town.today) < 60,
    "retired": lambda _town, person: person.employment == "80",
    "over_65": _aged(65, 120),
    "over_80": _aged(80, 120),
    "women_15_49": _women(15, 49),
    "married": lambda _town, person: person.spouse is not None,
    "heads": _head,
    "from_elsewhere": _from_elsewhere,
    "starters": _aged(5, 6),
    "league": lambda _town, person: person.political == "03",
    "women": _women(18, 120),
    "conscripts": _young_man,
    "graduates": _graduate,
}
