"""What a single value says about a person, for comparing: how common a name is, what an ID number carries, where a home is.

Belongs here: facts about one value. Lives elsewhere: reading stated values (`dedup/normalise`), comparing two
values (`compare.py`).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Literal

from dedup.normalise.address_parts import parts_of
from dedup.normalise.addresses import dwelling_key
from dedup.normalise.id_numbers import birth_date_of, sex_of
from dedup.normalise.names import surname_of

IdKind = Literal["none", "full", "prefix", "masked", "foreign", "parent"]


@cache
def _common_given_names() -> frozenset[str]:
    stated = tomllib.loads(resources.files("dedup").joinpath("names.toml").read_text(encoding="utf-8"))
    return frozenset(stated["common_given_names"])


def name_class(name: str) -> Literal["exact_long", "exact_short", "exact_common"]:
    """How much an exact agreement on this name says.

    >>> name_class("王伟"), name_class("王玮珺"), name_class("王邈")
    ('exact_common', 'exact_long', 'exact_short')
    """
    given = name[len(surname_of(name)) :]
    if given in _common_given_names():
        return "exact_common"
    return "exact_short" if len(given) <= 1 else "exact_long"


@dataclass(frozen=True, slots=True)
class IdNumber:
    """An ID number as evidence: `trusted` may veto, the rest only counts."""

    kind: IdKind
    key: str | None = None
    prefix: str | None = None  # first 15 digits
    ends: str | None = None  # first six and last four
    birth: str | None = None
    sex: str | None = None
    sound: bool = False  # grade ok or an upgraded 15-digit number
    trusted: bool = False


NO_NUMBER = IdNumber(kind="none")


def read_id_number(number: str | None, quality: str | None, birth: str | None, sex: str | None) -> IdNumber:
    """What a number says, beside the birth date and sex stated in the same record.

    A child's record that carries a parent's number (born 14 years or more later, on another day of the year) says
    nothing about the child's own number. A number is trusted, and may veto, only when its grade is ok and it
    contradicts neither the stated birth date nor the stated sex.

    >>> read_id_number("11010519491231002X", "ok", "1949-12-31", "2").trusted
    True
    >>> read_id_number("11010519491231002X", "ok", "1980-05-01", None).kind
    'parent'
    """
    if number is None or quality is None:
        return NO_NUMBER
    if quality == "foreign_doc":
        return IdNumber(kind="foreign", key=number)
    if quality == "masked":
        ends = number[:6] + number[-4:]
        return IdNumber(kind="masked", key=number, ends=None if "*" in ends else ends)
    if quality == "truncated15":
        return IdNumber(kind="prefix", key=number, prefix=number[:15], birth=birth_date_of(number[:15]))
    own_birth, own_sex = birth_date_of(number), sex_of(number)
    if birth and own_birth and _is_parents(own_birth, birth):
        return IdNumber(kind="parent")
    ok = quality in ("ok", "ok_unknown_area")
    agrees = (not birth or (own_birth or "").startswith(birth)) and (
        not sex or sex not in "12" or sex == own_sex
    )
    sound = quality != "checksum_fail"
    return IdNumber(
        kind="full",
        key=number,
        prefix=number[:15],
        ends=number[:6] + number[-4:],
        birth=own_birth if sound else None,
        sex=own_sex if sound else None,
        sound=sound,
        trusted=ok and agrees,
    )


def _is_parents(of_id: str, stated: str) -> bool:
    return len(stated) == 10 and int(stated[:4]) - int(of_id[:4]) >= 14 and stated[5:] != of_id[5:]


@dataclass(frozen=True, slots=True)
class Home:
    """Where an address is, in parts that compare: None where the address does not go so far."""

    dwelling: str | None
    no_unit: str | None
    has_unit: bool
    building: str | None
    estate: str | None


@lru_cache(maxsize=1 << 18)
def home_of(address: str | None) -> Home:
    """Split an address key into comparable places. An estate stands for its road and number.

    >>> home_of("上城区|望江街道|近江社区|近江路|12|近江家园||5|2||301").building
    '上城区|近江家园|5'
    """
    if not address:
        return Home(None, None, False, None, None)
    parts = parts_of(address)
    spot = parts.estate + parts.phase or (parts.number and parts.road + parts.number)
    place = f"{parts.district}|{spot}" if spot else None
    dwelling = dwelling_key(address)
    building = f"{place}|{parts.building}" if place and parts.building else None
    if not place and parts.community and parts.building:
        # Without an estate the same building and room number may stand twice in a community: as good as a building.
        building = f"{parts.community}|{parts.building}|{parts.unit}|{parts.room}"
    return Home(
        dwelling=dwelling,
        no_unit=f"{place}|{parts.building}|{parts.room}" if dwelling else None,
        has_unit=bool(parts.unit),
        building=building,
        estate=place or parts.community or None,
    )
