"""The facts that SQL needs to know, as tables: platforms, fields, qualities and policy.

Belongs here: writing `facts.*` from the platform files and from the TOML pages beside this module.
Lives elsewhere: the platform files themselves (`connectors/platforms`), the fields (`fields.toml`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from warehouse.fields import fields

_PER_PLATFORM = {
    "platform": "slug",
    "platform_field": "platform",
    "feed": "platform",
    "expressible": "platform",
    "admits": "platform",
}


class ColumnFacts(Protocol):
    """What the warehouse needs to know of one used column."""

    @property
    def column(self) -> str: ...


class ExportFacts(Protocol):
    """What the warehouse needs to know of an export."""

    @property
    def complete(self) -> bool: ...


class AdmitsFacts(Protocol):
    """What the warehouse needs to know of whom a platform takes in."""

    @property
    def ages(self) -> tuple[int, ...]: ...
    @property
    def sex(self) -> str | None: ...
    @property
    def holding(self) -> tuple[str, ...]: ...
    @property
    def fields(self) -> tuple[str, ...]: ...


class ReceiveFacts(Protocol):
    """What the warehouse needs to know of what a platform may receive."""

    @property
    def fields(self) -> tuple[str, ...]: ...
    @property
    def admits(self) -> AdmitsFacts | None: ...


class PlatformFacts(Protocol):
    """What the warehouse needs to know of a platform; `connectors.platform.Platform` is one."""

    @property
    def slug(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def department(self) -> str: ...
    @property
    def tier(self) -> str: ...
    @property
    def trust(self) -> int: ...
    @property
    def household(self) -> str: ...
    @property
    def export(self) -> ExportFacts: ...
    @property
    def fields(self) -> Mapping[str, ColumnFacts]: ...
    @property
    def authority(self) -> tuple[str, ...]: ...
    @property
    def share(self) -> tuple[str, ...]: ...
    @property
    def receive(self) -> ReceiveFacts: ...
    @property
    def feeds(self) -> Mapping[str, tuple[str, ...]]: ...


def write_facts(
    con: duckdb.DuckDBPyConnection,
    platforms: Iterable[PlatformFacts],
    *,
    expressible: Iterable[tuple[str, str, str, str]] = (),
    broader: Iterable[tuple[str, str, str]] = (),
    keep: Collection[str] = (),
) -> None:
    """Replace all of `facts.*` by what the files say today.

    `expressible`: platform, field, value, told: what each platform's own code lists can say; `broader`: field, code,
    broader code. Both are known to the connectors; without them no coded value is ever wanted.
    `keep`: platforms whose file cannot be read today; what it said last stays in force.
    """
    tables = {
        **_of_platforms(sorted(platforms, key=lambda platform: platform.slug)),
        "field": [
            (f.name, f.zh, f.en, f.kind, f.tier, f.golden, f.publish, f.household) for f in fields().values()
        ],
        **_pages(),
        "expressible": list(expressible),
        "broader": list(broader),
    }
    con.execute("begin")
    for table, rows in tables.items():
        if table in _PER_PLATFORM:
            con.execute(
                f"delete from facts.{table} where {_PER_PLATFORM[table]} not in (select unnest($keep))",
                {"keep": list(keep)},
            )
        else:
            con.execute(f"delete from facts.{table}")
        if rows:
            names = [str(place) for place in range(len(rows[0]))]
            con.register(
                "stated", pa.table([pa.array(cells) for cells in zip(*rows, strict=True)], names=names)
            )
            con.execute(f"insert into facts.{table} select * from stated")
            con.unregister("stated")
    con.execute("commit")


def _of_platforms(every: Sequence[PlatformFacts]) -> dict[str, Sequence[tuple[Any, ...]]]:
    """The tables that the platforms' own pages make."""
    return {
        "platform": [
            (
                p.slug,
                p.title,
                p.tier,
                p.trust,
                p.export.complete,
                bool(p.receive.fields),
                p.department,
                p.household,
            )
            for p in every
        ],
        "platform_field": [_field(p, name, column) for p in every for name, column in p.fields.items()],
        "feed": [
            (p.slug, source, name) for p in every for source, names in p.feeds.items() for name in names
        ],
        "admits": [
            (p.slug, *(a.ages or (None, None)), a.sex, list(a.holding))
            for p in every
            if (a := p.receive.admits) is not None
        ],
    }


def _field(platform: PlatformFacts, name: str, column: ColumnFacts) -> tuple[Any, ...]:
    receive = platform.receive
    receives = name in receive.fields
    admits = receive.admits is not None and (receives or name in receive.admits.fields)
    own = (name in platform.authority, name in platform.share)
    return (platform.slug, name, column.column, *own, receives, admits)


@cache
def _pages() -> dict[str, Sequence[tuple[Any, ...]]]:
    """The tables that the TOML pages beside this module hold."""
    qualities, policy = _page("qualities"), _page("policy")
    return {
        "quality": [
            (name, q["place"], q["good"], q["golden"], q["publish"]) for name, q in qualities.items()
        ],
        "department_only": [
            (field, department)
            for field, departments in policy["departments"].items()
            for department in departments
        ],
        "follows": [(field, leader) for leader, fields in policy["follows"].items() for field in fields],
        "personal_only": [(field,) for field in policy["personal"]["fields"]],
        "release": [
            tuple(
                policy["release"][name]
                for name in (
                    "sources",
                    "against",
                    "times",
                    "records",
                    "share",
                    "contest",
                    "copied",
                    "embargo",
                )
            )
        ],
        "child_policy": [(policy["children"]["under"], name) for name in policy["children"]["departments"]],
    }


def golden_qualities() -> frozenset[str]:
    """The qualities of which a value may be the one we stand for."""
    return frozenset(name for name, facts in _page("qualities").items() if facts["golden"])


def _page(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("warehouse").joinpath(f"{name}.toml").read_text(encoding="utf-8"))
