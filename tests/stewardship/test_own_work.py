"""What one steward has done, and how often others said the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stewardship.own_work import Day, own_work
from stewardship.standing import Said, Standing
from warehouse.words import Word


def standing(*lines: tuple[str, str, str, Word, int]) -> Standing:
    """Day, account, pair of two letters, word, and the line that is taken back (0: none)."""
    made = Standing()
    for seq, (day, by, pair, word, undoes) in enumerate(lines, start=1):
        said = Said(seq, f"{day}T09:00:00Z", by, pair[0], pair[1], word, "", "", undoes)
        made.lines[seq] = said
        made.of_pair.setdefault((pair[0], pair[1]), []).append(seq)
        if undoes:
            made.undone.add(undoes)
    return made


def test_days_are_told_with_what_was_unsure_and_what_one_took_back() -> None:
    made = standing(
        ("2026-11-01", "wang", "ab", "same", 0),
        ("2026-11-20", "wang", "ab", "same", 1),
        ("2026-11-20", "wang", "cd", "unsure", 0),
        ("2026-11-20", "li", "ef", "same", 0),
        ("2026-11-21", "zhou", "cd", "unsure", 3),  # an approver took it back
    )
    assert own_work(made, "wang", "2026-11-10").days == (Day("2026-11-20", 1, 1, 1),)
    assert [one.day for one in own_work(made, "wang").days] == ["2026-11-01", "2026-11-20"]
    assert own_work(made, "zhou").days == ()


@pytest.mark.parametrize(("word", "found"), [("same", (1, 0)), ("different", (0, 1)), ("unsure", (0, 0))])
def test_agreement_counts_pairs_on_which_two_people_decided(word: Word, found: tuple[int, int]) -> None:
    made = standing(
        ("2026-11-20", "wang", "ab", "different", 0),
        ("2026-11-20", "wang", "ab", "same", 0),  # thought again: the last one counts
        ("2026-11-21", "li", "ab", word, 0),
        ("2026-11-21", "li", "cd", "same", 0),
    )
    work = own_work(made, "wang")
    assert (work.agreed, work.differed) == found


def test_what_was_taken_back_agrees_with_nobody() -> None:
    made = standing(
        ("2026-11-20", "wang", "ab", "same", 0),
        ("2026-11-21", "li", "ab", "same", 0),
        ("2026-11-21", "li", "ab", "same", 2),
    )
    assert own_work(made, "wang").agreed == own_work(made, "wang").differed == 0


@pytest.mark.parametrize("word", ["same", "different"])
def test_a_word_that_waits_for_a_second_person_is_not_given_away_by_the_count(word: Word) -> None:
    made = standing(("2026-11-20", "wang", "ab", "same", 0), ("2026-11-21", "li", "ab", word, 0))
    made.lines[2] = replace(made.lines[2], needs=2)
    assert own_work(made, "wang").agreed == own_work(made, "wang").differed == 0
