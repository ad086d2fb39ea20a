"""Expectation maximisation finds again what patterns were drawn from."""

from __future__ import annotations

import numpy as np
import pytest

from dedup.em import bits, maximise, posterior, shares

M = [np.array([0.0, 0.9, 0.07, 0.03]), np.array([0.0, 0.8, 0.2]), np.array([0.0, 0.95, 0.05])]
U = [np.array([0.0, 0.01, 0.04, 0.95]), np.array([0.0, 0.02, 0.98]), np.array([0.0, 0.5, 0.5])]
MISSING = 0.2


def drawn(seed: int, pairs: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Distinct patterns with their counts; each value is missing in one pair of five."""
    random = np.random.default_rng(seed)
    same = random.random(pairs) < share
    codes = np.zeros((pairs, len(M)), dtype=np.int8)
    for place, (m, u) in enumerate(zip(M, U, strict=True)):
        level = np.where(same, random.choice(len(m), pairs, p=m), random.choice(len(u), pairs, p=u))
        codes[:, place] = np.where(random.random(pairs) < MISSING, 0, level)
    patterns, counts = np.unique(codes, axis=0, return_counts=True)
    return patterns, counts.astype(float)


def far_off() -> list[np.ndarray]:
    return [shares(np.array([0.0, *range(len(one) - 1, 0, -1)], dtype=float)) for one in M]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.05, 0.4])
def test_the_shares_that_patterns_were_drawn_from_are_found_again(seed: int, share: float) -> None:
    codes, counts = drawn(seed, 40_000, share)
    found = maximise(codes, counts, far_off(), U, [False] * 3, np.zeros(len(codes), dtype=bool))
    assert found.match_share == pytest.approx(share, abs=0.01)
    for one, true in zip(found.m, M, strict=True):
        assert one == pytest.approx(true, abs=0.035)
        assert one.sum() == pytest.approx(1.0)


def test_what_is_held_out_is_neither_used_nor_learned() -> None:
    codes, counts = drawn(1, 20_000, 0.3)
    start = far_off()
    start[0] = np.array([0.0, 0.0, 0.0, 1.0])  # would spoil everything if it were used
    found = maximise(codes, counts, start, U, [True, False, False], np.zeros(len(codes), dtype=bool))
    assert found.m[0].tolist() == start[0].tolist()
    assert found.m[1] == pytest.approx(M[1], abs=0.05)


def test_a_pattern_that_no_one_person_can_have_counts_for_nobody() -> None:
    codes, counts = drawn(2, 20_000, 0.3)
    impossible = codes[:, 1] == 2
    found = maximise(codes, counts, far_off(), U, [False] * 3, impossible)
    assert found.m[1][2] == 0.0


def test_counts_twice_as_large_say_the_same() -> None:
    codes, counts = drawn(3, 5_000, 0.3)
    never = np.zeros(len(codes), dtype=bool)
    one, other = (maximise(codes, counts * times, far_off(), U, [False] * 3, never) for times in (1, 2))
    assert [m.tolist() for m in one.m] == [pytest.approx(m.tolist()) for m in other.m]


def test_missing_values_move_no_probability() -> None:
    points = [bits(m, u) for m, u in zip(M, U, strict=True)]
    nothing = np.zeros((1, 3), dtype=np.int8)
    assert posterior(nothing, points, -3.0)[0] == pytest.approx(1 / 9)
