"""`why`, `how` and `compare` over a night that really ran."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from dedup.explain import UnknownId, how, why
from pipelines.explaining import pair_in_words, resident_in_words
from pipelines.published import published


@pytest.fixture
def con(first_night) -> Iterator[duckdb.DuckDBPyConnection]:
    with published(first_night[0], "zh") as opened:
        yield opened


def two_of_one(con: duckdb.DuckDBPyConnection) -> tuple[str, str, str]:
    """A resident with records at two platforms that do not state the same."""
    found: tuple[str, str, str] = con.execute(
        """
        select r.resident_id, min(r.record_id), max(r.record_id)
        from resolved.record as r join matched.record as n using (record_id)
        group by 1 having count(distinct n.node) > 1 order by 1 limit 1
        """
    ).fetchall()[0]
    return found


def test_every_record_of_a_resident_hangs_on_the_links_told(con):
    resident, *_ = two_of_one(con)
    found = how(con, resident)
    groups = [{record["record_id"]} for record in found.records]
    for members in [*found.alike, *([step.left, step.right] for step in found.steps)]:
        touched = [group for group in groups if group & set(members)]
        groups = [group for group in groups if group not in touched] + [set().union(*touched)]
    assert len(groups) == 1
    text = resident_in_words(found, "zh")
    assert all(record["record_id"] in text for record in found.records)


def test_the_points_told_add_up_and_name_no_value(con):
    _, left, right = two_of_one(con)
    found = why(con, left, right)
    assert found.same_resident and found.band == "link"
    told = [float(one.rsplit(" ", 1)[1]) for one in found.reason.split("；")]
    assert sum(told) - 18.0 == pytest.approx(found.points, abs=0.1)
    text = pair_in_words(found, "zh")
    values = con.execute(
        "select distinct stated from staged.claim where record_id in (?, ?) and length(stated) > 2",
        [left, right],
    ).fetchall()
    assert values and not any(value in text for (value,) in values)
    assert pair_in_words(found, "en") != text


def test_two_records_that_never_met_are_scored_for_the_answer(con):
    resident, left, _ = two_of_one(con)
    other = con.execute(
        """
        select r.record_id from resolved.record as r
        where resident_id <> ? and platform = 'social_card' and record_id not in (
            select case when "left" = ? then "right" else "left" end from matched.pair where ? in ("left", "right")
        ) order by 1 limit 1
        """,
        [resident, left, left],
    ).fetchall()[0][0]
    found = why(con, left, other)
    assert not found.same_resident and not found.met and found.band == "apart"
    assert why(con, other, left).points == found.points


def test_an_unknown_record_or_resident_is_said_so(con):
    with pytest.raises(UnknownId, match="nobody"):
        why(con, "nobody", "nobody")
    with pytest.raises(UnknownId, match="R0"):
        how(con, "R0")
