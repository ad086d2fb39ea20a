"""What is known of a batch that was on its way: no cell is lost, none is told twice, and what arrived is not doubted again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup.normalise.area import Area
from warehouse.batches import (
    Batch,
    conclude,
    in_doubt,
    note,
    note_answers,
    overtaken,
    read_batches,
    unfinished,
)
from warehouse.ledger import Cell, Ledger, open_ledger
from warehouse.receipts import Counted, note_receipt, receipts_read
from warehouse.site import Site, create_site

NIGHT, NAME = date(2026, 11, 16), "grid-20261116-1"
RECORDS = ("a", "b", "c", "d")
CELLS = [
    Cell(record, field, f"{record}-{field}", "fill", "x") for record in RECORDS for field in ("phone", "name")
]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    area = Area("浙江省", "杭州市", "上城区", "望江街道", "330102", "0571", ())
    return create_site(tmp_path / "site", name="试验", area=area, seed=7)


def sending(ledger: Ledger, name: str) -> Batch:
    batch = Batch(name, "grid", NIGHT, True)
    note(ledger, "prepared", batch, CELLS)
    note(ledger, "sending", batch, (), route="http", payload="f" * 64, purpose="补全", basis="条例")
    return read_batches(ledger, NIGHT)[name]


FATES = st.lists(st.sampled_from(["took", "missed", "doubtful"]), min_size=4, max_size=4)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FATES, min_size=1, max_size=3), st.data())
def test_every_cell_stands_in_the_batch_or_is_wanted_again_and_what_arrived_stays(
    site: Site, turns: list[list[str]], data: st.DataObject
) -> None:
    with open_ledger(site) as ledger:
        name = f"grid-20261116-{len(ledger.lines()) + 1}"
        batch, ever_there = sending(ledger, name), set[str]()
        for fates in turns:
            if batch.state != "sending":
                break
            left = {record for record, _ in batch.cells}
            said = {record: fate for record, fate in zip(RECORDS, fates, strict=True) if record in left}
            missed = {record for record, fate in said.items() if fate == "missed"} - ever_there
            doubtful = {record for record, fate in said.items() if fate == "doubtful"} - ever_there
            by_this_turn = left - missed - doubtful
            state = conclude(
                ledger,
                batch,
                missed={record for record, fate in said.items() if fate == "missed"},
                doubtful={record for record, fate in said.items() if fate == "doubtful"},
            )
            batch = read_batches(ledger, NIGHT)[name]
            assert batch.state == state
            ever_there |= by_this_turn
            stands = {record for record, _ in batch.cells}
            assert state == ("sending" if doubtful else "sent" if by_this_turn else "unsent")
            if state != "unsent":  # then all of it may still change, and goes again
                assert stands == left - missed
            assert ever_there <= stands
        assert ledger.verify() is None


def test_what_was_to_be_sent_stands_in_the_line_before_it(site: Site) -> None:
    with open_ledger(site) as ledger:
        assert not unfinished(ledger)
        batch = sending(ledger, NAME)
        assert unfinished(ledger)
        assert (batch.state, batch.payload, batch.purpose) == ("sending", "f" * 64, "补全")
        assert [cell for _, cell in batch.cells.values()] == sorted(CELLS)
        note(ledger, "sent", batch)
        assert not unfinished(ledger)


@pytest.mark.parametrize(("exported", "doubted"), [(None, 1), (NIGHT, 1), (date(2026, 11, 17), 0)])
def test_an_export_of_a_later_night_ends_a_doubt(site: Site, exported: date | None, doubted: int) -> None:
    with open_ledger(site) as ledger:
        sending(ledger, NAME)
        known = {"grid": exported} if exported else {}
        assert len(in_doubt(read_batches(ledger, date.max).values(), known)) == doubted


def test_a_batch_is_overtaken_by_a_later_one_that_tells_one_of_its_cells(site: Site) -> None:
    with open_ledger(site) as ledger:
        old = sending(ledger, NAME)
        for turn, (kind, cells) in enumerate(
            (("prepared", CELLS), ("sent", [Cell("z", "phone", "x")])), start=2
        ):
            note(ledger, kind, Batch(f"grid-20261116-{turn}", "grid", NIGHT, True), cells)
        assert not overtaken(old, read_batches(ledger, NIGHT).values())
        note(ledger, "sent", Batch("grid-20261116-2", "grid", NIGHT, True))
        batches = read_batches(ledger, NIGHT)
        assert overtaken(old, batches.values()) and not overtaken(
            batches["grid-20261116-2"], batches.values()
        )


def test_words_of_a_platform_are_kept_beside_the_chain_and_can_be_erased(site: Site) -> None:
    with open_ledger(site) as ledger:
        batch = sending(ledger, NAME)
        note_answers(ledger, "refused", batch, [("a", "手机号 13800000000 已被占用")])
        note_answers(ledger, "unclear", batch, [("b", "处理中"), ("c", "处理中")])
        (line,) = ledger.lines("unclear")
        refused = read_batches(ledger, NIGHT)[NAME].refused
        assert refused == {
            ("a", "phone"): "手机号 13800000000 已被占用",
            ("a", "name"): "手机号 13800000000 已被占用",
        }
        assert ledger.recall(line.body["words"]) == "处理中"
        assert {cell.record_id for cell in ledger.cells(line.seq)} == {"b", "c"}
        assert "138" not in str([one.body for one in ledger.lines()])
        ledger.erase(ledger.lines("refused")[0].body["words"])
        assert set(read_batches(ledger, NIGHT)[NAME].refused.values()) == {""} and ledger.verify() is None


def test_a_receipt_is_known_by_its_platform_and_its_bytes(site: Site) -> None:
    with open_ledger(site) as ledger:
        assert receipts_read(ledger) == set()
        note_receipt(ledger, "grid", "a" * 64, Counted(rows=2, accepted=1, refused=1))
        assert receipts_read(ledger) == {("grid", "a" * 64)}
