"""What platforms hold that list dwellings, or named places, and nobody: every door of the street, every name on its map.

Belongs here: the rows of such a platform, and writing its export. Lives elsewhere: platforms that hold people (`exports.py`), the street
(`addresses.py`), what stands in which column (`places.toml`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from connectors.platform import Platform
from connectors.write import write_export
from connectors.write.cell import Cell
from synthetic_city.addresses import City, Dwelling, facts
from synthetic_city.files import file_name
from synthetic_city.people import Town
from synthetic_city.truth import dwelling_name
from warehouse.ids import record_ids
from warehouse.site import Site

_RENAMED, _ALSO_CALLED = 4, 3  # every so many-th place


def place_rows(platform: Platform, city: City) -> list[dict[str, Cell]]:
    """The cells of each row of the export by header, in the order of its file."""
    listed = _dwellings(city) if platform.about == "dwelling" else _names(city)
    return [
        {
            header: text.format(n=n, area=city.area, **said)
            for header, text in _columns()[platform.slug].items()
        }
        for n, said in enumerate(listed, start=1)
    ]


def write_places(site: Site, platform: Platform, town: Town) -> list[tuple[object, ...]]:
    """Write tonight's export into the inbox; a row of truth for each record in it (`truth.PLACES`)."""
    night, slug, key = town.today, platform.slug, platform.export.key
    assert key is not None
    rows = place_rows(platform, town.city)
    folder = site.inbox / night.isoformat() / slug
    folder.mkdir(parents=True, exist_ok=True)
    write_export(platform, rows, folder / file_name(platform, night))
    keys = [str(row[key]) for row in rows]
    return [
        (night, slug, own, record, dwelling_name(home) if platform.about == "dwelling" else None)
        for home, (own, record) in enumerate(zip(keys, record_ids(site.key, slug, keys), strict=True))
    ]


@cache
def _columns() -> Mapping[str, Mapping[str, str]]:
    text = resources.files("synthetic_city").joinpath("places.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _dwellings(city: City) -> Iterator[dict[str, Any]]:
    """In the order of `Town.homes_at`."""
    for home in (*city.dwellings, *city.dormitories):
        yield {"home": home, **_tail(home)}


def _tail(home: Dwelling) -> dict[str, str]:
    """Building, unit, floor and room, each with its word."""
    parts = (("building", home.building, "幢"), ("unit", home.unit, "单元"), ("room", home.room, "室"))
    return {"floor": f"{home.room[:-2]}层"} | {name: part and part + word for name, part, word in parts}


def _names(city: City) -> Iterator[dict[str, str]]:
    """Communities, roads and estates; some are also called, or were called, otherwise."""
    homes = city.dwellings
    for kind, names in (
        ("社区", {home.community for home in homes}),
        ("道路", {home.road for home in homes}),
        ("住宅区", {home.estate for home in homes if home.estate}),
    ):
        for place, name in enumerate(sorted(names)):
            yield {
                "name": name,
                "kind": kind,
                "alias": f"老{name}" if place % _ALSO_CALLED == 0 else "",
                "former": f"{_stem(name)}里" if place % _RENAMED == 0 else "",
            }


def _stem(name: str) -> str:
    """A name without the word for what it is.

    >>> _stem("近江社区"), _stem("近江家园")
    ('近江', '近江')
    """
    ends = ("社区", "路", "巷", *facts()["estate_kinds"])
    return next((name.removesuffix(end) for end in ends if name.endswith(end)), name)
