"""Where people live and where they are registered: dwellings, books, numbers, phones, and what changed in the last year.

Belongs here: turning families into a town on one day. Lives elsewhere: making up the families (`households.py`),
the nights after (`events.py`).
"""

from __future__ import annotations

from datetime import date, timedelta

from synthetic_city import addresses
from synthetic_city.dice import Dice
from synthetic_city.households import add_families
from synthetic_city.kinship import UNRELATED
from synthetic_city.people import (
    WIDOWED,
    Book,
    Family,
    Person,
    Town,
    facts,
    id_number,
    mobile,
    own_phone,
    settle,
)

YEAR = 365


def found_town(seed: int, residents: int, today: date) -> Town:
    """A town with that many residents, everything true about them on that day, and what was true a year before."""
    dice = Dice(seed, "people")
    town = Town(today, addresses.unbuilt(), [], [], [])
    add_families(dice, town, residents)
    dormitories = sum(family.kind == "dormitory" for family in town.families)
    town.city = addresses.build(Dice(seed, "addresses"), len(town.families) - dormitories, dormitories)
    _house(dice, town)
    _register(dice, town)
    for person in town.people:
        if person.family >= 0:
            _equip(dice, town, person)
    _age_a_year(dice, town)
    name_heads(town)
    return town


def name_heads(town: Town) -> None:
    """Whom a platform asks for first, in each dwelling and in each book: the oldest grown-up of the core couple."""
    town.heads = {}
    for family in town.families:
        for number in family.members:
            person = town.people[number]
            if person.home is not None and person.died is None:
                town.heads.setdefault(person.home, number)
    for book in town.books:
        book.head = -1
    for person in sorted(residents(town), key=lambda one: (one.died is not None, _seniority(town, one))):
        if town.books[person.book].head < 0:
            town.books[person.book].head = person.number


def residents(town: Town) -> list[Person]:
    """Everybody a platform may hold: who lives here, who left, who died."""
    return [person for person in town.people if person.family >= 0]


def _seniority(town: Town, person: Person) -> tuple[int, int, int]:
    """Who heads a book: grown-ups before children, then in the order the family writes itself down."""
    return (
        person.age(town.today) < 18,
        person.family,
        town.families[person.family].members.index(person.number),
    )


def _house(dice: Dice, town: Town) -> None:
    """Give each family a dwelling; dormitories get theirs."""
    order = iter(dice.random.permutation(len(town.city.dwellings)).tolist())
    halls = iter(range(len(town.city.dwellings), len(town.city.dwellings) + len(town.city.dormitories)))
    for family in town.families:
        home = next(halls if family.kind == "dormitory" else order)
        for number in family.members:
            town.people[number].home = home
        if _wife_speaks(dice, town, family):
            family.members[:2] = family.members[1::-1]


def _wife_speaks(dice: Dice, town: Town, family: Family) -> bool:
    """Whether the second of a couple heads the household."""
    if family.kind in UNRELATED or len(family.members) < 2:
        return False
    couple = town.people[family.members[0]].spouse == family.members[1]
    return couple and not dice.chance(facts()["family"]["head_is_husband"])


def _register(dice: Dice, town: Town) -> None:
    for family in town.families:
        members = [town.people[number] for number in family.members]
        if family.kind == "dormitory":
            _register_dormitory(dice, town, members)
        elif family.kind == "shared_flat":
            _register_tenants(dice, town, members)
        else:
            _register_family(dice, town, family, members)


def _register_family(dice: Dice, town: Town, family: Family, members: list[Person]) -> None:
    rules, home = facts()["registration"], members[0].home
    throw = dice.share()
    if throw < rules["at_home"]:
        book = open_book(town, home)
    elif throw < rules["at_home"] + rules["elsewhere_in_street"]:
        book = open_book(town, dice.whole(0, len(town.city.dwellings) - 1))
    else:
        book = _far_book(dice, town)
    for person in members:
        person.book = book
    parents = town.families[family.parents].members if family.parents is not None else []
    if (family.kind == "former_spouse" and dice.chance(rules["former_spouse_stays"])) or (
        family.kind == "grown_child_nearby" and dice.chance(rules["stays_with_parents"])
    ):
        members[0].book = town.people[parents[0]].book
    elif (
        len(members) > 2 and members[1].sex == "2" and members[1].spouse and dice.chance(rules["wife_apart"])
    ):
        members[1].book = _far_book(dice, town)
    if family.kind == "three_generations" and dice.chance(rules["elders_apart"]):
        own = open_book(town, dice.whole(0, len(town.city.dwellings) - 1))
        for person in members:
            if person.age(town.today) > 55 and person.father is None:
                person.book = own


def _register_tenants(dice: Dice, town: Town, members: list[Person]) -> None:
    for person in members:
        local = dice.chance(facts()["registration"]["tenants_local"])
        person.book = (
            open_book(town, dice.whole(0, len(town.city.dwellings) - 1)) if local else _far_book(dice, town)
        )


def _register_dormitory(dice: Dice, town: Town, members: list[Person]) -> None:
    shared = open_book(town, members[0].home)
    town.books[shared].collective = True
    for person in members:
        here = dice.chance(facts()["registration"]["dormitory_book"])
        person.book = shared if here else _far_book(dice, town)


def open_book(town: Town, home: int | None) -> int:
    """A new book for a dwelling of the street."""
    address = addresses.full_address(town.homes_at(home)) if home is not None else ""
    town.books.append(Book(address, home, None))
    return len(town.books) - 1


def _far_book(dice: Dice, town: Town) -> int:
    place = dice.pick(addresses.facts()["town"])
    town.books.append(Book(addresses.far_address(dice, place["place"]), None, place["code"]))
    return len(town.books) - 1


def _equip(dice: Dice, town: Town, person: Person) -> None:
    if person.age(town.today) > 0 or not dice.chance(facts()["registration"]["newborn_without_number"]):
        person.id_number = id_number(dice, town, person)
    person.phone = own_phone(dice, town, person)
    settle(dice, town, person)


def _age_a_year(dice: Dice, town: Town) -> None:
    """Deaths, removals and new phones of the last year: what a platform that sleeps still believes."""
    rules = facts()["residence"]
    for family in town.families:
        if family.kind in ("dormitory", "former_spouse"):
            continue
        throw = dice.share()
        if throw < rules["left_last_year"]:
            family.left = town.today - timedelta(days=dice.whole(5, YEAR))
            for number in family.members:
                person = town.people[number]
                person.before["home"], person.home, person.left = person.home, None, family.left
        elif throw < rules["left_last_year"] + rules["moved_last_year"]:
            old = dice.whole(0, len(town.city.dwellings) - 1)
            for number in family.members:
                town.people[number].before["home"] = old
    for person in residents(town):
        if person.phone and dice.chance(rules["new_phone_last_year"]):
            person.before["phone"] = mobile(dice, town)
        if person.age(town.today) > 70 and person.left is None and dice.chance(rules["deceased_last_year"]):
            bury(town, person, town.today - timedelta(days=dice.whole(5, YEAR)))


def bury(town: Town, person: Person, day: date) -> None:
    """Record a death; the spouse is widowed."""
    person.died = day
    if person.spouse is not None and town.people[person.spouse].died is None:
        widowed = town.people[person.spouse]
        widowed.before.setdefault("marital", widowed.marital)
        widowed.marital, widowed.spouse = WIDOWED, None
