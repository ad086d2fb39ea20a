"""How two people of one household are kin, as the relation tables of China name it.

Belongs here: the relation of a person to a head, worked out from parents and spouses.
Lives elsewhere: making up families (`households.py`).
"""

from __future__ import annotations

from synthetic_city.people import Person, Town

MALE, FEMALE = "1", "2"
UNRELATED = ("shared_flat", "dormitory")  # kinds of household in which nobody need be kin


def relation(town: Town, person: int, head: int) -> str:
    """What a person is to the head, as a code of GB/T 4761."""
    if person == head:
        return "02"
    one, chief = town.people[person], town.people[head]
    male = one.sex == MALE
    if one.spouse == head:
        return "11" if male else "12"
    if head in (one.father, one.mother):
        return "20" if male else "30"
    if person in (chief.father, chief.mother):
        return "51" if male else "52"
    return _further(town, one, chief)


def _further(town: Town, one: Person, chief: Person) -> str:
    """Relations over one more person: in-laws, grandchildren, grandparents, siblings."""
    male, people = one.sex == MALE, town.people
    parents = {one.father, one.mother} - {None}
    if one.spouse is not None and chief.number in (people[one.spouse].father, people[one.spouse].mother):
        return "28" if male else "38"
    if chief.spouse is not None:
        other = people[chief.spouse]
        if one.number in (other.father, other.mother):
            husband = chief.sex == MALE
            return ("55" if male else "56") if husband else ("53" if male else "54")
        if chief.spouse in parents:
            return "27" if male else "37"
    if parents and parents & {chief.father, chief.mother}:
        return (
            ("71" if one.birth < chief.birth else "73")
            if male
            else ("75" if one.birth < chief.birth else "77")
        )
    for parent in parents:
        if chief.number in (people[parent or 0].father, people[parent or 0].mother):
            son = people[parent or 0].sex == MALE
            return ("41" if male else "42") if son else ("43" if male else "44")
    for parent in (chief.father, chief.mother):
        if parent is not None and one.number in (people[parent].father, people[parent].mother):
            return "60"
    return "97" if one.family == chief.family and town.families[one.family].kind not in UNRELATED else "99"
