"""What stands, kept up to date line by line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stewardship.standing import Standing
from warehouse.ledger import Ledger, open_chain


@pytest.fixture
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with open_chain(tmp_path_factory.mktemp("book") / "ledger.sqlite", b"k" * 16) as opened:
        yield opened


def read(ledger: Ledger) -> Standing:
    standing = Standing()
    standing.refresh(ledger)
    return standing


def test_a_word_counts_as_waiting_until_readers_see_it_unless_it_changes_nothing(ledger: Ledger) -> None:
    ledger.append("prepared", {})
    line = ledger.judge("a", "b", "same", by="王芳", because="", seen="")
    undone = ledger.undo(line, by="王芳", because="")
    assert [read(ledger).not_in_effect(upto) for upto in (0, line, undone)] == [2, 1, 0]
    ledger.judge("a", "c", "same", by="王芳", because="", seen="", needs=2)
    assert read(ledger).not_in_effect(undone) == 0  # waits for a second person
    second = ledger.judge("a", "c", "same", by="李伟", because="", seen="", needs=2)
    assert read(ledger).not_in_effect(undone) == 2
    blind = ledger.judge("a", "c", "same", by="赵敏", because="", seen="", blind=second)
    ledger.undo(blind, by="赵敏", because="")
    assert read(ledger).not_in_effect(second) == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from([*combinations("abc", 2)]),
        st.sampled_from(["same", "different", "unsure", "undo", "look"]),
        st.sampled_from(["王芳", "李伟", "赵敏"]),
        st.integers(1, 2),
    ),
    max_size=20,
)


@settings(max_examples=60)
@given(STEPS)
def test_whenever_one_looks_there_stands_what_all_lines_say(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[tuple[str, str], str, str, int]]
) -> None:
    with open_chain(tmp_path_factory.mktemp("book") / "ledger.sqlite", b"k" * 16) as ledger:
        standing, said = Standing(), [0]
        for pair, word, by, needs in steps:
            if word == "undo":
                if said[-1]:
                    ledger.undo(said.pop(), by=by, because="")
            elif word != "look":
                said.append(ledger.judge(*pair, word, by=by, because="", seen="", needs=needs))  # type: ignore[arg-type]
            standing.refresh(ledger)
            fresh = read(ledger)
            for left, right in combinations("abc", 2):
                assert standing.between(left, right) == fresh.between(left, right)
                assert standing.between(right, left) == fresh.between(left, right)
