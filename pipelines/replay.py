"""Which pulls still have to be taken in, so that the warehouse is a function of everything ever landed.

Belongs here: comparing the manifest of pulls with what the warehouse has taken in, per platform.
Lives elsewhere: the manifest (`connectors/land`), taking a pull in (`warehouse/staged.py`), doing it (`intake.py`).

A platform's staged tables depend on its own pulls only. So when its history reads differently than what was taken
in (an older night arrived late, its TOML or the software changed), that one platform is forgotten and read again
from its landings, and the result is as if the warehouse had been made afresh.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, NamedTuple, Protocol, TypeVar


class Landed(Protocol):
    """What is needed here of a line of the manifest."""

    @property
    def night(self) -> date: ...
    @property
    def platform(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def usable(self) -> bool: ...


L = TypeVar("L", bound=Landed)


class Taken(NamedTuple):
    """A pull that the warehouse knows of: whether it could be read, and whether its rows are in."""

    night: date
    sha256: str
    usable: bool
    stated: bool


@dataclass(frozen=True, slots=True)
class Plan(Generic[L]):
    """What to forget first, and what to take in then, oldest night first."""

    forget: tuple[str, ...]
    todo: tuple[L, ...]


def plan(
    manifest: Iterable[L], taken: Mapping[str, Sequence[Taken]], changed: Collection[str] = ()
) -> Plan[L]:
    """Compare the manifest, in its order, with what was taken in; `changed` platforms are read again in any case.

    The same bytes pulled twice on one night count once, as the later of the two.
    """
    by_platform: dict[str, dict[tuple[date, str], L]] = {}
    for pull in manifest:
        pulls = by_platform.setdefault(pull.platform, {})
        pulls.pop((pull.night, pull.sha256), None)
        pulls[pull.night, pull.sha256] = pull
    forget: list[str] = []
    todo: list[L] = []
    for slug, pulls in sorted(by_platform.items()):
        wanted = sorted(pulls.values(), key=lambda pull: pull.night)
        had = taken.get(slug, ())
        same = 0 if slug in changed else _same_start(wanted, had)
        if any(pull.stated for pull in had[same:]):
            forget.append(slug)
            same = 0
        todo += wanted[same:]
    return Plan(tuple(forget), tuple(sorted(todo, key=lambda pull: pull.night)))


def _same_start(wanted: Sequence[Landed], had: Sequence[Taken]) -> int:
    """How many pulls at the start of the two histories are the same."""
    for place, (pull, old) in enumerate(zip(wanted, had, strict=False)):
        if (pull.night, pull.sha256, pull.usable) != (old.night, old.sha256, old.usable):
            return place
    return min(len(wanted), len(had))
