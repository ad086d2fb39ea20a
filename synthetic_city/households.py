"""Who lives with whom: couples, children, elders, shared flats and dormitories, and whose children they are.

Belongs here: making up families of each kind. Lives elsewhere: dwellings, registration books and numbers of the people
made here (`settling.py`), what one person is like (`people.py`), what two people are to each other (`kinship.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from synthetic_city import names
from synthetic_city.dice import Dice, Weighted
from synthetic_city.kinship import FEMALE, MALE
from synthetic_city.people import DIVORCED, MARRIED, WIDOWED, Family, Person, Town, born, facts

Maker = Callable[[Dice, Town], list[Person]]


def add_family(dice: Dice, town: Town, kind: str, maker: Maker, parents: int | None = None) -> Family:
    """One more household in the town."""
    members = maker(dice, town)
    family = Family(kind, [person.number for person in members], parents)
    for person in members:
        person.family = len(town.families)
    town.families.append(family)
    return family


def add_families(dice: Dice, town: Town, residents: int) -> None:
    """Households of all kinds until the town has its residents, dormitories included."""
    rules = facts()["residence"]
    sizes = [
        dice.whole(
            rules["dormitory"][0], max(rules["dormitory"][0], min(rules["dormitory"][1], residents // 40))
        )
        for _ in range(round(residents / rules["people_per_dormitory"]))
    ]
    for size in sizes:
        add_family(dice, town, "dormitory", _dormitory(size))
    kinds, known, counted = Weighted(facts()["kinds"]), 0, 0
    while (counted := counted + sum(len(f.members) for f in town.families[known:])) < residents:
        known = len(town.families)
        kind = kinds.pick(dice)
        add_family(dice, town, kind, MAKERS[kind])
        if kind == "divorced_parent":
            _former_spouse(dice, town)
        elif kind == "elder_couple" and dice.chance(facts()["family"]["children_move_nearby"]):
            _grown_child_nearby(dice, town)


def add_person(
    dice: Dice, town: Town, low: int, high: int, sex: str | None = None, surname: str | None = None
) -> Person:
    """A person between two ages, of a drawn ethnic group."""
    sex = sex or (MALE if dice.chance(facts()["family"]["boys"]) else FEMALE)
    birth = born(dice, town.today, max(low, 0), max(high, low, 0))
    ethnic = names.HAN if surname else names.ethnic_group(dice)
    person = Person(
        number=len(town.people),
        name=names.full_name(dice, birth.year, sex, ethnic, surname),
        sex=sex,
        birth=birth,
        ethnic=ethnic,
    )
    town.people.append(person)
    return person


def marry(one: Person, other: Person) -> None:
    """Make two people a couple."""
    one.spouse, other.spouse = other.number, one.number
    one.marital = other.marital = MARRIED


def add_child(
    dice: Dice, town: Town, father: Person, mother: Person, days_old: int, elder: Person | None = None
) -> Person:
    """A child born so many days ago, named after the father and, now and then, like an elder child."""
    rules = facts()["family"]
    sex = MALE if dice.chance(rules["boys"]) else FEMALE
    birth = town.today - timedelta(days=days_old)
    child = Person(
        number=len(town.people),
        name=_child_name(dice, father, mother, sex, birth.year, elder),
        sex=sex,
        birth=birth,
        ethnic=father.ethnic,
        father=father.number,
        mother=mother.number,
    )
    town.people.append(child)
    return child


def add_children(dice: Dice, town: Town, father: Person, mother: Person, oldest: int) -> list[Person]:
    """A couple's children, none older than `oldest`; now and then a delivery brings twins."""
    rules = facts()["family"]
    wanted = int(Weighted(rules["children"]).pick(dice))
    youngest_parent = min(father.age(town.today), mother.age(town.today))
    most = max(0, min(oldest, youngest_parent - 20))
    least = max(0, mother.age(town.today) - 42)
    days = sorted(
        (int((least + (most + 0.9 - min(least, most)) * dice.share()) * 365.25) + 1 for _ in range(wanted)),
        reverse=True,
    )
    children: list[Person] = []
    for place, old in enumerate(days):
        if place and days[place - 1] - old < 400:
            continue  # too soon after the last one
        child = add_child(dice, town, father, mother, old, children[-1] if children else None)
        children.append(child)
        if dice.chance(rules["twin_deliveries"]):
            children.append(add_twin(dice, town, child))
    return children


def add_twin(dice: Dice, town: Town, child: Person) -> Person:
    """The other of two twins."""
    father, mother = town.people[child.father or 0], town.people[child.mother or 0]
    twin = add_child(dice, town, father, mother, (town.today - child.birth).days)
    if not names.is_dotted(twin.ethnic) and len(child.name) > 2:
        surname = names.surname_of(child.name)
        twin.name = surname + names.sibling_name(dice, child.name[len(surname) :], child.birth.year, twin.sex)
    while twin.name == child.name:
        twin.name = _child_name(dice, father, mother, twin.sex, twin.birth.year, None)
    twin.twin, child.twin = child.number, twin.number
    return twin


def _child_name(dice: Dice, father: Person, mother: Person, sex: str, year: int, elder: Person | None) -> str:
    if names.is_dotted(father.ethnic):
        return names.full_name(dice, year, sex, father.ethnic, father.name.split("·")[0])
    rules = facts()["family"]
    takes_mothers = dice.chance(rules["mothers_surname"]) and not names.is_dotted(mother.ethnic)
    surname = names.surname_of(mother.name if takes_mothers else father.name)
    if elder is not None:
        given = elder.name[len(names.surname_of(elder.name)) :]
        throw = dice.share()
        if throw < rules["homophone_sibling"]:
            alike = names.homophone_name(dice, elder.name)
            return (
                surname + alike[len(names.surname_of(elder.name)) :] if alike != elder.name else alike + "宁"
            )
        if throw < rules["homophone_sibling"] + rules["shared_character"] and len(given) > 1:
            return surname + names.sibling_name(dice, given, year, sex)
    name = surname + names.given_name(dice, year, sex)
    return (
        name if elder is None or name != elder.name else _child_name(dice, father, mother, sex, year, elder)
    )


def _single(low: int, high: int) -> Maker:
    def make(dice: Dice, town: Town) -> list[Person]:
        person = add_person(dice, town, low, high)
        if low > 60 and dice.chance(0.75):
            person.marital = WIDOWED
        return [person]

    return make


def _couple(dice: Dice, town: Town, low: int, high: int, surname: str | None = None) -> list[Person]:
    husband = add_person(dice, town, low, high, MALE, surname)
    age = husband.age(town.today)
    wife = add_person(dice, town, max(20, age - 6), max(20, age + 2), FEMALE)
    marry(husband, wife)
    return [husband, wife]


def _plain_couple(low: int, high: int) -> Maker:
    return lambda dice, town: _couple(dice, town, low, high)


def _couple_children(dice: Dice, town: Town) -> list[Person]:
    husband, wife = _couple(dice, town, 26, 50)
    return [husband, wife, *add_children(dice, town, husband, wife, 21)]


def _divorced_parent(dice: Dice, town: Town) -> list[Person]:
    husband, wife = _couple(dice, town, 30, 52)
    children = add_children(dice, town, husband, wife, 18)
    husband.marital = wife.marital = DIVORCED
    husband.before["marital"] = wife.before["marital"] = MARRIED
    husband.spouse = wife.spouse = None
    return [husband if dice.chance(0.3) else wife, *children]


def _former_spouse(dice: Dice, town: Town) -> None:
    """The other parent of the last family, in a household of one."""
    family = town.families[-1]
    child = town.people[family.members[1]]
    gone = child.father if family.members[0] == child.mother else child.mother
    gone_person = town.people[gone or 0]
    add_family(
        dice, town, "former_spouse", lambda _dice, _town: [gone_person], parents=len(town.families) - 1
    )


def _three_generations(dice: Dice, town: Town) -> list[Person]:
    elders = _couple(dice, town, 56, 78)
    low = elders[1].age(town.today) - 32
    son_lives_here = dice.chance(0.75)
    heir_sex = MALE if son_lives_here else FEMALE
    heir = add_child(dice, town, elders[0], elders[1], int((max(22, low) + 6 * dice.share()) * 365.25))
    heir.sex = heir_sex
    heir.name = _child_name(dice, elders[0], elders[1], heir_sex, heir.birth.year, None)
    age = heir.age(town.today)
    other = add_person(dice, town, max(21, age - 4), max(21, age + 3), FEMALE if son_lives_here else MALE)
    marry(heir, other)
    husband, wife = (heir, other) if son_lives_here else (other, heir)
    children = add_children(dice, town, husband, wife, 20)
    if dice.chance(0.4):
        elders.pop(0 if dice.chance(0.7) else 1)  # died long ago: kin, but no resident
        elders[0].marital, elders[0].spouse = WIDOWED, None
    return [*elders, heir, other, *children]


def _grandparents_with_child(dice: Dice, town: Town) -> list[Person]:
    elders = _couple(dice, town, 55, 72)
    # The parent works far away and is no resident.
    parent = add_child(dice, town, elders[0], elders[1], int((24 + 6 * dice.share()) * 365.25))
    child = add_person(
        dice, town, 0, 4, surname=names.surname_of(parent.name) if "·" not in parent.name else None
    )
    child.father = parent.number if parent.sex == MALE else None
    child.mother = parent.number if parent.sex == FEMALE else None
    return [*elders, child]


def _grown_child_at_home(dice: Dice, town: Town) -> list[Person]:
    parents = _couple(dice, town, 50, 64)
    youngest = min(person.age(town.today) for person in parents)
    child = add_child(
        dice, town, parents[0], parents[1], int((19 + max(0, min(13, youngest - 43)) * dice.share()) * 365.25)
    )
    return [*parents, child]


def _shared_flat(dice: Dice, town: Town) -> list[Person]:
    return [add_person(dice, town, 20, 38) for _ in range(dice.whole(2, 6))]


def _dormitory(size: int) -> Maker:
    return lambda dice, town: [add_person(dice, town, 18, 52) for _ in range(size)]


def _grown_child_nearby(dice: Dice, town: Town) -> None:
    """A son of the last elder couple, with a household of his own in the same street."""
    parents = len(town.families) - 1
    father, mother = (town.people[number] for number in town.families[parents].members)
    age = min(father.age(town.today), mother.age(town.today)) - 22 - dice.whole(0, 10)

    def make(dice: Dice, town: Town) -> list[Person]:
        son = add_child(dice, town, father, mother, int((max(24, age) + dice.share()) * 365.25))
        son.sex = MALE
        son.name = _child_name(dice, father, mother, MALE, son.birth.year, None)
        wife = add_person(dice, town, max(22, age - 4), max(22, age + 1), FEMALE)
        marry(son, wife)
        return [son, wife, *add_children(dice, town, son, wife, 20)]

    add_family(dice, town, "grown_child_nearby", make, parents)


MAKERS: dict[str, Maker] = {
    "single_young": _single(22, 38),
    "single_elder": _single(64, 93),
    "couple_young": _plain_couple(23, 36),
    "couple_children": _couple_children,
    "divorced_parent": _divorced_parent,
    "elder_couple": _plain_couple(58, 86),
    "three_generations": _three_generations,
    "grandparents_with_child": _grandparents_with_child,
    "grown_child_at_home": _grown_child_at_home,
    "shared_flat": _shared_flat,
}
