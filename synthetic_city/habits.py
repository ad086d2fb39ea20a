"""How a platform goes about its work: whom it holds, how late it hears, how it writes an address.

Belongs here: reading `habits.toml`, and local ways of writing that mean the same. Lives elsewhere: mistakes, which mean
something else (`mistakes.py`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from connectors.platform import Platform
from synthetic_city.addresses import Dwelling, facts
from synthetic_city.dice import Dice, Weighted

DIGITS = "〇一二三四五六七八九"


@dataclass(frozen=True)
class Habits:
    """One platform's ways; each line is explained at the top of `habits.toml`."""

    coverage: float
    key: str
    household: str
    number: str
    careless: float
    delay: float
    deaf: float
    prefix: dict[str, float]
    words: dict[str, float]
    unit: str = "person"
    among: str = "all"
    stale: dict[str, float] = field(default_factory=dict)
    blank: dict[str, float] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    null: str = ""
    together: float = 0.0
    twice: float = 0.0


@cache
def _pages() -> dict[str, dict[str, Any]]:
    text = resources.files("synthetic_city").joinpath("habits.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def habits_of(platform: Platform) -> Habits:
    """A platform's habits: its page, or what its line under [brief] and its own file say of it over the common ways."""
    pages = _pages()
    if platform.slug in pages:
        return Habits(**pages[platform.slug])
    derived = {
        "key": f"{_initials(platform.slug)}{{n:08d}}" if platform.export.key is not None else "",
        "household": "registered" if platform.household == "registered" else "living",
        "unit": "household" if "household" in platform.entities else "person",
    }
    return Habits(**{**pages["common"], **derived, **pages["brief"].get(platform.slug, {})})


def _initials(slug: str) -> str:
    """What a platform's keys begin with.

    >>> _initials("party_members"), _initials("hotline_12345")
    ('PM', 'H1')
    """
    return "".join(word[0] for word in slug.split("_")).upper()


def unused_cells() -> dict[str, str]:
    """What stands in columns that we do not use, by header."""
    return dict(_pages()["cells"])


class Hand:
    """The hand that writes a platform's addresses."""

    def __init__(self, own: Habits) -> None:
        self._prefix = Weighted(own.prefix)
        self._words = Weighted(own.words)

    def address(self, dice: Dice, home: Dwelling) -> str:
        """The address of a dwelling in one of this platform's ways."""
        return _before(home, self._prefix.pick(dice)) + written(home, self._words.pick(dice))


def written(home: Dwelling, words: str) -> str:
    """Building, unit and room; an empty part is left out.

    >>> home = Dwelling("近江社区", "近江路", "12", "近江家园", "5", "2", "301")
    >>> [written(home, words) for words in ("standard", "dong", "lou", "dashes", "padded")]
    ['5幢2单元301室', '5栋2单元301', '5号楼二单元三〇一', '5-2-301', '5幢2单元0301室']
    """
    building, unit, room = home.building, home.unit, home.room
    match words:
        case "dong":
            return _put(building, "栋") + _put(unit, "单元") + room
        case "lou":
            return (
                _put(building, "号楼")
                + _put(unit.translate(_HAN_DIGITS), "单元")
                + room.translate(_HAN_DIGITS)
            )
        case "dashes" if building and room:
            return "-".join(part for part in (building, unit, room) if part)
        case "padded":
            return _put(building, "幢") + _put(unit, "单元") + _put(room and room.zfill(4), "室")
        case _:
            return _put(building, "幢") + _put(unit, "单元") + _put(room, "室")


_HAN_DIGITS = str.maketrans({str(value): digit for value, digit in enumerate(DIGITS)})


def _put(part: str, word: str) -> str:
    return part + word if part else ""


def _before(home: Dwelling, much: str) -> str:
    """Everything before the building, as much of it as this writer bothers with."""
    area = facts()["area"]
    road = f"{home.road}{home.number}号{home.estate}"
    match much:
        case "all":
            return f"{area['province']}{area['city']}{area['district']}{area['street']}{home.community}{road}"
        case "city":
            return f"{area['city']}{area['district']}{area['street']}{road}"
        case "district":
            return f"{area['district']}{area['street']}{home.community}{road}"
        case "street":
            return f"{area['street']}{home.community}{road}"
        case "community":
            return f"{home.community}{road}"
        case "estate" if home.estate:
            return home.estate
        case _:
            return road
