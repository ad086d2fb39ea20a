"""A person's word on what waits: it speaks of what was shown, and overturns nobody's word that was not asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from stewardship.approving import (
    SAYABLE,
    Asked,
    WaitingPart,
    WrongApproval,
    decide_cells,
    waiting_part,
)
from warehouse.approvals import Said, approvals
from warehouse.ledger import open_ledger
from warehouse.site import Site
from warehouse.snapshot import current_snapshot

ZHOU, LI = Said("zhou", "问过本人"), Said("li", "本人否认")
FIRST, SECOND, THIRD = (f"record{number}" for number in (1, 2, 3))
UNSAID = Asked("hukou", "phone")


def waits(site: Site, records: Sequence[str], value: str = "13900000077", **fills: str) -> Path:
    """The published snapshot of an office, with one phone of each of these records to be corrected, and these other fields
    to be filled, waiting for an approver."""
    snapshot = current_snapshot(site)
    assert snapshot is not None
    with open_ledger(site) as ledger:
        (digest,) = ledger.remember_all([value])
    fields = {"phone": "correct", **fills}
    cells = [(record, digest, value, field, kind) for record in records for field, kind in fields.items()]
    with duckdb.connect(str(snapshot)) as con:
        con.execute("delete from outbox.decision")
        con.executemany(
            """
            insert into outbox.decision by name
            select 'hukou' as platform, $1 as record_id, 'R' || $1 as resident_id, $4 as field, $5 as kind,
                'latest' as rule, 1 as sources, 'someone' as taken_from, $2 as digest, $3 as told,
                '13900000001' as held_key, 'approval' as decision, 'one_source' as why
            """,
            cells,
        )
    return snapshot


def part(site: Site, snapshot: Path, asked: Asked = UNSAID, most: int = 50) -> WaitingPart:
    return waiting_part(site, snapshot, asked, most, SAYABLE)


def words(site: Site) -> dict[str, str]:
    with open_ledger(site) as ledger:
        return {one.record_id: one.word for one in approvals(ledger)}


def test_a_word_on_the_whole_part_leaves_what_somebody_said_of_single_rows(site: Site) -> None:
    snapshot = waits(site, [FIRST, SECOND, THIRD])
    (row,) = [one for one in part(site, snapshot).rows if one.record_id == SECOND]
    (line,) = decide_cells(site, snapshot, "declined", UNSAID, LI, "zh", {SECOND: row.seen})
    assert (line.cells, line.left) == (1, 2)
    (line,) = decide_cells(site, snapshot, "approved", UNSAID, ZHOU, "zh", part(site, snapshot).seen)
    assert (line.cells, line.left) == (2, 0)
    assert words(site) == {FIRST: "approved", SECOND: "declined", THIRD: "approved"}
    with pytest.raises(WrongApproval):  # by a command that was shown nothing: nothing is left to say
        decide_cells(site, snapshot, "approved", UNSAID, ZHOU, "zh")
    asked = Asked("hukou", "phone", word="declined")
    decide_cells(site, snapshot, "approved", asked, ZHOU, "zh", part(site, snapshot, asked).seen)
    assert words(site)[SECOND] == "approved"


@pytest.mark.parametrize(
    ("records", "value"), [([FIRST, THIRD], "13900000077"), ([FIRST, SECOND], "13900000078")]
)
def test_as_many_other_cells_or_values_are_not_what_was_seen(
    site: Site, records: Sequence[str], value: str
) -> None:
    seen = part(site, waits(site, [FIRST, SECOND])).seen
    snapshot = waits(site, records, value)
    with pytest.raises(WrongApproval, match="数据已有变化"):
        decide_cells(site, snapshot, "approved", UNSAID, ZHOU, "zh", seen)
    assert words(site) == {}


def test_the_digest_is_of_all_cells_however_few_are_shown(site: Site) -> None:
    snapshot = waits(site, [FIRST, SECOND, THIRD])
    few, all_of_them = part(site, snapshot, most=1), part(site, snapshot)
    assert (len(few.rows), few.cells, few.seen) == (1, 3, all_of_them.seen)
    assert part(site, snapshot, Asked("grid")) == WaitingPart(0, "", [])


def test_a_chosen_row_of_which_somebody_spoke_meanwhile_saves_nothing_of_any(site: Site) -> None:
    snapshot = waits(site, [FIRST, SECOND])
    shown = {one.record_id: one.seen for one in part(site, snapshot).rows}
    decide_cells(site, snapshot, "declined", UNSAID, LI, "zh", {FIRST: shown[FIRST]})
    with pytest.raises(WrongApproval, match="有人表过态"):
        decide_cells(site, snapshot, "approved", UNSAID, ZHOU, "zh", shown)
    assert words(site) == {FIRST: "declined"}


def test_a_record_is_one_row_whatever_its_cells_change(site: Site) -> None:
    snapshot, every = waits(site, [FIRST, SECOND], address="fill", birth_date="correct"), Asked("hukou")
    found = part(site, snapshot, every)
    assert [(row.record_id, [(cell.field, cell.kind) for cell in row.cells]) for row in found.rows] == [
        (record, [("address", "fill"), ("birth_date", "correct"), ("phone", "correct")])
        for record in (FIRST, SECOND)
    ]
    (line,) = decide_cells(site, snapshot, "approved", every, ZHOU, "zh", {FIRST: found.rows[0].seen})
    assert line.cells == 3 and words(site) == {FIRST: "approved"}


def test_what_was_declined_on_an_earlier_night_is_meant_only_by_who_names_it(site: Site) -> None:
    snapshot = waits(site, [FIRST, SECOND])
    with duckdb.connect(str(snapshot)) as con:
        con.execute("update outbox.decision set decision = 'declined' where record_id = $1", [FIRST])
    every = Asked("hukou")
    assert [row.record_id for row in part(site, snapshot, every).rows] == [SECOND]
    decide_cells(site, snapshot, "approved", every, ZHOU, "zh")
    assert words(site) == {SECOND: "approved"}
    decide_cells(site, snapshot, "approved", Asked("hukou", record=FIRST), ZHOU, "zh")
    assert words(site) == {FIRST: "approved", SECOND: "approved"}
    assert part(site, snapshot, Asked("hukou", why="declined", word="approved")).cells == 1
