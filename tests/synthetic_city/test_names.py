"""Names are drawn in the shares that are known of real ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from synthetic_city import names
from synthetic_city.dice import Dice


@pytest.mark.parametrize(("top", "share"), [(5, 31.75), (25, 59.5), (50, 72.5), (100, 86.4)])
def test_surnames_have_the_known_shares(top: int, share: float) -> None:
    table = names.surnames()
    shares = sorted((b - a for a, b in zip([0.0, *table.bounds], table.bounds, strict=False)), reverse=True)
    assert 100 * sum(shares[:top]) / table.total == pytest.approx(share, abs=0.2)


def test_two_random_people_share_a_full_name_about_once_in_188_000_pairs() -> None:
    dice = Dice(7, "collisions")
    people = 200_000
    count = Counter(
        names.full_name(dice, dice.whole(1935, 2025), dice.pick("12"), names.ethnic_group(dice))
        for _ in range(people)
    )
    pairs = sum(n * (n - 1) for n in count.values()) / (people * (people - 1))
    assert 1 / pairs == pytest.approx(188_000, rel=0.2)


def test_the_surname_of_a_compound_name_has_two_characters() -> None:
    assert names.surname_of("上官静") == "上官"


def test_a_sibling_of_the_same_sound_has_another_name_of_the_same_length() -> None:
    dice = Dice(7, "siblings")
    for name in ("王静", "李子轩", "欧阳伟"):
        alike = names.homophone_name(dice, name)
        assert alike != name
        assert len(alike) == len(name)
        assert alike[0] == name[0]


def test_people_of_a_dotted_group_bear_a_given_name_and_a_fathers_name() -> None:
    given, father = names.full_name(Dice(7, "dots"), 1980, "1", "05", "艾山").split("·")
    assert given in names.facts()["ethnic"]["dotted_given"]["male"]
    assert father == "艾山"


def test_ethnic_groups_are_drawn_in_their_shares(fits: Callable[..., None]) -> None:
    dice = Dice(7, "groups")
    drawn = Counter(names.ethnic_group(dice) for _ in range(50_000))
    for group in names.facts()["ethnic"]["group"]:
        fits(drawn[group["code"]], 50_000, group["share"] / 100)
