"""Coded values: every label reads as its code, and a platform's own numbers are never taken for the nation's."""

from __future__ import annotations

import pytest

from dedup.normalise.codes import TABLES, code, flag, label
from dedup.normalise.facts import facts


@pytest.mark.parametrize("table", TABLES)
def test_every_code_and_label_of_a_table_reads_as_the_code(table: str) -> None:
    unstated = facts(f"codes/{table}").get("unstated", [])
    for ours in facts(f"codes/{table}")["labels"]:
        for stated in (ours, label(table, ours), f" {label(table, ours)} "):
            expected = (None, "empty") if ours in unstated else (ours, "ok")
            assert code(stated, table) == expected, stated


@pytest.mark.parametrize("table", [*TABLES, "flag"])
def test_no_word_means_two_things_and_every_alias_names_a_code_of_its_table(table: str) -> None:
    stated = facts(f"codes/{table}")
    words = [word for words in stated["aliases"].values() for word in words]
    assert stated["aliases"].keys() <= stated["labels"].keys()
    assert len(words) == len(set(words))
    assert not set(words) & (set(stated["labels"]) | set(stated["labels"].values()))


def test_a_number_that_a_numbered_map_does_not_list_is_unknown() -> None:
    assert code("2", "political", {"1": "13", "13": "01"}) == (None, "unknown")
    assert code("02", "political", {"群众": "13"}) == ("02", "ok")
    assert code("预备党员", "political", {"1": "13", "13": "01"}) == ("02", "ok")


def test_a_platforms_map_finds_its_codes_without_leading_zeros() -> None:
    assert code("1.0", "political", {"01": "13"}) == ("13", "ok")
    assert flag("0", {"01": "1", "00": "0"}) == ("0", "ok")
