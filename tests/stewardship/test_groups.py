"""Which cases are the same question, how many of them are looked at before the rest is answered, and what the answers come to."""

from __future__ import annotations

import shutil
from math import comb
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stewardship.accounts import Account
from stewardship.casebook import Casebook, open_casebook
from stewardship.four_eyes import Tier
from stewardship.groups import Group, find_group, groups, measure, sample_of, sample_size
from stewardship.standing import Standing
from tests.stewardship.office import SECOND, alike_night
from warehouse.ledger import open_ledger
from warehouse.site import Site, read_site
from warehouse.snapshot import current_snapshot
from warehouse.words import Word

WANG = Account("wang", "steward")


@pytest.fixture(scope="module")
def alike_made(office_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(shutil.copytree(office_made, tmp_path_factory.mktemp("alike") / "site", symlinks=True))
    alike_night(read_site(root), SECOND)
    return root


@pytest.fixture
def site(alike_made: Path, tmp_path: Path) -> Site:
    return read_site(Path(shutil.copytree(alike_made, tmp_path / "site", symlinks=True)))


@given(st.integers(1, 400), st.sampled_from([0.02, 0.05, 0.1, 0.3]), st.sampled_from([0.01, 0.05, 0.2]))
def test_a_sample_without_a_wrong_one_is_as_unlikely_as_is_said_and_no_smaller_one_would_do(
    cases: int, wrong: float, doubt: float
) -> None:
    bad = int(wrong * cases) + 1  # the fewest that are more than the share

    def shows_none(drawn: int) -> float:
        return comb(cases - bad, drawn) / comb(cases, drawn)

    drawn = sample_size(cases, wrong, doubt)
    assert 0 < drawn <= cases and shows_none(drawn) <= doubt * (1 + 1e-9)
    assert shows_none(drawn - 1) > doubt * (1 - 1e-9)


def test_cases_that_are_the_same_question_are_one_group_and_who_may_be_family_or_is_asked_about_twice_is_in_none(
    book: Casebook, site: Site
) -> None:
    assert len(book.cases) > 25
    (group,) = groups(book, site.key, Standing(), WANG)
    records = {record for case in group.cases for record in (case.left, case.right)}
    assert records == {f"{slug}_{at}" for slug in ("hukou", "grid") for at in range(20)}
    assert (len(group.cases), group.drawn, group.state) == (20, 16, "asking")
    assert sample_of(book, site.key, WANG, group.pattern) == {one.id for one in group.sample}
    kinds = {one.kind for one in book.cases if not one.pattern}
    assert {"near_tie", "one_id_two_people"} <= kinds  # something contradicts
    (twins,) = (one for one in book.cases if (one.left, one.right) == ("brother", "twin"))
    assert twins.kind == "possible_match" and not twins.pattern


def test_what_is_for_two_people_is_in_no_group_whatever_the_site_says(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = current_snapshot(site)
    assert snapshot is not None
    monkeypatch.setattr("stewardship.patterns.tier", lambda: Tier(1000, {"grid": "because"}))
    assert open_casebook(site, snapshot, []).patterns.keys() == {
        one.pattern for one in open_casebook(site, snapshot, []).cases if "grid" not in one.platforms
    } - {""}


def answered(site: Site, book: Casebook, *words: Word) -> Group:
    """The group after so many of its cases were answered, in the order in which they were drawn."""
    standing = Standing()
    (group,) = groups(book, site.key, standing, WANG)
    with open_ledger(site) as ledger:
        for case, word in zip(group.cases, words, strict=False):
            ledger.judge(case.left, case.right, word, by="wang", because="", seen=case.seen)
        standing.refresh(ledger)
    found = find_group(book, site.key, standing, WANG, group.pattern)
    assert found is not None and [one.id for one in found.cases] == [one.id for one in group.cases]
    return found


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (["same"] * 15, "asking"),
        (["same"] * 16, "agreed"),
        (["different"] * 16, "agreed"),
        (["same"] * 3 + ["different"], "dissolved"),
        (["same"] * 15 + ["unsure"], "dissolved"),
        (["same"] * 17 + ["different"], "dissolved"),  # beside the sample
    ],
)
def test_only_a_whole_sample_that_agrees_speaks_for_the_rest(
    site: Site, book: Casebook, words: list[Word], state: str
) -> None:
    group = answered(site, book, *words)
    assert group.state == state
    everything = {one.id for one in book.cases}
    assert len(group.rest(everything)) == min(4, 20 - len(words)) and group.rest(set()) == []


def test_a_word_on_other_data_is_no_answer_of_the_sample(site: Site, book: Casebook) -> None:
    standing = Standing()
    (group,) = groups(book, site.key, standing, WANG)
    with open_ledger(site) as ledger:
        for case in group.sample:
            ledger.judge(case.left, case.right, "same", by="wang", because="", seen="before")
        standing.refresh(ledger)
    (group,) = groups(book, site.key, standing, WANG)
    assert group.state == "asking" and group.answered == 0


def test_who_is_kept_to_some_areas_draws_among_their_own(book: Casebook, site: Site) -> None:
    elsewhere = Account("sun", "steward", frozenset({"别的社区"}))
    assert groups(book, site.key, Standing(), elsewhere) == []
    assert measure().least == 20
