"""People, households, dwellings and books make sense, in the shares they should have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from dedup.normalise.id_numbers import birth_date_of, check_character, id_number, sex_of
from synthetic_city import addresses
from synthetic_city.kinship import relation
from synthetic_city.people import MARRIED, Person, Town
from synthetic_city.settling import residents


def _living(town: Town) -> list[Person]:
    return [person for person in residents(town) if person.home is not None and person.died is None]


def test_every_id_number_is_valid_and_agrees_with_birth_date_and_sex(town: Town) -> None:
    for person in residents(town):
        if person.id_number is not None:
            assert check_character(person.id_number[:17]) == person.id_number[17]
            # One in some thousands ends in three zeros, as if a spreadsheet had cut it: nobody can tell.
            assert id_number(person.id_number).quality == "ok" or person.id_number.endswith("000")
            assert birth_date_of(person.id_number) == person.birth.isoformat()
            assert sex_of(person.id_number) == person.sex


def test_no_two_people_share_an_id_number_or_a_phone(town: Town) -> None:
    for held in ([p.id_number for p in residents(town)], [p.phone for p in residents(town)]):
        given = [value for value in held if value is not None]
        assert len(given) == len(set(given))


def test_only_children_under_one_year_have_no_id_number(town: Town) -> None:
    without = [person.age(town.today) for person in residents(town) if person.id_number is None]
    assert without
    assert max(without) == 0


def test_six_of_ten_numbers_were_given_out_here(town: Town, fits: Callable[..., None]) -> None:
    numbers = [person.id_number for person in residents(town) if person.id_number]
    fits(sum(n[:6] in addresses.facts()["local"]["codes"] for n in numbers), len(numbers), 0.60, clumped=3)


def test_about_a_third_of_the_people_live_apart_from_their_registration(
    town: Town, fits: Callable[..., None]
) -> None:
    people = _living(town)
    fits(sum(town.books[p.book].home != p.home for p in people), len(people), 0.34, clumped=4)


def test_twins_are_as_frequent_as_among_real_births(town: Town, fits: Callable[..., None]) -> None:
    born = [p for p in residents(town) if p.mother is not None and p.age(town.today) < 22]
    fits(sum(p.twin is not None for p in born), len(born), 0.0188, clumped=2)


def test_twins_share_birth_date_and_parents_but_not_the_name(town: Town) -> None:
    pairs = [(p, town.people[p.twin]) for p in residents(town) if p.twin is not None]
    assert pairs
    for one, other in pairs:
        assert (one.birth, one.father, one.mother) == (other.birth, other.father, other.mother)
        assert one.name != other.name


def test_parents_are_sixteen_to_fifty_years_older_than_their_children(town: Town) -> None:
    for child in town.people:
        for number in (child.father, child.mother):
            if number is not None:
                assert 16 <= child.birth.year - town.people[number].birth.year <= 50


def test_spouses_name_each_other_and_are_grown_up(town: Town) -> None:
    for person in residents(town):
        if person.spouse is not None and person.died is None:
            other = town.people[person.spouse]
            assert other.spouse == person.number
            assert person.sex != other.sex
            assert person.marital == other.marital == MARRIED
            assert person.age(town.today) >= 20


def test_every_book_and_every_dwelling_has_one_head_who_belongs_to_it(town: Town) -> None:
    for number, book in enumerate(town.books):
        if book.head >= 0:
            assert town.people[book.head].book == number
    assert {person.book for person in residents(town)} == {
        n for n, book in enumerate(town.books) if book.head >= 0
    }
    for person in _living(town):
        assert person.home is not None
        assert town.people[town.heads[person.home]].home == person.home


def test_one_to_eight_people_live_in_a_dwelling_and_tens_in_a_dormitory(town: Town) -> None:
    sizes = Counter(person.home for person in _living(town))
    flats = len(town.city.dwellings)
    assert {size for home, size in sizes.items() if home is not None and home < flats} <= set(range(1, 9))
    assert min(size for home, size in sizes.items() if home is not None and home >= flats) >= 10


def test_a_relation_to_the_head_fits_the_sex(town: Town) -> None:
    men, women = (
        {"11", "20", "28", "41", "43", "51", "53", "55"},
        {"12", "30", "38", "42", "44", "52", "54", "56"},
    )
    met = set()
    for person in _living(town)[:6000]:
        code = relation(town, person.number, town.heads[person.home or 0])
        met.add(code)
        assert code not in (women if person.sex == "1" else men)
    assert met >= {"02", "11", "12", "20", "30"}


def test_a_child_bears_the_surname_of_a_parent(town: Town) -> None:
    for child in residents(town):
        if child.father is not None and child.mother is not None and "·" not in child.name:
            parents = (town.people[child.father].name, town.people[child.mother].name)
            assert any(child.name[0] == name[0] for name in parents) or any("·" in name for name in parents)


def test_estates_have_a_road_and_a_number_of_their_own(town: Town) -> None:
    estates = town.city.area.estates
    assert len({estate.name for estate in estates}) == len(estates)
    assert len({(estate.road, estate.number) for estate in estates}) == len(estates)
