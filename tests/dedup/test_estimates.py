"""Precision and recall estimated without labels, held against the truth of synthetic towns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from dedup.estimates import estimates, found_at, link_threshold, precision_of, try_out, wilson
from dedup.link import resident_keys, text_keys
from dedup.match import Matched, match
from dedup.model import built_in
from dedup.records import RESIDENT_COLUMNS
from synthetic_city.records import stated_records

BASE = built_in("resident")


def town(noise: float) -> tuple[pa.Table, np.ndarray]:
    records = stated_records(residents=2500, seed=51, noise=noise).sort_by("record_id")
    person = np.array(records["person_id"].combine_chunks().dictionary_encode().indices)
    return resident_keys(records.select(["record_id", *RESIDENT_COLUMNS]), BASE), person


def pairs(*columns: np.ndarray) -> float:
    sizes = np.unique(np.stack(columns), axis=1, return_counts=True)[1]
    return float((sizes * (sizes - 1) // 2).sum())


@pytest.fixture(scope="module", params=[1.0, 4.0])
def run(request: pytest.FixtureRequest) -> tuple[pa.Table, np.ndarray, Matched]:
    keys, person = town(request.param)
    return keys, person, match(keys, BASE)


def test_the_estimate_of_recall_is_near_the_truth_and_its_interval_holds_it(run) -> None:
    keys, person, matched = run
    found = estimates(matched, keys, BASE)
    recall = pairs(matched.record_label, person) / pairs(person)
    assert found.recall is not None
    # what is missed is estimated within a factor of two: five pairs in a hundred may be three or nine
    assert (1 - recall) / 2 <= 1 - found.recall <= (1 - recall) * 2
    assert found.recall_low is not None and found.recall_high is not None
    assert found.recall_low < found.recall < found.recall_high
    assert found.recall_low <= recall <= found.recall_high


def test_the_estimate_of_precision_is_near_the_truth(run) -> None:
    keys, person, matched = run
    precision = pairs(matched.record_label, person) / pairs(matched.record_label)
    assert estimates(matched, keys, BASE).precision == pytest.approx(precision, abs=0.002)


def test_a_threshold_that_links_strangers_is_seen_as_such() -> None:
    """Far below the model's own threshold masked names meet the family's phone: precision falls, and so does its estimate."""
    keys, person = town(4.0)
    careless = replace(BASE, link=-6.0, review=-8.0)
    matched = match(keys, careless)
    found = try_out(matched, keys, careless)
    left, right = matched.pairs.left, matched.pairs.right
    who, records = person[matched.nodes.first_record()], np.bincount(matched.nodes.record_node)
    linked = ((matched.scored.cap == 0) & (matched.scored.points >= -6.0))[matched.scored.pattern]
    weight = (records[left] * records[right])[linked]
    true = float(weight[(who[left] == who[right])[linked]].sum() / weight.sum())
    assert true < 0.998
    expected = precision_of(found, found_at(-6.0, matched), -6.0)
    assert (1 - true) / 3 <= 1 - expected <= (1 - true) * 3
    assert link_threshold(found, matched, careless) > -6.0
    assert precision_of(found, found_at(6.0, matched), 6.0) > expected


def test_a_higher_threshold_never_finds_more(run) -> None:
    keys, _, matched = run
    found = try_out(matched, keys, BASE)
    assert found is not None
    shares = [float((found.own >= threshold).mean()) for threshold in range(-10, 40, 2)]
    assert shares == sorted(shares, reverse=True)


def test_without_numbers_to_go_by_recall_is_not_guessed() -> None:
    model = built_in("person")
    stated = pa.table({name: pa.array(["a", "b", "c"]) for name in model.columns})
    keys = text_keys(stated, model)
    found = estimates(match(keys, model), keys, model)
    assert found.recall is None and found.copies == 0
    keys, _ = town(1.0)
    few = keys.slice(0, 60)
    assert estimates(match(few, BASE), few, BASE).recall is None


def test_an_estimate_is_the_same_each_time(run) -> None:
    keys, _, matched = run
    assert estimates(matched, keys, BASE) == estimates(matched, keys, BASE)


def test_an_interval_of_nothing_found_still_has_a_width() -> None:
    low, high = wilson(0, 100)
    assert low == 0.0 and 0.0 < high < 0.05
