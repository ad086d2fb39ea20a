"""What a step's result depends on, as a short digest, so that a step whose inputs did not change is skipped.

Belongs here: digests of the software and of a platform's facts, and remembering under which digest a step was done.
Lives elsewhere: the matcher's own digest (`dedup/night.py`), deciding what to replay (`replay.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import duckdb

from connectors.platform import PLATFORMS, Platform
from dedup.normalise.area import Area
from warehouse.site import Site
from warehouse.store import transaction

ROOT = Path(__file__).parent.parent

# What decides how a landed cell becomes a claim, and what is made of claims. The platforms' own files are counted
# one by one.
_READING = ("connectors", "dedup/normalise", "warehouse")
_RESOLVING = ("dedup", "warehouse")
_READ_AS = {".py", ".toml", ".sql"}


def platform_digests(platforms: Mapping[str, Platform], area: Area) -> dict[str, str]:
    """For each platform a digest of everything that decides how its landings are read."""
    common = f"{version('enter-once')} {_software(_READING)} {area!r}"
    return {
        slug: _digest(common, (PLATFORMS / f"{slug}.toml").read_text(encoding="utf-8")) for slug in platforms
    }


def resolving_software() -> str:
    """A digest of the software that decides who is who: another version matches anew."""
    return _software(_RESOLVING)


def facts_digest(con: duckdb.DuckDBPyConnection, *tables: str) -> str:
    """A digest of the rows of some tables, whatever their order."""
    found = [
        con.execute(f"select count(*), sum(hash(t)::hugeint) from {table} as t").fetchall()[0]
        for table in tables
    ]
    return _digest(resolving_software(), repr(found))


def discard_outdated(site: Site) -> bool:
    """Remove a warehouse whose tables another version of the software made; True when it did.

    Nothing is lost: the warehouse is made anew from the landings and the ledger.
    """
    if not site.warehouse.exists() or known_of(site).get("schema") == schema_digest():
        return False
    site.warehouse.unlink()
    return True


def known_of(site: Site) -> dict[str, str]:
    """What a site's closed warehouse remembers of its steps; nothing where there is none. Under the site's lock only."""
    if not site.warehouse.exists():
        return {}
    with closing(duckdb.connect(str(site.warehouse))) as con:
        tables = con.execute("select table_name from information_schema.tables").fetchall()
        return remembered(con) if ("fingerprint",) in tables else {}


@cache
def schema_digest() -> str:
    """A digest of the tables that the warehouse begins with."""
    return _digest((ROOT / "warehouse" / "sql" / "schema.sql").read_text(encoding="utf-8"))


def remembered(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The digest under which each step was last brought to its end."""
    return dict(con.execute("select step, digest from facts.fingerprint").fetchall())


def remember(con: duckdb.DuckDBPyConnection, step: str, digest: str) -> None:
    """Note that a step is done for these inputs; said last, so that a killed step is done again."""
    remember_all(con, {step: digest})


def forget(con: duckdb.DuckDBPyConnection, step: str) -> None:
    """Note that a step is not done, before anything is changed that it lays out."""
    con.execute("delete from facts.fingerprint where step = ?", [step])


def remember_all(con: duckdb.DuckDBPyConnection, done: Mapping[str, str]) -> None:
    """Note many steps at once: each its digest."""
    told = {"steps": list(done), "digests": list(done.values())}
    with transaction(con):
        con.execute(
            "delete from facts.fingerprint where list_contains($steps, step)", {"steps": told["steps"]}
        )
        con.execute("insert into facts.fingerprint select unnest($steps), unnest($digests)", told)


@cache
def _software(folders: tuple[str, ...]) -> str:
    files = sorted(
        file
        for folder in folders
        for file in (ROOT / folder).rglob("*")
        if file.suffix in _READ_AS and file.parent != PLATFORMS
    )
    return _digest(*(f"{file.relative_to(ROOT)} {sha256(file.read_bytes()).hexdigest()}" for file in files))


def _digest(*parts: str) -> str:
    return sha256("\x1f".join(parts).encode()).hexdigest()[:20]
