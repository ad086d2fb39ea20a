"""What a site's own area says about an address: which district is home, and where its estates stand.

Belongs here: comparing stated parts with the area, and filling in what they imply.
Lives elsewhere: the area itself (`area.py`), taking a text apart (`address_head.py`, `address_tail.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from dedup.normalise.address_head import county_of, region_of, road_of
from dedup.normalise.address_parts import Parts
from dedup.normalise.address_text import cleaned
from dedup.normalise.area import Area, Estate
from dedup.normalise.facts import facts

_SUCCESSORS: dict[tuple[str, str], list[str]] = {
    (rule["city"], rule["old"]): rule["new"] for rule in facts("addresses")["successor"]
}
_ADMINISTRATIVE = re.compile("(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)$")
_NUMBERS_BEHIND = re.compile(r"(?<![-\d])(?=\d[-\d幢栋座号楼单元室]*$)", re.ASCII)
_KEPT_BOOKS = 8
_books: list[Gazetteer] = []


def gazetteer_of(area: Area) -> Gazetteer:
    """The area, indexed; the few areas that a process meets are indexed once each."""
    for book in _books:
        if book.area is area:
            return book
    book = Gazetteer(area)
    _books.insert(0, book)
    del _books[_KEPT_BOOKS:]
    return book


class Gazetteer:
    """An area, indexed by the words that addresses use."""

    def __init__(self, area: Area) -> None:
        self.area = area
        estates = [_cleaned_estate(estate) for estate in area.estates]
        names = Counter(estate.name for estate in estates)
        doors = Counter((estate.road, estate.number) for estate in estates)
        self._named = {cleaned(name): name for name in names}
        self._estates = {estate.name: estate for estate in estates if names[estate.name] == 1}
        self._doors = {
            (e.road, e.number): e for e in estates if e.road and e.number and doors[e.road, e.number] == 1
        }
        self._communities = {estate.community for estate in estates if estate.community}
        self._roads = sorted({e.road for e in estates if e.road}, key=lambda road: (-len(road), road))
        self._home, self._city = _prefixes(area)
        words = [area.street, *self._communities, *self._named, *names]
        self._evidence = _alternatives(words)
        self._unfinished = tuple(
            {word[: at.start()] for word in words for at in _NUMBERS_BEHIND.finditer(word)}
        )

    def region_of(self, text: str) -> tuple[str, bool, str]:
        """District, whether it is another than the site's, and the rest of the text.

        A text that states no region lies in the site's own district: it was written there. A bare district that is
        not the site's stays as stated, whatever city one might think of.
        """
        found = self._home.match(text)
        if found is not None:
            return self.area.district, False, text[found.end() :]
        found = self._city.match(text)
        if found is not None:
            district, rest = county_of(text[found.end() :])
            return self._district(self.area.city, district, rest)
        region = region_of(text)
        if not (region.city or region.district):
            elsewhere = bool(region.province) and region.province != self.area.province
            return region.province if elsewhere else self.area.district, elsewhere, region.rest
        if region.city in ("", self.area.city) and region.province in ("", self.area.province):
            return self._district(region.city or region.province, region.district, region.rest)
        return (region.city or region.province) + region.district, True, region.rest

    def road_of(self, text: str) -> tuple[str, str]:
        """The road, also when an estate's name follows it directly, if it is one of the area's."""
        road, rest = road_of(text)
        if road:
            return road, rest
        known = next((road for road in self._roads if text.startswith(road)), "")
        return known, text[len(known) :]

    def estate_named(self, text: str) -> str | None:
        """The area's own spelling of an estate's name, with or without 小区 behind it."""
        return (
            self._named.get(text)
            or self._named.get(text.removesuffix("小区"))
            or self._named.get(text + "小区")
        )

    def knows(self, estate: str) -> bool:
        """Whether the estate is in the area's list."""
        return estate in self._estates

    def may_go_on(self, front: str) -> bool:
        """Whether a name in the area's list could start in this front and end in the numbers behind it: 采荷人家5幢."""
        return cleaned(front).endswith(self._unfinished)

    def completed(self, parts: Parts) -> Parts:
        """The parts, with what they imply filled in. What was stated stays."""
        district, street, community, road, number, name, *tail = parts
        estate = self._estates.get(name) if name else self._doors.get((road, number))
        if estate is not None and street in ("", self.area.street):
            community = community or estate.community
            road = road or (estate.road if number in ("", estate.number) else "")
            number = number or (estate.number if road == estate.road else "")
            street = self.area.street
            name = estate.name
        elif community in self._communities:
            street = street or self.area.street
        return Parts(district, street, community, road, number, name, *tail)

    def _district(self, city: str, district: str, rest: str) -> tuple[str, bool, str]:
        """A stated district under the site's own city, or under no stated city."""
        home = self.area.district
        successors = _SUCCESSORS.get((self.area.city, district), [])
        moved_here = home in successors and (len(successors) == 1 or self._evidence.search(rest) is not None)
        if district in ("", home) or moved_here:
            return home, False, rest
        return city + district, True, rest


def _cleaned_estate(estate: Estate) -> Estate:
    number = cleaned(estate.number).removesuffix("号")
    return replace(estate, community=cleaned(estate.community), road=cleaned(estate.road), number=number)


def _prefixes(area: Area) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What stands before the site's own district, up to and with it; and what names its city alone."""
    province, city = (
        _alternatives([name, _ADMINISTRATIVE.sub("", name)]).pattern for name in (area.province, area.city)
    )
    whole_city = f"(?:{re.escape(area.city)})" if area.city else "(?!)"
    home = (
        re.compile(f"(?:{province})?(?:{city}|市辖区)*{re.escape(area.district)}")
        if area.district
        else re.compile("(?!)")
    )
    return home, re.compile(f"(?:{province})?{whole_city}(?:{city}(?=市))?(?:{whole_city}|市辖区)*")


def _alternatives(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, longest first; never the empty one."""
    known = sorted({word for word in words if word}, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, known)) or "(?!)")
