"""Mistakes with addresses: the wrong place, or a part of it missing.

Belongs here: spoiling a place before it is written down. Rates and stories: `mistakes.toml`.
Lives elsewhere: mistakes with any other value (`mistakes.py`), ways of writing that mean the same (`habits.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from synthetic_city.addresses import Dwelling
from synthetic_city.beliefs import Place, View, registered_address
from synthetic_city.catalogue import catalogue, rate_of

Chance = tuple[float, Callable[[Dwelling, View], Place], bool]


def address_menu(careless: float, noise: float, own: dict[str, float]) -> tuple[Chance, ...]:
    """The mistakes with a living address at a platform: rate, function, and whether only people apart make it."""
    return tuple(
        (
            rate_of("address", name, careless, noise, own),
            FUNCTIONS[name],
            line.get("among") == "apart",
        )
        for name, line in catalogue()["address"].items()
    )


def misplace(home: Dwelling, view: View, chances: tuple[Chance, ...]) -> Place:
    """The place after at most one of these mistakes."""
    apart = view.town.books[view.person.book].home != view.home
    throw = view.case.dice.share()
    for rate, make, only_apart in chances:
        if only_apart and not apart:
            continue
        if throw < rate:
            return make(home, view)
        throw -= rate
    return home


def _wrong_room(home: Dwelling, view: View) -> Place:
    last = (int(home.room[-1]) + view.case.dice.pick((-1, 1))) % 10
    return replace(home, room=home.room[:-1] + str(last or 2))


FUNCTIONS: dict[str, Callable[[Dwelling, View], Place]] = {
    "registered_instead": lambda _home, view: registered_address(view),
    "without_unit": lambda home, _view: replace(home, unit=""),
    "without_room": lambda home, _view: replace(home, unit="", room=""),
    "wrong_room": _wrong_room,
    "left_out": lambda _home, _view: None,
}
