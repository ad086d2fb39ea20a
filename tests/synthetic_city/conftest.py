"""A city made once for all tests, and the bound within which an observed share fits its target."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from math import sqrt
from pathlib import Path

import pytest

from synthetic_city.city import CitySummary, make_city
from synthetic_city.people import Town
from synthetic_city.records import TWELVE
from synthetic_city.settling import found_town

FOUR_SIGMA = 4.0


@pytest.fixture(scope="session")
def town() -> Town:
    return found_town(7, 12_000, date(2026, 11, 16))


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> CitySummary:
    """Of the twelve platforms whose figures the tests know."""
    return make_city(tmp_path_factory.mktemp("city") / "site", residents=5000, seed=7, platforms=TWELVE)


@pytest.fixture(scope="session")
def whole_city(tmp_path_factory: pytest.TempPathFactory) -> CitySummary:
    """A smaller one of every platform there is."""
    return make_city(tmp_path_factory.mktemp("whole") / "site", residents=2000, seed=7)


@pytest.fixture
def fits() -> Callable[..., None]:
    """Assert that hits of trials fit a target share: by chance it fails once in 16,000 seeds, and seeds are fixed.

    `clumped`: how many trials share one fate on average, as the members of a household do.
    """

    def check(hits: int, trials: int, target: float, *, clumped: float = 1.0) -> None:
        bound = FOUR_SIGMA * sqrt(target * (1 - target) * clumped / trials)
        assert abs(hits / trials - target) <= bound, (
            f"{hits}/{trials} = {hits / trials:.4f}, target {target} ± {bound:.4f}"
        )

    return check


@pytest.fixture
def site_folder(tmp_path: Path) -> Path:
    return tmp_path / "site"
