"""Taking records out of a resident: the night after has them where they were wanted, by as few words as hold it, as one act."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

import pytest

from stewardship.moving import Plan, plan_move, what_would_be_told
from stewardship.standing import Standing
from stewardship.store import open_desk
from stewardship.verdicts import Contradicts, Overtaken, Saying, give_together, undo
from tests.stewardship.office import JIANGUO, OTHER_HOME, PEOPLE, SECOND, night
from warehouse.ledger import Ledger, open_ledger
from warehouse.site import Site, read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store

HIS = {**JIANGUO, "id_number": PEOPLE["hukou"]["brother"]["id_number"]}
NAMESAKE = {**JIANGUO, "phone": "13511112222", "address": OTHER_HOME, "birth_date": "1990-05-07"}
# grid a, b and civil c, d, e are with the registry's brother; d and e state the same, and were somebody else's all along.
GRID = {
    **PEOPLE["grid"],
    "a": {name: stated for name, stated in HIS.items() if name != "address"},
    "b": {**HIS, "phone": "13900000077"},
    "other": NAMESAKE,
}
CIVIL = {
    **PEOPLE["civil"],
    "c": HIS,
    "d": {**JIANGUO, "phone": "13900000078"},
}
CIVIL |= {"e": CIVIL["d"]}


@pytest.fixture(scope="module")
def glued(office_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root: Path = tmp_path_factory.mktemp("glued") / "site"
    shutil.copytree(office_made, root, symlinks=True)
    night(read_site(root), SECOND, {"grid": GRID, "civil": CIVIL})
    return root


@pytest.fixture
def site(glued: Path, tmp_path: Path) -> Site:
    return read_site(Path(shutil.copytree(glued, tmp_path / "site", symlinks=True)))


def whose(site: Site) -> dict[str, str]:
    snapshot = current_snapshot(site)
    assert snapshot is not None
    with read_store(snapshot) as con:
        return dict(con.execute("select record_id, resident_id from resolved.record").fetchall())


def with_whom(site: Site, record: str) -> set[str]:
    residents = whose(site)
    return {one for one, resident in residents.items() if resident == residents[record]}


def planned(
    site: Site, going: set[str], to: str | None = None, doubted: Collection[tuple[str, str]] = ()
) -> Plan:
    snapshot, residents = current_snapshot(site), whose(site)
    assert snapshot is not None
    with open_ledger(site) as ledger:
        standing = Standing()
        standing.refresh(ledger)
    return plan_move(
        snapshot, residents["brother"], going, residents[to] if to else None, standing.standing(), doubted
    )


def said(site: Site, plan: Plan) -> int:
    with open_ledger(site) as ledger, open_desk(site) as desk:
        words = [Saying(*one, 0, "f", 1.0, 1) for one in plan.words]
        return give_together(
            ledger,
            desk,
            Standing(),
            words,
            by="wang",
            because="",
            alike=lambda one: plan.alike[one],
            model="",
        )


def tomorrow(site: Site) -> None:
    night(site, SECOND, {})


def test_records_that_go_are_somebody_elses_the_night_after_and_the_act_is_taken_back_as_a_whole(
    site: Site,
) -> None:
    before = with_whom(site, "brother")
    assert {"brother", "a", "b", "c", "d", "e"} <= before
    plan = planned(site, {"d", "e"})
    assert plan.holds and {one.verdict for one in plan.words} == {"different"}
    assert {"d", "e"} in [{*piece} for piece in plan.pieces]
    line = said(site, plan)
    tomorrow(site)
    assert with_whom(site, "d") == {"d", "e"}
    assert with_whom(site, "brother") == before - {"d", "e"}
    assert planned(site, set(), None).words == []
    with open_ledger(site) as ledger, open_desk(site) as desk:
        standing = Standing()
        undo(ledger, desk, standing, line, by="wang", because="", any_ones=False, alike=lambda one: [one])
        assert list(standing.standing()) == [] and ledger.verify() is None
        assert len(ledger.lines("undo")) == len(plan.words)
    tomorrow(site)
    assert with_whom(site, "brother") == before


def test_no_word_can_be_spared_and_what_stands_is_not_said_again(site: Site) -> None:
    before = with_whom(site, "brother")
    plan = planned(site, {"d", "e"})
    with open_ledger(site) as ledger:
        for one in plan.words[1:]:
            ledger.judge(*one, by="li", because="", seen="f")
    assert [*planned(site, {"d", "e"}).words] == [plan.words[0]]
    tomorrow(site)
    assert (with_whom(site, "d"), with_whom(site, "brother")) != ({"d", "e"}, before - {"d", "e"})


def test_one_of_two_records_that_state_the_same_goes_alone(site: Site) -> None:
    plan = planned(site, {"e"})
    assert plan.holds and ("d", "e", "different") in plan.words
    said(site, plan)
    tomorrow(site)
    assert with_whom(site, "e") == {"e"} and "d" in with_whom(site, "brother")


def test_records_are_moved_to_whom_they_belong(site: Site) -> None:
    assert with_whom(site, "other") == {"other"}
    plan = planned(site, {"d", "e"}, "other")
    assert plan.holds and {one.verdict for one in plan.words} == {"same", "different"}
    said(site, plan)
    tomorrow(site)
    assert with_whom(site, "other") == {"other", "d", "e"}


def test_a_record_with_another_reliable_number_is_not_promised_to_anybody(site: Site) -> None:
    plan = planned(site, {"a"}, "alone")
    assert not plan.holds


def test_what_contradicts_what_stands_is_refused_as_a_whole_with_the_chain(site: Site) -> None:
    plan = planned(site, {"d", "e"}, "other")
    (stays, *_) = {*next(one for one in plan.words if one.verdict == "different")[:2]} - {"d", "e"}
    with open_ledger(site) as ledger:
        ledger.judge(stays, "other", "same", by="li", because="", seen="f")
        written = ledger.last()
    with pytest.raises(Contradicts) as told:
        said(site, plan)
    assert {stays, "other"} <= {one for link in told.value.chain for one in link[:2]}
    with open_ledger(site) as ledger:
        assert ledger.last() == written


def test_a_pair_of_which_somebody_spoke_meanwhile_stops_the_act(site: Site) -> None:
    plan = planned(site, {"d", "e"})
    with open_ledger(site) as ledger:
        ledger.judge(plan.words[-1].left, plan.words[-1].right, "unsure", by="li", because="", seen="f")
        written = ledger.last()
    with pytest.raises(Overtaken):
        said(site, plan)
    with open_ledger(site) as ledger:
        assert ledger.last() == written


def test_an_act_that_cannot_be_written_to_its_end_leaves_no_line(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(site, {"d", "e"}, "other")
    assert len(plan.words) > 1

    def full(self: Ledger, kind: str, *rest: object, **more: object) -> int:
        if kind == "together":
            raise OSError("disk full")
        return append(self, kind, *rest, **more)  # type: ignore[arg-type]

    append = Ledger.append
    monkeypatch.setattr(Ledger, "append", full)
    with pytest.raises(OSError, match="disk full"):
        said(site, plan)
    with open_ledger(site) as ledger:
        assert ledger.lines() == [] and ledger.verify() is None


DOUBTED = [("brother", "d"), ("d", "other"), ("gone", "d")]


@pytest.mark.parametrize(
    ("going", "to", "answers"),
    [
        (set(), None, [("brother", "d", "same"), ("d", "other", "different")]),
        ({"a"}, None, [("brother", "d", "same"), ("d", "other", "different")]),
        ({"d", "e"}, None, [("brother", "d", "different")]),
        ({"d", "e"}, "other", [("brother", "d", "different"), ("d", "other", "same")]),
        ({"d", "e"}, "alone", [("brother", "d", "different"), ("d", "other", "different")]),
    ],
    ids=["all stay", "another goes", "whose is not known", "the same", "somebody else's"],
)
def test_every_pair_in_doubt_is_answered_by_what_is_chosen_but_whose_a_record_is_that_goes_to_nobody(
    site: Site, going: set[str], to: str | None, answers: list[tuple[str, str, str]]
) -> None:
    plan = planned(site, going, to, DOUBTED)
    said = [one for one in (*plan.words, *plan.answers) if one[:2] in DOUBTED]
    assert sorted(said) == answers
    assert (plan.words, plan.then) == ((alone := planned(site, going, to)).words, alone.then)


def test_the_platforms_that_would_be_told_otherwise_are_counted(site: Site) -> None:
    snapshot = current_snapshot(site)
    assert snapshot is not None
    cells, withdrawn = what_would_be_told(snapshot, planned(site, {"a"}))
    assert (cells, withdrawn) == (
        {},
        {"grid": 1},
    )  # it has no address of its own, and is told that of the others
    assert what_would_be_told(snapshot, planned(site, set())) == ({}, {})
