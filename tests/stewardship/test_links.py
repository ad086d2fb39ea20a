"""How records hang together: what is drawn of a resident's links, and that nothing of it hides another."""

from __future__ import annotations

import pytest

from stewardship.casebook import Casebook
from stewardship.desk.drawing import SPOT, draw
from stewardship.links import MOST_SPOTS, MOST_TIES, Held, Links, Pair, Web, read_links, weave
from stewardship.standing import Said


def kinds(web: Web) -> dict[frozenset[str], str]:
    name = [one.record_id for one in web.spots]
    return {frozenset((name[one.left], name[one.right])): one.kind for one in web.ties}


def said(left: str, right: str, word: str) -> Said:
    return Said(1, "", "wang", left, right, word, "", "")  # type: ignore[arg-type]


def residents_of(book: Casebook, left: str, right: str) -> list[str]:
    (case,) = [one for one in book.cases if {one.left, one.right} == {left, right}]
    return list(dict.fromkeys(case.residents))


def test_what_a_night_joined_refused_and_left_to_a_person_is_drawn_each_in_its_own_way(
    book: Casebook,
) -> None:
    twins = weave(
        read_links(book.snapshot, residents_of(book, "brother", "twin")),
        [said("brother", "twin", "different")],
    )
    assert {one.record_id for one in twins.spots} == {"brother", "brother_too", "twin"}
    assert kinds(twins)[frozenset(("brother", "brother_too"))] == "joins"
    assert kinds(twins)[frozenset(("brother_too", "twin"))] == "doubtful"
    between = [one for one in twins.ties if one.by]
    assert [(one.kind, one.by, one.points) for one in between] == [("different", "wang", None)]
    tied = weave(read_links(book.snapshot, residents_of(book, "between", "tied_one")), [])
    (refused,) = [one for one in tied.ties if one.kind == "refused"]
    assert "难分高下" in refused.because and refused.points and refused.reason
    names = " ".join(one.because + one.reason for web in (twins, tied) for one in web.ties)
    assert "李建" not in names and "张玮玲" not in names


def chain(records: int, alike: int = 1) -> Links:
    """A resident whose nodes hang on each other in a row, written down in another order; so many records state the same."""
    order = [(at * 7) % records for at in range(records)]
    held = [
        Held(f"r{node:03}.{at}", "grid", 0, node, f"r{node:03}.0") for node in order for at in range(alike)
    ]
    pairs = [
        Pair(f"r{one:03}.0", f"r{other:03}.0", True, points, "link", "", "")
        for one in range(records)
        for other in range(one + 1, records)
        for points in [20.0 - (other - one) / 10]
    ]
    return Links(held, pairs)


def test_strong_links_are_short_and_the_same_links_give_the_same_picture() -> None:
    web = weave(chain(10), [])
    numbers = [int(one.record_id[1:4]) for one in web.spots]
    strongest = [one for one in web.ties if one.points == 19.9]
    assert len(strongest) == 9
    assert sum(abs(one.left - one.right) for one in strongest) <= 2 * 9
    assert sorted(numbers) == list(range(10))
    assert draw(web) == draw(weave(chain(10), []))


@pytest.mark.parametrize(("records", "alike"), [(1, 1), (2, 1), (24, 1), (9, 40), (60, 1)])
def test_many_records_are_few_spots_that_lie_apart_and_inside_the_picture(records: int, alike: int) -> None:
    web = weave(chain(records, alike), [])
    assert len(web.spots) == records
    assert {one.records for one in web.spots} == {alike if records * alike > MOST_SPOTS else 1}
    assert len(web.ties) <= max(MOST_TIES, records - 1)
    assert len(web.ties) + web.left_out == records * (records - 1) // 2
    drawing = draw(web)
    places = [(one.x, one.y) for one in drawing.places]
    for at, (x, y) in enumerate(places):
        assert SPOT <= x <= drawing.wide - SPOT and SPOT <= y <= drawing.high - SPOT
        assert all(abs(x - u) + abs(y - v) > 2 * SPOT for u, v in places[at + 1 :])


def test_what_a_person_said_bends_aside_from_the_link_of_the_same_two() -> None:
    web = weave(chain(3), [said("r000.0", "r001.0", "same")])
    drawing = draw(web)
    both = [
        drawing.lines[at]
        for at, one in enumerate(web.ties)
        if {web.spots[one.left].record_id, web.spots[one.right].record_id} == {"r000.0", "r001.0"}
    ]
    assert len({(round(one.x), round(one.y)) for one in both}) == 2
