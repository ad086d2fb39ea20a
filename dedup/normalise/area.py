"""Where a site is: the area that completes an address or a landline that leaves it out.

Belongs here: the shape of an area and of the estates in it.
Lives elsewhere: reading it from `site.toml` (`warehouse/site.py`), completing an address (`addresses.py`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estate:
    """A housing estate, and the community, road and number at which it stands."""

    name: str
    community: str
    road: str
    number: str


@dataclass(frozen=True, slots=True)
class Area:
    """The street office's own area: what may be filled in when an address starts at the estate."""

    province: str
    city: str
    district: str
    street: str
    division_code: str
    phone_area_code: str
    estates: tuple[Estate, ...] = ()
