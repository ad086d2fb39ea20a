"""A small site with platforms, exports and people of one's own making.

Belongs here: what every warehouse test starts from. The DuckDB file is a real one.
Lives elsewhere: the stories, in the test modules.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from dedup.normalise.area import Area, Estate
from dedup.normalise.facts import facts as standard
from warehouse.facts import write_facts
from warehouse.fields import fields
from warehouse.site import Site, create_site, read_site
from warehouse.staged import absorb
from warehouse.store import open_store, rebuild

NIGHT = date(2026, 3, 1)
AREA = Area(
    province="浙江省",
    city="杭州市",
    district="上城区",
    street="望江街道",
    division_code="330102",
    phone_area_code="0571",
    estates=(Estate(name="近江家园", community="近江社区", road="近江路", number="12号"),),
)

CODES = [
    (facts.name, code)
    for facts in fields().values()
    if facts.kind in ("code", "flag")
    for code in standard(f"codes/{facts.table or 'flag'}")["labels"]
]


@dataclass(frozen=True)
class Column:
    column: str


@dataclass(frozen=True)
class Export:
    complete: bool = False


@dataclass(frozen=True)
class Admits:
    ages: tuple[int, ...] = ()
    sex: str | None = None
    holding: tuple[str, ...] = ()
    fields: tuple[str, ...] = ("name", "id_number", "address")


@dataclass(frozen=True)
class Receive:
    fields: tuple[str, ...] = ()
    admits: Admits | None = None


@dataclass(frozen=True)
class StandIn:
    """A platform as far as the warehouse looks at one; every field stands in the column of its own name."""

    slug: str
    department: str = "民政"
    tier: str = "T2"
    trust: int = 50
    household: str = "none"
    title: str = "试验平台"
    export: Export = Export()
    authority: tuple[str, ...] = ()
    share: tuple[str, ...] = ()
    receive: Receive = Receive()
    feeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Column]:
        return {name: Column(name) for name in fields()}


def platform(
    slug: str,
    *,
    complete: bool = False,
    receives: Sequence[str] = (),
    admits: Mapping[str, Any] | None = None,
    **facts: Any,
) -> StandIn:
    """A platform that shares everything unless told otherwise."""
    share = facts.pop(
        "share", ("name", "id_number", "sex", "birth_date", "phone", "address", "marital", "political")
    )
    receive = Receive(tuple(receives), None if admits is None else Admits(**admits))
    return StandIn(slug, export=Export(complete), receive=receive, share=tuple(share), **facts)


@dataclass(frozen=True)
class Staged:
    """An export as the connectors hand it over."""

    records: pa.Table
    claims: pa.Table
    quarantine: pa.Table
    rows_in: int
    staged: int
    quarantined: int


Row = Mapping[str, Any]


def export(rows: Mapping[str, Row], *, quarantined: Sequence[str] = ()) -> Staged:
    """Rows by record id: field = key, or field = (key, quality), or (key, quality, stated); `on` is the row's date."""
    ids = list(rows)
    claims = [
        (record, name, *_claim(value), row.get("on"))
        for record, row in rows.items()
        for name, value in row.items()
        if name != "on"
    ]
    return Staged(
        records=pa.table(
            {
                "record_id": pa.array(ids, pa.string()),
                "source_key": pa.array([record.upper() for record in ids], pa.string()),
                "sheet": pa.array(["Sheet1"] * len(ids), pa.string()),
                "row": pa.array(range(2, len(ids) + 2), pa.int32()),
                "part": pa.array([1] * len(ids), pa.int32()),
                "generation": pa.array([1] * len(ids), pa.int32()),
            }
        ),
        claims=pa.table(
            {
                "record_id": pa.array([c[0] for c in claims], pa.string()),
                "field": pa.array([c[1] for c in claims], pa.string()),
                "stated": pa.array([c[4] for c in claims], pa.string()),
                "key": pa.array([c[2] for c in claims], pa.string()),
                "quality": pa.array([c[3] for c in claims], pa.string()),
                "column": pa.array([c[1] for c in claims], pa.string()),
                "as_of": pa.array([c[5] for c in claims], pa.date32()),
            }
        ),
        quarantine=pa.table(
            {
                "sheet": pa.array(["Sheet1"] * len(quarantined), pa.string()),
                "row": pa.array(range(100, 100 + len(quarantined)), pa.int32()),
                "column": pa.array([None] * len(quarantined), pa.string()),
                "reason": pa.array(list(quarantined), pa.string()),
                "message": pa.array(list(quarantined), pa.string()),
                "stated": pa.array([None] * len(quarantined), pa.string()),
                "reference": pa.array([f"row {at}" for at in range(len(quarantined))], pa.string()),
                "source_key": pa.array([""] * len(quarantined), pa.string()),
            }
        ),
        rows_in=len(ids) + len(quarantined),
        staged=len(ids),
        quarantined=len(quarantined),
    )


def _claim(value: Any) -> tuple[str | None, str, str]:
    key, quality, *stated = value if isinstance(value, tuple) else (value, "ok")
    return key, quality, stated[0] if stated else str(key)


@dataclass
class World:
    """An open warehouse, and short words for telling a story in it."""

    site: Site
    con: duckdb.DuckDBPyConnection
    platform = staticmethod(platform)
    export = staticmethod(export)
    night = NIGHT

    def platforms(self, *every: StandIn, says: Mapping[tuple[str, str], str | None] | None = None) -> None:
        """These platforms; each can say every standard code, but for what `says` has: (field, code) → code or None."""
        other = says or {}
        told = [(one.slug, *code, other.get(code, code[1])) for one in every for code in CODES]
        expressible = [(slug, name, code, said) for slug, name, code, said in told if said is not None]
        write_facts(self.con, every, expressible=expressible, broader=[("marital", "21", "20")])

    def states(self, slug: str, rows: Mapping[str, Row], *, night: date = NIGHT) -> None:
        """The platform's export of a night."""
        absorb(self.con, night, slug, f"{slug}-{night}-{sorted(rows.items())}", f"{slug}.xlsx", export(rows))

    def people(self, **residents: Iterable[str] | Mapping[str, Any]) -> None:
        """Who is who: R1 = ["a", "b"], or R1 = {"records": […], "living": "H1", "registered": "H2", "dwelling": "D1"}."""
        self.con.execute("delete from resolved.record")
        for resident, told in residents.items():
            facts: Mapping[str, Any] = told if isinstance(told, Mapping) else {"records": list(told)}
            for record in facts["records"]:
                self.con.execute(
                    "insert into resolved.record select platform, source_key, record_id, ?, ?, ?, ?"
                    " from staged.record where record_id = ?",
                    [resident, facts.get("living"), facts.get("registered"), facts.get("dwelling"), record],
                )
        rebuild(self.con, "staged.person")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()


@pytest.fixture(scope="session")
def site_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with an empty warehouse: making its tables takes longer than most stories that are told in them."""
    site = create_site(tmp_path_factory.mktemp("made") / "site", name="望江街道", area=AREA, seed=7)
    with open_store(site):
        return site.root


@pytest.fixture
def site(site_made: Path, tmp_path: Path) -> Site:
    return read_site(shutil.copytree(site_made, tmp_path / "site"))


@pytest.fixture
def world(site: Site) -> Iterator[World]:
    with open_store(site) as con:
        yield World(site, con)


@pytest.fixture(scope="session")
def open_world(
    site_made: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], AbstractContextManager[World]]:
    """Fresh worlds beside each other, for laws that compare two histories."""

    @contextmanager
    def fresh() -> Iterator[World]:
        copy = read_site(shutil.copytree(site_made, tmp_path_factory.mktemp("world") / "site"))
        with open_store(copy) as con:
            yield World(copy, con)

    return fresh
