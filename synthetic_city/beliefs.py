"""What a platform believes about a person before anything is mistyped: true values, or last year's.

Belongs here: every field of `warehouse/fields.toml` as a value in normal form, seen by one platform.
Lives elsewhere: spoiling a value (`mistakes.py`), writing it into a cell (`exports.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from synthetic_city.addresses import Dwelling
from synthetic_city.cases import Case, family_phone
from synthetic_city.kinship import relation
from synthetic_city.people import Person, Town

Place = Dwelling | str | None


@dataclass(slots=True)
class View:
    """One person as one platform files it: under which household, and how old its knowledge is."""

    case: Case
    person: Person
    town: Town
    head: Person | None
    number: str  # the household's, at this platform
    home: int | None  # the dwelling the platform thinks the person lives in
    asleep: frozenset[str]  # fields of which it still holds last year's value
    updated: date


def address(view: View) -> Place:
    """The dwelling the platform believes in."""
    return view.town.homes_at(view.home) if view.home is not None else None


def registered_address(view: View) -> Place:
    """Where the person's book stands."""
    book = view.town.books[view.person.book]
    return view.town.homes_at(book.home) if book.home is not None else book.address


def grid_of(home: Dwelling) -> str:
    """The grid a dwelling belongs to.

    >>> grid_of(Dwelling("近江社区", "近江路", "12", "近江家园", "5", "2", "301"))
    '近江社区第2网格'
    """
    return f"{home.community}第{1 + int(home.building or 0) % 4}网格"


def _lived_in(view: View) -> Dwelling | None:
    return view.town.homes_at(view.home) if view.home is not None else None


def _phone(view: View) -> str | None:
    old = view.person.before.get("phone") if "phone" in view.asleep else None
    return old or view.person.phone


def _marital(view: View) -> str:
    old = view.person.before.get("marital") if "marital" in view.asleep else None
    return old or view.person.marital


def _known_death(view: View) -> bool:
    return view.person.died is not None and "death" not in view.asleep


def _known_leave(view: View) -> bool:
    return view.person.left is not None and "left" not in view.asleep


def _guardian(view: View) -> Person | None:
    if 18 <= view.case.age < 60:
        return None
    for number in view.town.families[view.person.family].members:
        other = view.town.people[number]
        if number != view.person.number and 20 <= other.age(view.town.today) <= 75:
            return other
    return None


def _guardian_name(view: View) -> str | None:
    guardian = _guardian(view)
    return guardian.name if guardian else None


def _relation(view: View) -> str | None:
    return relation(view.town, view.person.number, view.head.number) if view.head else None


BELIEFS: dict[str, Callable[[View], str | None]] = {
    "name": lambda view: view.person.name,
    "former_name": lambda view: view.person.former_name,
    "id_number": lambda view: view.person.id_number,
    "sex": lambda view: view.person.sex,
    "birth_date": lambda view: view.person.birth.isoformat(),
    "ethnic": lambda view: view.person.ethnic,
    "phone": _phone,
    "community": lambda view: home.community if (home := _lived_in(view)) else None,
    "grid": lambda view: grid_of(home) if (home := _lived_in(view)) else None,
    "household_number": lambda view: view.number,
    "head_name": lambda view: view.head.name if view.head else None,
    "head_id_number": lambda view: view.head.id_number if view.head else None,
    "relation": _relation,
    "marital": _marital,
    "education": lambda view: view.person.education,
    "political": lambda view: view.person.political,
    "employment": lambda view: view.person.employment,
    "employer": lambda view: view.person.employer,
    "hukou_type": lambda view: "20" if view.town.books[view.person.book].collective else "10",
    "residence_flag": lambda view: "1" if view.town.books[view.person.book].home == view.home else "0",
    "death_flag": lambda view: "1" if _known_death(view) else "0",
    "death_date": lambda view: (view.person.died or view.updated).isoformat() if _known_death(view) else None,
    "moved_out_flag": lambda view: "1" if _known_leave(view) else "0",
    "moved_out_date": lambda view: (
        (view.person.left or view.updated).isoformat() if _known_leave(view) else None
    ),
    "guardian": _guardian_name,
    "guardian_phone": lambda view: family_phone(view.town, view.person) if _guardian(view) else None,
    "disability_number": lambda view: view.person.disability,
    "updated_on": lambda view: view.updated.isoformat(),
}
