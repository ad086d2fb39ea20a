"""How a request that what was said take effect at once stands, read off the ledger and off what readers see."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from warehouse.applying import ask, begin, fail, last_request, settled_not_in_effect
from warehouse.ledger import Ledger, open_chain
from warehouse.one_person import declare
from warehouse.pins import pin, unpin


@pytest.fixture
def ledger(tmp_path: Path):
    with open_chain(tmp_path / "ledger.sqlite", b"k" * 16) as opened:
        yield opened


def state(ledger: Ledger, said: int = 0) -> str | None:
    request = last_request(ledger, said)
    return request and request.state


def test_a_request_waits_is_taken_up_fails_is_made_again_and_is_done_when_readers_see_it(ledger):
    assert state(ledger) is None
    first = ask(ledger, "王芳")
    assert state(ledger) == "asked"
    begin(ledger, first)
    assert state(ledger) == "under_way"
    begin(ledger, first)  # the first run was killed
    assert state(ledger) == "under_way"
    fail(ledger, first, "为什么")
    failed = last_request(ledger, 0)
    assert failed is not None and (failed.state, failed.problem, failed.open) == ("failed", "为什么", False)
    second = ask(ledger, "李强")
    assert state(ledger) == "asked"
    assert state(ledger, said=second - 1) == "asked"
    assert state(ledger, said=second) == "done"


def test_a_word_on_values_and_numbers_counts_as_waiting_until_readers_see_it(ledger):
    ledger.append("prepared", {})
    line = pin(ledger, "a", "name", "张三", by="王芳", because="", until=date(2027, 1, 1))
    unpin(ledger, line, by="王芳", because="")
    ask(ledger, "王芳")
    assert settled_not_in_effect(ledger, 0) == 2
    assert settled_not_in_effect(ledger, line) == 1
    assert settled_not_in_effect(ledger, before := ledger.last()) == 0
    words = {"because": "", "evidence": "", "needs": 2}
    declare(ledger, "1", "2", by="王芳", **words)
    assert settled_not_in_effect(ledger, before) == 0  # waits for a second person
    declare(ledger, "1", "2", by="李伟", **words)
    assert settled_not_in_effect(ledger, before) == 2
