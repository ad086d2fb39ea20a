"""Giving a verdict and taking it back: what stands never contradicts itself, and nothing is written twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stewardship.cases import Case
from stewardship.standing import Said, Settled, Standing
from stewardship.verdicts import (
    Contradicts,
    Disputed,
    NothingToUndo,
    Overtaken,
    Saying,
    give,
    give_together,
    undo,
)
from warehouse.books import FileBook
from warehouse.ledger import Ledger
from warehouse.words import Word


def case(left: str, right: str, seen: str = "f") -> Case:
    low, high = sorted((left, right))
    return Case(f"{low}{high}", "possible_match", low, high, (low, high), "", 1.0, 0.5, seen, 0, 0, (), 0, ())


@dataclass
class Room:
    """A ledger, and people who judge."""

    ledger: Ledger
    desk: sqlite3.Connection
    standing: Standing = field(default_factory=Standing)
    alike: dict[str, int] = field(default_factory=dict)

    def says(
        self,
        by: str,
        left: str,
        word: Word,
        right: str,
        *,
        knew: int | None = None,
        seen: str = "f",
        needs: int = 1,
        decides: bool = False,
    ) -> Said:
        self.standing.refresh(self.ledger)
        return give(
            self.ledger,
            self.desk,
            self.standing,
            case(left, right, seen),
            word,
            by=by,
            because="",
            knew=self.standing.known(left, right, by, decides=decides) if knew is None else knew,
            alike=self.states_the_same,
            model="m",
            needs=needs,
            decides=decides,
        )

    def states_the_same(self, record: str) -> list[str]:
        if record not in self.alike:
            return []
        return [other for other, stated in self.alike.items() if stated == self.alike[record]]

    def takes_back(self, by: str, seq: int, *, any_ones: bool = False) -> Said:
        return undo(
            self.ledger,
            self.desk,
            self.standing,
            seq,
            by=by,
            because="",
            any_ones=any_ones,
            alike=self.states_the_same,
        )


@pytest.fixture
def room() -> Iterator[Room]:
    with open_room() as opened:
        yield opened


@contextmanager
def open_room() -> Iterator[Room]:
    with (
        closing(sqlite3.connect(":memory:", isolation_level=None)) as con,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as desk,
    ):
        yield Room(Ledger(FileBook(con), b"k" * 32), desk)


def test_a_double_click_writes_one_line(room: Room) -> None:
    first = room.says("wang", "a", "same", "b", knew=0)
    assert room.says("wang", "a", "same", "b", knew=0) == first
    assert len(room.ledger.lines("verdict")) == 1


def test_the_second_of_two_answers_is_told_the_first_and_may_then_stand(room: Room) -> None:
    room.says("wang", "a", "same", "b", knew=0)
    with pytest.raises(Overtaken) as told:
        room.says("li", "a", "different", "b", knew=0)
    assert (told.value.said.by, told.value.said.verdict) == ("wang", "same")
    room.says("li", "a", "different", "b", knew=told.value.said.seq)
    assert [(one.by, one.verdict) for one in room.standing.standing()] == [("li", "different")]


def test_who_saw_what_two_said_is_told_no_more_than_that_it_stands_no_more(room: Room) -> None:
    room.says("wang", "a", "same", "b", needs=2)
    second = room.says("li", "a", "same", "b", needs=2)
    seen = room.standing.known("a", "b", "zhao")
    assert seen == second.seq
    room.takes_back("li", second.seq)
    with pytest.raises(Overtaken) as told:
        room.says("zhao", "a", "different", "b", knew=seen, needs=2)
    assert told.value.said is None  # wang's word waits, and is for nobody to see who has not answered
    room.says("zhao", "a", "different", "b", needs=2)
    assert [line.body["by"] for line in room.ledger.lines("verdict")] == ["wang", "li", "zhao"]


def test_the_same_answer_of_somebody_else_is_not_taken_for_a_double_click(room: Room) -> None:
    room.says("wang", "a", "same", "b", knew=0)
    with pytest.raises(Overtaken):
        room.says("li", "a", "same", "b", knew=0)


def test_an_undo_counts_as_news_for_whoever_did_not_see_it(room: Room) -> None:
    said = room.says("wang", "a", "same", "b")
    room.takes_back("wang", said.seq)
    with pytest.raises(Overtaken):
        room.says("li", "a", "same", "b", knew=said.seq)


def test_a_contradiction_is_refused_with_the_chain(room: Room) -> None:
    room.says("wang", "a", "same", "b")
    room.says("wang", "b", "same", "c")
    with pytest.raises(Contradicts) as told:
        room.says("li", "a", "different", "c")
    assert [(one.left, one.right) for one in told.value.chain] == [("a", "b"), ("b", "c")]
    assert [one.said.verdict for one in told.value.chain if one.said] == ["same", "same"]
    assert len(room.ledger.lines("verdict")) == 2


def test_same_through_a_different_is_refused_with_the_chain(room: Room) -> None:
    room.says("wang", "a", "different", "b")
    room.says("wang", "b", "same", "c")
    with pytest.raises(Contradicts) as told:
        room.says("li", "c", "same", "a")
    assert [(one.left, one.right) for one in told.value.chain] == [("a", "b"), ("b", "c")]


def test_records_that_state_the_same_are_one_in_a_chain(room: Room) -> None:
    room.alike = {"a": 1, "twin of a": 1, "b": 2}
    room.says("wang", "a", "same", "b")
    with pytest.raises(Contradicts) as told:
        room.says("li", "twin of a", "different", "b")
    assert {one.said is None for one in told.value.chain} == {True, False}


def test_records_that_state_the_same_may_be_kept_apart_and_stand_for_themselves_then(room: Room) -> None:
    room.alike = {"a": 1, "twin of a": 1, "b": 2}
    apart = room.says("wang", "a", "different", "twin of a")
    room.says("wang", "a", "same", "b")
    room.says("wang", "twin of a", "different", "b")
    with pytest.raises(Contradicts):
        room.takes_back("wang", apart.seq)
    with pytest.raises(Contradicts):
        room.says("li", "a", "unsure", "twin of a")


def test_unsure_contradicts_nothing_and_one_may_change_ones_mind(room: Room) -> None:
    room.says("wang", "a", "same", "b")
    room.says("wang", "a", "unsure", "b")
    room.says("wang", "a", "different", "b")
    assert [one.verdict for one in room.standing.standing()] == ["different"]


def test_undo_reaches_back_through_everything_one_said(room: Room) -> None:
    for other in "bcd":
        room.says("wang", "a", "unsure", other)
    room.says("li", "a", "unsure", "e")
    taken = []
    while (last := room.standing.last_of("wang")) is not None:
        taken.append(room.takes_back("wang", last.seq).right)
    assert taken == ["d", "c", "b"]
    assert [one.by for one in room.standing.standing()] == ["li"]


def test_undo_twice_is_one_line_and_of_others_needs_a_role(room: Room) -> None:
    said = room.says("wang", "a", "same", "b")
    with pytest.raises(NothingToUndo):
        room.takes_back("li", said.seq)
    room.takes_back("li", said.seq, any_ones=True)
    room.takes_back("wang", said.seq)
    assert len(room.ledger.lines("undo")) == 1
    with pytest.raises(NothingToUndo):
        room.takes_back("wang", 99)


def test_undo_does_not_bring_back_what_later_verdicts_contradict(room: Room) -> None:
    room.says("wang", "a", "same", "b")
    later = room.says("wang", "a", "different", "b")
    room.says("wang", "a", "same", "c")
    room.says("wang", "c", "different", "b")
    with pytest.raises(Contradicts):
        room.takes_back("wang", later.seq)
    assert room.ledger.lines("undo") == []


def test_the_second_of_two_needed_is_not_told_the_first_answer(room: Room) -> None:
    room.says("wang", "a", "same", "b", knew=0, needs=2)
    assert room.standing.of("a", "b") is None and room.ledger.verdicts() == []
    assert room.standing.told("a", "b", "li") == [] and room.standing.known("a", "b", "li") == 0
    assert len(room.standing.told("a", "b", "wang")) == 1
    room.says("li", "a", "same", "b", knew=0, needs=2)  # had opened it before the first answered: no matter
    assert [(one.left, one.right, one.verdict) for one in room.ledger.verdicts()] == [("a", "b", "same")]
    assert len(room.standing.told("a", "b", "nobody")) == 2


def test_where_two_differ_only_one_who_decides_sees_both_and_settles_it(room: Room) -> None:
    room.says("wang", "a", "same", "b", needs=2)
    room.says("li", "a", "different", "b", needs=2)
    for other in ("sun", "li"):
        with pytest.raises(Disputed):
            room.says(other, "a", "same", "b", needs=2)
    assert room.standing.told("a", "b", "sun") == []
    assert len(room.standing.told("a", "b", "zhou", decides=True)) == 2
    room.says("zhou", "a", "same", "b", needs=1, decides=True)
    assert [one.by for one in room.standing.standing()] == ["zhou"]


def test_words_given_together_settle_what_two_dispute_only_for_one_who_decides(room: Room) -> None:
    room.says("wang", "a", "same", "b", needs=2)
    last = room.says("li", "a", "different", "b", needs=2)

    def together(by: str, knew: int, needs: int) -> None:
        words = [
            Saying("a", "b", "different", knew, "f", 1.0, needs),
            Saying("a", "c", "same", 0, "f", 1.0, 2),
        ]
        give_together(
            room.ledger, room.desk, room.standing, words,
            by=by, because="", alike=room.states_the_same, model="m", decides=needs == 1,
        )  # fmt: skip

    with pytest.raises(Disputed):
        together("sun", 0, 2)
    assert room.ledger.last() == last.seq
    together("zhou", last.seq, 1)
    assert [(one.right, one.by) for one in room.standing.standing()] == [("b", "zhou")]  # the other waits


def test_a_word_that_waits_binds_nobody_elsewhere(room: Room) -> None:
    room.says("wang", "a", "same", "b", needs=2)
    room.says("li", "b", "same", "c")
    room.says("li", "a", "different", "c")
    with pytest.raises(Contradicts):
        room.says("zhou", "a", "same", "b", needs=2)


def test_taking_back_the_word_that_differs_lets_those_stand_that_agree_unless_they_contradict(
    room: Room,
) -> None:
    room.says("wang", "a", "same", "b", needs=2)
    differs = room.says("li", "a", "different", "b", needs=2)
    room.ledger.judge("a", "b", "same", by="sun", because="", seen="f", needs=2)
    room.says("zhou", "a", "different", "c")
    other = room.says("zhou", "b", "same", "c")
    with pytest.raises(Contradicts):
        room.takes_back("li", differs.seq)
    room.takes_back("zhou", other.seq)
    room.takes_back("li", differs.seq)
    assert ("a", "b", "same") in [(one.left, one.right, one.verdict) for one in room.standing.standing()]


def test_a_same_that_never_stood_parts_nobody_when_it_is_taken_back(room: Room) -> None:
    alone = room.says("wang", "a", "same", "b", needs=2)
    room.takes_back("wang", alone.seq)
    assert room.ledger.parted() == []
    first = room.says("wang", "a", "same", "b", needs=2)
    room.says("li", "a", "same", "b", needs=2)
    room.takes_back("wang", first.seq)
    assert room.ledger.verdicts() == [] and room.ledger.parted() == [("a", "b")]


RECORDS = "abcdef"
STEP = st.one_of(
    st.tuples(
        st.sampled_from(["same", "different", "unsure"]),
        st.permutations(RECORDS).map(lambda order: order[:2]),
        st.sampled_from(["wang", "li"]),
        st.sampled_from([1, 2]),
    ),
    st.tuples(st.just("undo"), st.integers(1, 12), st.just("zhou"), st.just(1)),
)


def consistent(said: Iterable[tuple[str, str, str]], alike: dict[str, int]) -> bool:
    """By brute force: join until nothing changes, then look whether a pair that differs is in one piece."""
    piece = {record: record for record in RECORDS}
    joins = [(left, right) for left, right, word in said if word == "same"]
    alone = {
        record
        for left, right, word in said
        if word == "different" and left in alike and alike[left] == alike.get(right)
        for record in (left, right)
    }
    grouped = {record: stated for record, stated in alike.items() if record not in alone}
    joins += [(a, b) for a in grouped for b in grouped if grouped[a] == grouped[b]]
    for left, right in joins:
        old, new = piece[left], piece[right]
        piece = {record: new if name == old else name for record, name in piece.items()}
    return all(piece[left] != piece[right] for left, right, word in said if word == "different")


@settings(max_examples=150)
@given(st.lists(STEP, max_size=14), st.dictionaries(st.sampled_from(RECORDS), st.integers(0, 1), max_size=4))
def test_what_stands_never_contradicts_itself_and_nothing_is_refused_without_need(
    steps: list[tuple[str, object, str, int]], alike: dict[str, int]
) -> None:
    with open_room() as room:
        room.alike = alike
        for word, what, by, needs in steps:
            stood = {(one.left, one.right): one.verdict for one in room.standing.standing()}
            try:
                if word == "undo":
                    room.takes_back(by, what, any_ones=True)  # type: ignore[arg-type]
                else:
                    left, right = what  # type: ignore[misc]
                    room.says(by, left, word, right, needs=needs)  # type: ignore[arg-type]
            except Contradicts:
                if word != "undo":
                    stood[tuple(sorted(what))] = word  # type: ignore[index, arg-type, call-overload]
                    assert not consistent([(*pair, said) for pair, said in stood.items()], alike)
            except (NothingToUndo, Disputed):
                pass
            standing = [(one.left, one.right, one.verdict) for one in room.standing.standing()]
            assert consistent(standing, alike)
        assert room.ledger.verify() is None
        read_anew = Standing()
        read_anew.refresh(room.ledger)
        assert read_anew == room.standing
        assert {one.seq for one in read_anew.standing()} == {one.seq for one in room.ledger.verdicts()}


def test_what_stands_settles_every_pair_of_the_same_residents() -> None:
    settled = Settled()
    assert settled.take("R1", "R2", "same") == ["R1", "R2"]
    settled.take("R1", "R3", "different")
    assert settled.between("R1", "R2")
    assert settled.between("R2", "R3")
    assert not settled.between("R1", "R4")
    assert set(settled.take("R3", "R4", "same")) == {"R3", "R4"}
    assert settled.between("R2", "R4")
