"""What stands of several people's words on one pair."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.words import Word, agreed


@dataclass(frozen=True)
class Said:
    by: str
    verdict: Word
    needs: int = 2
    seen: str = "f"
    blind: int = 0


WANG, LI, ZHOU = "wang", "li", "zhou"
SAME, OTHER = "same", "different"

STORIES: list[tuple[str, list[Said], Word | None, int, bool]] = [
    ("one of two", [Said(WANG, "same")], None, 1, False),
    ("two agree", [Said(WANG, "same"), Said(LI, "same")], "same", 0, False),
    ("one person twice is one person", [Said(WANG, "same"), Said(WANG, "same")], None, 1, False),
    ("two differ", [Said(WANG, "same"), Said(LI, "different")], None, 2, True),
    ("a third does not outvote", [Said(WANG, "same"), Said(LI, "different"), Said(ZHOU, "same")], None, 3, True),
    ("who decides", [Said(WANG, "same"), Said(LI, "different"), Said(ZHOU, "same", 1)], "same", 0, False),
    ("other data are another question", [Said(WANG, "same"), Said(LI, "same", seen="g")], None, 1, False),
    ("unsure is no second word", [Said(WANG, "same"), Said(LI, "unsure"), Said(ZHOU, "same")], "same", 0, False),
    ("one does not undo what two said", [Said(WANG, "same"), Said(LI, "same"), Said(ZHOU, "different")], "same", 1, False),
    ("two do", [Said(WANG, "same", 1), Said(LI, "different"), Said(ZHOU, "different")], "different", 0, False),
    ("what was said blind changes nothing", [Said(WANG, "same", 1), Said(LI, "different", 1, blind=1)], "same", 0, False),
    ("where one is enough, the last word stands", [Said(WANG, "same", 1), Said(LI, "unsure", 1)], "unsure", 0, False),
]  # fmt: skip


@pytest.mark.parametrize(("said", "stands", "waits", "disputed"), [one[1:] for one in STORIES], ids=[one[0] for one in STORIES])  # fmt: skip
def test_what_stands_and_what_waits(
    said: list[Said], stands: Word | None, waits: int, disputed: bool
) -> None:
    now = agreed(said)
    assert (now.stands.verdict if now.stands else None) == stands
    assert (len(now.waits), now.disputed) == (waits, disputed)


WORDS = st.builds(
    Said,
    st.sampled_from([WANG, LI, ZHOU]),
    st.sampled_from(["same", "different", "unsure"]),
    st.just(2),
    st.sampled_from(["f", "g"]),
)
BLIND = st.builds(
    Said,
    st.sampled_from([WANG, LI]),
    st.sampled_from(["same", "different"]),
    st.just(1),
    st.just("f"),
    st.just(7),
)


@given(st.lists(WORDS, max_size=8))
def test_nothing_that_needs_two_people_stands_on_the_word_of_one(said: list[Said]) -> None:
    stands = agreed(said).stands
    if stands is not None:
        upto = said[: max(at for at, one in enumerate(said) if one is stands) + 1]
        assert len({one.by for one in upto if (one.verdict, one.seen) == (stands.verdict, stands.seen)}) > 1


@given(st.lists(st.one_of(WORDS, BLIND), max_size=8))
def test_what_was_said_blind_is_as_if_it_had_not_been_said(said: list[Said]) -> None:
    assert agreed(said) == agreed([one for one in said if not one.blind])
