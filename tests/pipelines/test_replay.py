"""Taking in night by night leaves the same as taking in everything at once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.replay import Taken, plan

FIRST = date(2026, 11, 1)


class Pull(NamedTuple):
    night: date
    platform: str
    sha256: str

    @property
    def usable(self) -> bool:
        return bool(self.sha256)


PULLS = st.lists(
    st.builds(
        Pull,
        night=st.integers(0, 4).map(lambda days: FIRST + timedelta(days)),
        platform=st.sampled_from(["grid", "card"]),
        sha256=st.sampled_from(["a", "b", ""]),
    ),
    max_size=8,
)


def follow(warehouse: dict[str, list[Taken]], manifest: list[Pull], changed=()) -> dict[str, list[Taken]]:
    """A warehouse that does what the plan says; bytes without a name are a file that could not be read."""
    told = plan(manifest, warehouse, changed)
    after = {slug: [] if slug in told.forget else list(had) for slug, had in warehouse.items()}
    for pull in told.todo:
        pulls = after.setdefault(pull.platform, [])
        pulls[:] = [old for old in pulls if (old.night, old.sha256) != (pull.night, pull.sha256)]
        pulls.append(Taken(pull.night, pull.sha256, pull.usable, pull.usable))
    return after


def stated(warehouse: dict[str, list[Taken]]) -> dict[str, list[Taken]]:
    """The part that decides what is staged."""
    return {slug: [pull for pull in pulls if pull.stated] for slug, pulls in warehouse.items()}


@settings(max_examples=200)
@given(PULLS, st.lists(st.integers(0, 8), max_size=4))
def test_one_run_or_many_take_in_the_same(manifest, stops):
    by_steps: dict[str, list[Taken]] = {}
    for stop in sorted(stops):
        by_steps = follow(by_steps, manifest[:stop])
    assert stated(follow(by_steps, manifest)) == stated(follow({}, manifest))


@given(PULLS)
def test_what_is_taken_in_already_is_not_taken_in_again(manifest):
    told = plan(manifest, follow({}, manifest))
    assert (told.forget, told.todo) == ((), ())


def test_a_changed_platform_is_read_again_and_the_others_are_not():
    manifest = [Pull(FIRST, "grid", "a"), Pull(FIRST, "card", "b")]
    told = plan(manifest, follow({}, manifest), changed=["grid"])
    assert told.forget == ("grid",)
    assert [pull.platform for pull in told.todo] == ["grid"]


def test_an_older_night_that_arrives_late_makes_its_platform_be_read_again_in_order():
    late, known = Pull(FIRST, "grid", "a"), Pull(FIRST + timedelta(1), "grid", "b")
    told = plan([known, late], follow({}, [known]))
    assert told.forget == ("grid",)
    assert told.todo == (late, known)


def test_a_replaced_unreadable_file_costs_no_second_reading():
    known, torn = Pull(FIRST, "grid", "a"), Pull(FIRST + timedelta(1), "grid", "")
    whole = Pull(FIRST + timedelta(1), "grid", "c")
    told = plan([known, torn, whole], follow({}, [known, torn]))
    assert told.forget == ()
    assert told.todo == (whole,)
