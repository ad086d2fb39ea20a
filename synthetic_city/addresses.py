"""The address base of the city: communities, estates, lanes, and every dwelling in them.

Belongs here: laying out the street, and an address in full. Lives elsewhere: who lives where (`people.py`), and how
a platform writes an address (`habits.py`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from dedup.normalise.area import Area, Estate
from synthetic_city.dice import Dice, Weighted


@dataclass(frozen=True, slots=True)
class Dwelling:
    """A place to live, in parts without their unit words; a lane's door has neither estate, building nor unit."""

    community: str
    road: str
    number: str
    estate: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    dormitory: bool = False

    @property
    def id(self) -> str:
        """The dwelling's name in the truth files: its address."""
        return full_address(self)


@dataclass(frozen=True, slots=True)
class City:
    """The street: its area as a site knows it, its dwellings, and its dormitories."""

    area: Area
    dwellings: tuple[Dwelling, ...]
    dormitories: tuple[Dwelling, ...]


@cache
def facts() -> dict[str, Any]:
    """The address tables, read once."""
    return tomllib.loads(
        resources.files("synthetic_city").joinpath("addresses.toml").read_text(encoding="utf-8")
    )


def unbuilt() -> City:
    """The area before anything is built in it."""
    return City(Area(**facts()["area"]), (), ())


def build(dice: Dice, households: int, dormitories: int) -> City:
    """A street with room for that many households, some dwellings empty."""
    needed = round(households / (1 - facts()["vacant"]))
    in_lanes = round(needed * facts()["lane_share"])
    estates = _estates(dice, max(2, -(-(needed - in_lanes) // facts()["dwellings_per_estate"])))
    communities = sorted({estate.community for estate in estates})
    dwellings = [home for estate in estates for home in _homes(dice, estate)]
    dwellings = [
        dwellings[place] for place in sorted(dice.random.permutation(len(dwellings))[: needed - in_lanes])
    ]
    halls = _dormitories(dice, communities, dormitories)
    area = Area(
        **facts()["area"],
        estates=tuple(estates)
        + tuple(Estate(name=h.estate, community=h.community, road=h.road, number=h.number) for h in halls),
    )
    return City(area, (*dwellings, *_lane_homes(communities, in_lanes)), halls)


def full_address(home: Dwelling) -> str:
    """The address in full, as a registry writes it.

    >>> full_address(Dwelling("近江社区", "近江路", "12", "近江家园", "5", "2", "301"))
    '浙江省杭州市上城区望江街道近江社区近江路12号近江家园5幢2单元301室'
    """
    area = facts()["area"]
    front = f"{area['province']}{area['city']}{area['district']}{area['street']}{home.community}"
    return f"{front}{home.road}{home.number}号{home.estate}{tail(home)}"


def tail(home: Dwelling) -> str:
    """Building, unit and room in the standard words."""
    building = f"{home.building}幢" if home.building else ""
    unit = f"{home.unit}单元" if home.unit else ""
    return f"{building}{unit}{home.room}室"


def far_address(dice: Dice, place: str) -> str:
    """A village or road address in the town somebody is registered in."""
    words = facts()["villages"]
    village = dice.pick(words["first"]) + dice.pick(words["second"])
    return (
        f"{place}{village}镇{dice.pick(words['first'])}{dice.pick(words['second'])}村{dice.whole(1, 180)}号"
    )


def _estates(dice: Dice, count: int) -> list[Estate]:
    """Estates with names, roads and numbers of their own; each community holds a few."""
    stems, kinds, roads = facts()["estate_stems"], facts()["estate_kinds"], facts()["roads"]
    held = facts()["estates_per_community"]
    communities = [f"{name}社区" for name in _extended(facts()["communities"], -(-count // held))]
    names = [f"{stem}{kind}" for kind in kinds for stem in stems]
    names = [names[place] for place in dice.random.permutation(len(names))]
    names = _extended(names, count)
    return [
        Estate(
            name=names[place],
            community=communities[place // held],
            road=roads[place % len(roads)],
            number=str(11 + 24 * (place // len(roads)) + dice.whole(0, 11) * 2 + place % 2),
        )
        for place in range(count)
    ]


def _homes(dice: Dice, estate: Estate) -> list[Dwelling]:
    """Every home of an estate, built in one shape until it holds its share of dwellings."""
    shapes = facts()["shape"]
    shape = shapes[Weighted({place: item["share"] for place, item in enumerate(shapes)}).pick(dice)]
    units, floors, rooms = (dice.whole(*shape[name]) for name in ("units", "floors", "rooms"))
    target = facts()["dwellings_per_estate"] * (0.95 + 0.3 * dice.share())
    homes: list[Dwelling] = []
    building = 0
    while len(homes) < target:
        building += 1
        homes += [
            Dwelling(
                community=estate.community,
                road=estate.road,
                number=estate.number,
                estate=estate.name,
                building=str(building),
                unit=str(unit) if units > 1 else "",
                room=f"{floor}{room:02d}",
            )
            for unit in range(1, units + 1)
            for floor in range(1, floors + 1)
            for room in range(1, rooms + 1)
        ]
    return homes


def _lane_homes(communities: list[str], count: int) -> list[Dwelling]:
    """Doors along the lanes: two floors, a few rooms each."""
    lanes = facts()["lanes"]
    homes = []
    for place in range(count):
        door, room = divmod(place, 5)
        lane = door % len(lanes)
        homes.append(
            Dwelling(
                community=communities[lane % len(communities)],
                road=lanes[lane],
                number=str(1 + door // len(lanes)),
                room=f"{1 + room // 3}{1 + room % 3:02d}",
            )
        )
    return homes


def _dormitories(dice: Dice, communities: list[str], count: int) -> tuple[Dwelling, ...]:
    stems, roads = _extended(facts()["dormitory_stems"], count), facts()["roads"]
    return tuple(
        Dwelling(
            community=dice.pick(communities),
            road=dice.pick(roads),
            number=str(700 + 2 * place),
            estate=f"{stems[place]}宿舍",
            building="1",
            room="101",
            dormitory=True,
        )
        for place in range(count)
    )


def _extended(names: list[str], count: int) -> list[str]:
    """At least `count` different names: a new quarter's prefix when the list runs out, and then two of them."""
    single = facts()["prefixes"]
    prefixes = ["", *single, *(one + other for one in single for other in single)]
    rounds = -(-count // len(names))
    return [f"{prefixes[turn]}{name}" for turn in range(rounds) for name in names]
