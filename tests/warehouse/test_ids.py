"""Ids: stable, keyed, and separate for what they name."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.ids import potential_id, potential_ids, record_id, record_ids

WORDS = st.text(max_size=12)
TRIPLES = st.tuples(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), WORDS, st.integers(1, 3))


@settings(max_examples=200)
@given(TRIPLES, TRIPLES)
def test_two_records_share_an_id_only_when_platform_key_and_generation_agree(
    left: tuple[str, str, int], right: tuple[str, str, int]
) -> None:
    assert (record_id(b"k", *left) == record_id(b"k", *right)) is (left == right)


def test_another_site_key_gives_another_id() -> None:
    assert record_id(b"one", "grid", "A1") != record_id(b"two", "grid", "A1")


def test_bulk_and_single_ids_agree_in_order() -> None:
    keys = ["A1", "", "乙-2"]
    records = record_ids(b"k", "grid", keys)
    assert records == [record_id(b"k", "grid", key) for key in keys]
    assert potential_ids(b"k", "dwelling", records) == [potential_id(b"k", "dwelling", r) for r in records]


def test_one_record_has_unrelated_ids_as_resident_household_and_dwelling() -> None:
    ids = [potential_id(b"k", kind, "ab") for kind in ("resident", "household", "dwelling")]
    assert [one[0] for one in ids] == ["R", "H", "D"]
    assert len({one[1:] for one in ids}) == 3
    assert all(len(one) == 17 for one in ids)
