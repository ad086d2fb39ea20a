"""What people are called: surnames, given names of their time, ethnic groups.

Belongs here: drawing a name from `names.toml`. Lives elsewhere: who is whose child and so inherits a surname
(`people.py`), and how a name is spoiled on its way into a platform (`mistakes.py`).
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from dedup.normalise.pinyin import syllable
from synthetic_city.dice import Dice, Weighted

SEX = {"1": "male", "2": "female"}
HAN = "01"


@cache
def facts() -> dict[str, Any]:
    """The name tables, read once."""
    return tomllib.loads(resources.files("synthetic_city").joinpath("names.toml").read_text(encoding="utf-8"))


@cache
def surnames() -> Weighted[str]:
    """All surnames with their share of people, in percent."""
    stated = facts()["surnames"]
    shares: dict[str, float] = dict(stated["top"])
    for band in stated["band"]:
        names = list(dict.fromkeys(band["names"].replace("\n", "")))
        for name, share in zip(names, _falling(len(names), band["fall"]), strict=True):
            shares.setdefault(name, share * band["share"])
    for name in stated["compound"]:
        shares[name] = shares.get(name, 0.0) + stated["compound_share"] / len(stated["compound"])
    return Weighted(shares)


@cache
def compound_surnames() -> frozenset[str]:
    """Surnames of two characters."""
    return frozenset(facts()["surnames"]["compound"])


def surname_of(name: str) -> str:
    """The surname at the front of a Han name.

    >>> surname_of("欧阳静"), surname_of("王伟")
    ('欧阳', '王')
    """
    return name[:2] if name[:2] in compound_surnames() else name[:1]


def given_name(dice: Dice, year: int, sex: str) -> str:
    """A given name as people born in that year bear it."""
    era, rules = _era(year), facts()["given"]
    if dice.chance(rules["rare"]):
        return (
            dice.pick(rules["rare_characters"]) if dice.chance(0.5) else _composed(dice, era, sex, rare=True)
        )
    if dice.chance(rules["popular"][era]):
        return _popular(era, sex).pick(dice)
    if dice.chance(rules["single"][era]):
        return _characters(era, sex, "second").pick(dice)
    return _composed(dice, era, sex)


def sibling_name(dice: Dice, elder: str, year: int, sex: str) -> str:
    """A given name that shares its first character with a brother's or sister's, as twins' names often do."""
    second = _characters(_era(year), sex, "second").pick(dice)
    while second in elder:
        second = _characters(_era(year), sex, "second").pick(dice)
    return elder[0] + second


def homophone_name(dice: Dice, name: str) -> str:
    """The name with one character of the given name replaced by another that sounds the same, if there is one."""
    places = [place for place in range(len(surname_of(name)), len(name)) if homophones(name[place])]
    if not places:
        return name
    place = dice.pick(places)
    return name[:place] + dice.pick(homophones(name[place])) + name[place + 1 :]


def full_name(dice: Dice, year: int, sex: str, ethnic: str, surname: str | None = None) -> str:
    """A whole name; `surname` when it is inherited."""
    group = _groups().get(ethnic, {})
    if group.get("dotted"):
        words = facts()["ethnic"]
        return f"{dice.pick(words['dotted_given'][SEX[sex]])}·{surname or dice.pick(words['dotted_father'])}"
    if surname is None:
        surname = dice.pick(group["surnames"]) if group else surnames().pick(dice)
    return surname + given_name(dice, year, sex)


def ethnic_group(dice: Dice) -> str:
    """A code of the ethnic table: mostly Han."""
    return _ethnic_shares().pick(dice)


def is_dotted(ethnic: str) -> bool:
    """Whether people of this group bear a given name · father's name."""
    return bool(_groups().get(ethnic, {}).get("dotted"))


@cache
def name_characters() -> str:
    """Every character a given name can hold, once each: the pool that homophones are looked up in."""
    text = "".join(
        characters[place]
        for by_sex in facts()["characters"].values()
        for characters in by_sex.values()
        for place in ("first", "second")
    )
    text += "".join("".join(names["names"]) for era in facts()["popular"].values() for names in era.values())
    return "".join(dict.fromkeys(text))


@cache
def homophones(character: str) -> str:
    """Other name characters that sound the same, tones aside.

    >>> "婧" in homophones("静")
    True
    """
    return _by_sound().get(syllable(character), "").replace(character, "")


@cache
def _by_sound() -> dict[str, str]:
    pool = name_characters()
    sounds: dict[str, str] = {}
    for character, sound in zip(pool, map(syllable, pool), strict=True):
        sounds[sound] = sounds.get(sound, "") + character
    return sounds


@cache
def _groups() -> dict[str, dict[str, Any]]:
    return {group["code"]: group for group in facts()["ethnic"]["group"]}


@cache
def _ethnic_shares() -> Weighted[str]:
    others = {code: group["share"] for code, group in _groups().items()}
    return Weighted({HAN: 100 - sum(others.values()), **others})


@cache
def _era(year: int) -> str:
    eras: dict[str, int] = facts()["eras"]
    return [era for era, first in eras.items() if year >= first][-1]


@cache
def _popular(era: str, sex: str) -> Weighted[str]:
    names = facts()["popular"][era][SEX[sex]]["names"]
    return Weighted(dict(zip(names, _falling(len(names), 0.2), strict=True)))


@cache
def _characters(era: str, sex: str, place: str) -> Weighted[str]:
    pool = list(dict.fromkeys(facts()["characters"][era][SEX[sex]][place]))
    return Weighted(dict(zip(pool, _falling(len(pool), 0.25), strict=True)))


def _composed(dice: Dice, era: str, sex: str, rare: bool = False) -> str:
    first = _characters(era, sex, "first").pick(dice)
    return first + (
        dice.pick(facts()["given"]["rare_characters"]) if rare else _characters(era, sex, "second").pick(dice)
    )


def _falling(count: int, fall: float) -> list[float]:
    """Shares that add up to one and fall geometrically, the last being `fall` of the first."""
    ratio = fall ** (1 / max(count - 1, 1))
    raw = [ratio**place for place in range(count)]
    return [value / sum(raw) for value in raw]
