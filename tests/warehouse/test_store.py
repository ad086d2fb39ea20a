"""The DuckDB file: settings, schema, tables from their SELECTs."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from warehouse.fields import fields
from warehouse.site import Site
from warehouse.store import (
    GOLDEN_TABLES,
    OUTBOX_TABLES,
    STAGED_TABLES,
    NotUnique,
    check_unique,
    open_store,
    read_store,
    scalar,
    select,
    writers_memory,
)

DERIVED = ("staged.adopted", *STAGED_TABLES, *GOLDEN_TABLES, *OUTBOX_TABLES)


def test_a_fresh_file_has_every_table_empty_and_keeps_its_rows_when_opened_again(site: Site) -> None:
    site.warehouse.unlink()
    with open_store(site) as con:
        assert all(scalar(con, f"select count(*) from {table}") == 0 for table in DERIVED)
        con.execute("insert into matched.conflict values ('k', 'a', 'b', 'why', 1.0)")
    with open_store(site):
        pass
    with read_store(site.warehouse) as con:
        assert scalar(con, "select count(*) from matched.conflict") == 1
    assert site.warehouse.stat().st_mode & 0o777 == 0o600


def test_nothing_is_downloaded_and_memory_is_capped(site: Site) -> None:
    with open_store(site) as con:
        settings = dict(con.execute("select name, value from duckdb_settings()").fetchall())
    assert settings["autoinstall_known_extensions"] == "false"
    assert settings["autoload_known_extensions"] == "false"
    assert settings["threads"] == "2"
    with duckdb.connect(config={"memory_limit": f"{writers_memory()}B"}) as capped:
        assert scalar(capped, "select current_setting('memory_limit')") == settings["memory_limit"]


def test_who_writes_has_a_share_of_what_a_container_may_have_and_never_less_than_a_small_site_needs(
    tmp_path: Path,
) -> None:
    allowed = tmp_path / "memory.max"
    whole = writers_memory(allowed)
    for stated, bytes_ in (("max", whole), ("3600000000", 1_200_000_000), ("1000", 10**9)):
        allowed.write_text(f"{stated}\n", encoding="ascii")
        assert writers_memory(allowed) == min(bytes_, whole)


def test_a_reader_cannot_write(site: Site) -> None:
    with open_store(site):
        pass
    with read_store(site.warehouse) as con, pytest.raises(duckdb.Error):
        con.execute("delete from staged.record")


def test_every_select_file_is_a_known_table_and_opens_by_saying_what_it_is() -> None:
    root = Path(__file__).parents[2] / "warehouse" / "sql"
    files = {f"{path.parent.name}.{path.stem}" for path in root.glob("*/*.sql")}
    assert files == {*DERIVED, "form.value", "outbox.doubled"}  # the last two are asked of a snapshot too
    assert all(select(name).startswith("-- ") for name in files)


def test_the_wide_resident_has_a_column_for_every_golden_field(site: Site) -> None:
    with open_store(site) as con:
        columns = {row[0] for row in con.execute("describe golden.resident").fetchall()}
    golden = {name for name, facts in fields().items() if facts.golden != "none"}
    assert columns - {
        "resident_id", "records", "present", "first_night", "household_living_id", "household_registered_id",
        "dwelling_id", "deceased", "moved_out",
    } == golden  # fmt: skip


def test_the_written_rule_lists_every_current_field() -> None:
    """The list in the comment is what a clerk reads; fields.toml is what the machine reads."""
    rule = select("golden.value").split("with recursive")[0]
    words = {word.strip(",.():\n") for word in rule.replace("-- ", " ").split()}
    assert {name for name, facts in fields().items() if facts.golden != "none"} <= words


def test_rows_that_must_be_unique_are_checked_by_a_query(site: Site) -> None:
    with open_store(site) as con:
        con.execute("create temp table t as select * from (values ('a', 1), ('a', 2)) as v(record_id, field)")
        check_unique(con, "t", "record_id", "field")
        with pytest.raises(NotUnique, match="record_id"):
            check_unique(con, "t", "record_id")
