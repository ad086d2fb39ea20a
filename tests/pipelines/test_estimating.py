"""Estimates as they are told: one that is carried from an earlier night says so."""

from __future__ import annotations

from datetime import date

import pytest

from dedup.estimates import Estimates
from pipelines.estimating import told_estimates

DRAWN = Estimates(0.9998, 0.98, 0.96, 0.99, 2000, 1914, drawn=date(2026, 11, 19))
CARRIED = Estimates(0.9998, 0.98, 0.96, 0.99, 2000, 1914, drawn=date(2026, 11, 19), changed=0.0123)
UNKNOWN = Estimates(0.9998, drawn=date(2026, 11, 19), changed=0.0123)


@pytest.mark.parametrize("speak", ["zh", "en"])
@pytest.mark.parametrize("found", [CARRIED, UNKNOWN], ids=["recall known", "recall unknown"])
def test_an_estimate_that_is_carried_names_its_night_and_what_has_changed_since(found, speak) -> None:
    told = told_estimates(found, speak)
    assert (told["estimate_drawn"], told["estimate_changed_since"]) == ("2026-11-19", 0.0123)
    assert "2026-11-19" in told["recall_basis"] and "1.23%" in told["recall_basis"]


def test_one_that_was_drawn_tonight_or_of_no_night_says_nothing_of_the_kind() -> None:
    assert "2026" not in told_estimates(DRAWN, "zh")["recall_basis"]
    assert "estimate_drawn" not in told_estimates(Estimates(0.9998), "zh")
