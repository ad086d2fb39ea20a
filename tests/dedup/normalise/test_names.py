"""Names: one person's name has one spelling, and a name that lost something never looks whole."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup.normalise.characters import simplified
from dedup.normalise.names import name, split_names, surname_of
from dedup.normalise.pinyin import pinyins

SURNAMES = st.sampled_from(["王", "李", "欧阳", "单", "曾", "于", "於", "萧"])
GIVEN = st.text(alphabet="伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂䶮𬱖", min_size=1, max_size=2)
NAMES = st.builds(str.__add__, SURNAMES, GIVEN)
LATER = st.sampled_from(["", "(户主)", "（租）", "1", "①", "[已迁]", "2 "])


@given(stated=NAMES, between=st.sampled_from(["", " ", "\u3000", "\u200b", "\u00a0 "]), note=LATER)
def test_padding_and_notes_do_not_change_a_name(stated: str, between: str, note: str) -> None:
    assert name(between.join(stated) + note) == (stated, "ok")


@given(stated=NAMES, place=st.integers(0, 3), mark=st.sampled_from("*＊?□\ufffd\ue001〓"))
def test_a_name_with_a_hidden_or_lost_character_is_never_ok(stated: str, place: int, mark: str) -> None:
    place = min(place, len(stated) - 1)
    found = name(stated[:place] + mark + stated[place + 1 :])
    assert found.quality in {"masked", "partial"}
    assert found.key is not None
    assert len(found.key) == len(stated)


@given(first=NAMES, second=NAMES, mark=st.sampled_from(["、", ",", "；", "/", "\n", " / "]))
def test_two_people_in_a_cell_are_never_one_name(first: str, second: str, mark: str) -> None:
    assert name(first + mark + second) == (None, "several")


@given(text=st.text(max_size=20))
def test_simplifying_twice_is_simplifying_once_and_keeps_the_length(text: str) -> None:
    once = simplified(text)
    assert simplified(once) == once
    assert len(once) == len(text)


def test_simplified_characters_are_never_made_traditional() -> None:
    for char in "于余范后云叶党姜台里发面只干升征伙着借":
        assert simplified(char) == char


@given(stated=NAMES)
def test_pinyin_has_one_syllable_for_each_character(stated: str) -> None:
    (said,) = pinyins(pa.array([stated])).to_pylist()
    assert len(said.split()) == len(stated)


@given(
    names=st.lists(
        st.one_of(NAMES, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4))
    )
)
def test_a_column_of_names_is_split_where_each_name_is(names: list[str]) -> None:
    surnames, given_names = (part.to_pylist() for part in split_names(pa.array(names, pa.string())))
    assert surnames == [surname_of(name) for name in names]
    assert given_names == [name[len(surname_of(name)) :] for name in names]
