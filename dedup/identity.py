"""What a single value says about a person, for comparing: how common a name is, what an ID number carries, where a home is.

Belongs here: facts about one value. Lives elsewhere: reading stated values (`dedup/normalise`), comparing two
values (`compare.py`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dedup.columns import Bools, Coded, Ints, coded
from dedup.normalise.id_numbers import birth_dates_of, sexes_of
from dedup.normalise.names import split_names

IdKind = Literal["none", "full", "prefix", "masked", "foreign", "parent"]


@cache
def _common_given_names() -> pa.StringArray:
    stated = tomllib.loads(resources.files("dedup").joinpath("names.toml").read_text(encoding="utf-8"))
    return pa.array(stated["common_given_names"], pa.string())


def name_classes(names: pa.StringArray) -> pa.StringArray:
    """How much an exact agreement on each of these names says: `exact_long`, `exact_short` or `exact_common`.

    >>> name_classes(pa.array(["王伟", "王玮珺", "王邈"])).to_pylist()
    ['exact_common', 'exact_long', 'exact_short']
    """
    _, given = split_names(names)
    short = pc.less_equal(pc.utf8_length(given), 1)
    return pc.if_else(
        pc.is_in(given, _common_given_names()),
        "exact_common",
        pc.if_else(short, "exact_short", "exact_long"),
    )


@dataclass(frozen=True, slots=True)
class IdNumbers:
    """ID numbers as evidence, one row each: `trusted` may veto, the rest only counts."""

    kind: npt.NDArray[np.object_]  # of IdKind
    key: Coded
    prefix: Coded  # first 15 digits
    ends: Coded  # first six and last four
    birth: Coded
    sex: Coded
    sound: Bools  # grade ok or an upgraded 15-digit number
    trusted: Bools


def read_id_numbers(number: Coded, quality: Coded, birth: Coded, sex: Coded) -> IdNumbers:
    """What numbers say, each beside the birth date and sex stated in the same record.

    A child's record that carries a parent's number (born 14 years or more later, on another day of the year) says
    nothing about the child's own number. A number is trusted, and may veto, only when its grade is ok and it
    contradicts neither the stated birth date nor the stated sex.

    >>> number, ok, dates, woman = coded(["11010519491231002X"] * 2), coded(["ok"] * 2), ["1949-12-31", "1980-05-01"], coded(["2", None])
    >>> found = read_id_numbers(number, ok, coded(dates), woman)
    >>> found.kind.tolist(), found.trusted.tolist()
    (['full', 'parent'], [True, False])
    """
    kind = quality.lookup(lambda grade: _KIND_OF_GRADE.get(grade, "full"), object, "none")
    kind[number.codes < 0] = "none"
    own_birth = number.map_all(birth_dates_of)
    own_day, said_day = (day.looked_up(_digits(day.values.texts), -1) for day in (own_birth, birth))
    kind[(kind == "full") & _is_parents(own_day, said_day, birth)] = "parent"
    full, sound = kind == "full", quality.lookup(lambda grade: grade != "checksum_fail", np.bool_, False)
    ok = quality.lookup(lambda grade: grade in ("ok", "ok_unknown_area"), np.bool_, False)
    own_sex = number.map_all(sexes_of)
    ends = number.map_all(_ends)
    shown = full | ((kind == "masked") & ~ends.looked_up(_starred(ends.values.texts), True))
    return IdNumbers(
        kind=kind,
        key=number.where((kind != "none") & (kind != "parent")),
        prefix=number.map_all(_prefixes).where(full | (kind == "prefix")),
        ends=ends.where(shown),
        birth=own_birth.where((full & sound) | (kind == "prefix")),
        sex=own_sex.where(full & sound),
        sound=full & sound,
        trusted=full & ok & _day_agrees(own_day, said_day, birth) & _sex_agrees(own_sex, sex),
    )


_KIND_OF_GRADE: Mapping[str, IdKind] = {"foreign_doc": "foreign", "masked": "masked", "truncated15": "prefix"}


def _prefixes(numbers: pa.StringArray) -> pa.StringArray:
    return pc.utf8_slice_codeunits(numbers, 0, 15)


def _ends(numbers: pa.StringArray) -> pa.StringArray:
    fronts, backs = pc.utf8_slice_codeunits(numbers, 0, 6), pc.utf8_slice_codeunits(numbers, -4)
    return pc.binary_join_element_wise(fronts, backs, "")


def _starred(texts: pa.StringArray) -> Bools:
    return np.asarray(pc.match_substring(texts, "*").to_numpy(zero_copy_only=False), dtype=np.bool_)


def _digits(days: pa.StringArray) -> Ints:
    return np.asarray(pc.replace_substring(days, "-", "").cast(pa.int64()).to_numpy(zero_copy_only=False))


def _lengths(column: Coded) -> Ints:
    return np.asarray(pc.utf8_length(column.values.texts).to_numpy(zero_copy_only=False), dtype=np.int64)


def _is_parents(own: Ints, said: Ints, birth: Coded) -> Bools:
    whole = birth.looked_up(_lengths(birth) == 10, False) & (own >= 0)
    return np.asarray(whole & (said // 10_000 - own // 10_000 >= 14) & (said % 10_000 != own % 10_000))


def _day_agrees(own: Ints, said: Ints, birth: Coded) -> Bools:
    """As far as the stated date goes: a year agrees with every day in it."""
    length = _lengths(birth)
    not_stated = birth.looked_up(np.select([length == 10, length == 7], [1, 100], 10_000), 1)
    return np.asarray((said < 0) | ((own >= 0) & (own // not_stated == said)))


def _sex_agrees(own: Coded, sex: Coded) -> Bools:
    own_code, said = (
        column.lookup(lambda code: {"1": 1, "2": 2}.get(code, 0), np.int8, 0) for column in (own, sex)
    )
    return np.asarray((said == 0) | (said == own_code))


def homes_of(addresses: Coded) -> tuple[Mapping[str, Coded], Bools]:
    """Where address keys are, in parts that compare: `dwelling`, `no_unit` (it without the unit), `building` and `estate`,
    missing where an address does not go so far; and whether a unit is stated.

    An estate stands for its road and number; in a village, which has no roads and no rooms, a house number is a home. Up to
    its building an address is one of few: what that says is worked out once, and taken to the doors behind it.

    >>> keys = "上城区|望江街道|近江社区|近江路|12|近江家园||5|2||301", "六安市霍邱县|龙庄镇|陈坪村||86||||||"
    >>> homes, has_unit = homes_of(coded(keys))
    >>> homes["building"].values.strings.tolist(), homes["dwelling"].values.strings.tolist()
    (['上城区|近江家园|5'], ['上城区|近江家园|5|2|301', '六安市霍邱县|龙庄镇|陈坪村|86'])
    """
    front, stated_building, unit, _floor, stated_room = _pieces(addresses.values.texts, 5, from_behind=True)
    fronts = coded(front)
    at, said = pa.array(fronts.codes), _front_of(fronts.values.texts)
    place, community, in_estate = (part.take(at) for part in (said.place, said.community, said.in_estate))
    building, room = _stated(stated_building), _stated(stated_room)
    block = pc.if_else(in_estate, building, stated_building)
    dwelling = _places(said.spot.take(at), block, unit, room)
    nothing_finer = pc.equal(_text(stated_building, unit, stated_room), "")
    homes = {
        "dwelling": pc.if_else(nothing_finer, said.village_house.take(at), dwelling),
        "no_unit": pc.if_else(dwelling.is_valid(), _places(place, stated_building, room), _MISSING),
        "building": pc.coalesce(
            _places(place, building),
            pc.if_else(place.is_null(), _places(community, building, unit, stated_room), _MISSING),
        ),
    }
    by_door = {name: coded(found) for name, found in homes.items()}
    by_door["estate"] = fronts.of_each(coded(pc.coalesce(said.place, said.community)))
    has_unit = pc.not_equal(unit, "").to_numpy(zero_copy_only=False)
    return {name: addresses.of_each(found) for name, found in by_door.items()}, addresses.looked_up(
        has_unit, False
    )


class _Front(NamedTuple):
    """What addresses say up to their building. `place` compares, `spot` leads to a dwelling."""

    place: pa.StringArray
    spot: pa.StringArray
    community: pa.StringArray
    in_estate: pa.BooleanArray
    village_house: pa.StringArray


def _front_of(fronts: pa.StringArray) -> _Front:
    district, street, stated_community, road, number, name, phase = _pieces(fronts, 7)
    door, community, in_estate = _stated(number), _stated(stated_community), pc.not_equal(name, "")
    estate = _text(name, phase)
    by_door = _text(pc.coalesce(_stated(road), stated_community), door)
    alone = pc.and_(pc.ends_with(stated_community, _VILLAGE), pc.equal(_text(road, name), ""))
    return _Front(
        place=_places(district, pc.coalesce(_stated(estate), _text(road, door))),
        spot=_places(district, pc.if_else(in_estate, estate, by_door)),
        community=community,
        in_estate=in_estate,
        village_house=pc.if_else(alone, _places(district, street, stated_community, door), _MISSING),
    )


def _pieces(keys: pa.StringArray, many: int, *, from_behind: bool = False) -> list[pa.StringArray]:
    """Keys cut at so many places, the last ones if it is done from behind."""
    pieces = pc.split_pattern(keys, "|", max_splits=many - 1, reverse=from_behind).flatten()
    return [pieces[place::many] for place in range(many)]


_MISSING = pa.scalar(None, pa.string())
_VILLAGE = "村"


def _stated(part: pa.StringArray) -> pa.StringArray:
    """Missing where it is ''."""
    return pc.if_else(pc.equal(part, ""), _MISSING, part)


def _text(*parts: pa.StringArray) -> pa.StringArray:
    """One behind the other; missing where one is."""
    return pc.binary_join_element_wise(*parts, "")


def _places(*parts: pa.StringArray) -> pa.StringArray:
    """The same as the key of a place."""
    return pc.binary_join_element_wise(*parts, "|")
