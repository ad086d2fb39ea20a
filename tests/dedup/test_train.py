"""Training: what is learned of a town, from what it is learned, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.em import bits
from dedup.fit import refuse_misfit
from dedup.link import resident_keys
from dedup.match import match
from dedup.model import Model, ModelError, built_in, parse_model, read_model
from dedup.records import RESIDENT_COLUMNS
from dedup.score import Band, patterns
from dedup.train import TrainingError, learn, train, train_on_file
from dedup.variants import collapse
from dedup.write_model import model_toml, write_model
from synthetic_city.records import stated_records

BASE = built_in("resident")


class Town:
    """A synthetic town's records as they are matched, and who each is of."""

    def __init__(self, residents: int, seed: int, noise: float = 1.0) -> None:
        records = stated_records(residents=residents, seed=seed, noise=noise).sort_by("record_id")
        self.stated = records.select(["record_id", *RESIDENT_COLUMNS])
        self.keys = resident_keys(self.stated, BASE)
        self.person = np.array(records["person_id"].combine_chunks().dictionary_encode().indices)

    def measured(self, model: Model) -> tuple[float, float, float]:
        """Precision, recall and F1 over all pairs of records, after clustering."""
        label = match(self.keys, model).record_label
        both = together(np.unique(np.stack([label, self.person]), axis=1, return_counts=True)[1])
        said, true = (together(np.unique(one, return_counts=True)[1]) for one in (label, self.person))
        precision, recall = both / said, both / true
        return precision, recall, 2 * precision * recall / (precision + recall)


def together(sizes: np.ndarray) -> float:
    return float((sizes * (sizes - 1) // 2).sum())


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(3000, seed=31)


@pytest.fixture(scope="module")
def trained(town: Town) -> Model:
    return train(town.keys, BASE)


@pytest.mark.parametrize("noise", [1.0, 4.0])
def test_a_trained_model_is_no_worse_in_a_town_it_never_saw(trained: Model, noise: float) -> None:
    other = Town(1500, seed=32, noise=noise)
    precision, _, f1 = other.measured(trained)
    assert precision >= 0.998
    assert f1 >= other.measured(BASE)[2] - 0.002


def test_the_truth_is_learned_within_a_bit(town: Town, trained: Model) -> None:
    """Levels that many pairs back are worth what the truth says they are: here it is known who is who."""
    nodes = collapse(town.keys, BASE)
    who = town.person[nodes.first_record()]
    left, right = np.triu_indices(len(nodes), k=1)
    random = np.random.default_rng(0).integers(0, len(left), 300_000)
    same = np.flatnonzero(who[left] == who[right])
    apart = random[who[left[random]] != who[right[random]]]
    of_one, of_two = (patterns(nodes, left[rows], right[rows], BASE) for rows in (same, apart))
    for name, level in (("name", "differ"), ("birth_date", "slip"), ("sex", "differ"), ("contact", "differ")):
        one = BASE.comparison(name)
        code = one.level_names.index(level)
        m, u = ((found[name] == code).sum() / (found[name] > 0).sum() for found in (of_one, of_two))
        assert trained.comparison(name).levels[level].points == pytest.approx(np.log2(m / u), abs=1.5), name
    share = len(same) / len(left)
    assert trained.prior == pytest.approx(np.log2(share), abs=0.7)


def test_levels_that_nobody_met_keep_their_reasoned_points(trained: Model) -> None:
    assert trained.trained
    for one in BASE.comparisons:
        for name, level in one.levels.items():
            if min(trained.trained.counts[one.name][name]) == 0:
                assert trained.comparison(one.name).levels[name].points == pytest.approx(
                    level.points, abs=0.5
                )


def test_caps_keys_and_words_stay_those_of_the_base(trained: Model) -> None:
    assert (trained.caps, trained.blocks, trained.review) == (BASE.caps, BASE.blocks, BASE.review)
    assert [[level.zh for level in one.levels.values()] for one in trained.comparisons] == [
        [level.zh for level in one.levels.values()] for one in BASE.comparisons
    ]


def test_a_trained_model_fits_what_it_was_trained_on(town: Town, trained: Model) -> None:
    refuse_misfit(town.keys, trained)


@pytest.fixture(scope="module")
def village() -> Town:
    return Town(250, seed=33)


def test_the_same_records_give_the_same_bytes(village: Town, tmp_path: Path) -> None:
    pq.write_table(village.stated, tmp_path / "in.parquet")
    pq.write_table(village.stated.take(pa.array(range(len(village.person))[::-1])), tmp_path / "in2.parquet")
    for one, out in (("in", "one"), ("in2", "two")):
        (tmp_path / out).mkdir()
        write_model(train_on_file(tmp_path / f"{one}.parquet", BASE), tmp_path / out / "own.toml")
    assert (tmp_path / "one" / "own.toml").read_bytes() == (tmp_path / "two" / "own.toml").read_bytes()


@settings(max_examples=4)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_records_does_not_change_what_is_learned(village: Town, random) -> None:
    """Of a few streets every pair is counted, so that nothing at all depends on the order."""
    rows = np.flatnonzero(village.person < 70)
    one = learn(collapse(village.keys.take(pa.array(rows)), BASE), BASE)
    random.shuffle(rows)
    other = learn(collapse(village.keys.take(pa.array(rows)), BASE), BASE)
    assert other.match_share == pytest.approx(one.match_share)
    for place in range(len(BASE.comparisons)):
        assert other.m[place] == pytest.approx(one.m[place])
        assert other.u[place] == pytest.approx(one.u[place])


def test_a_written_model_reads_back_and_goes_by_a_version_of_its_own(trained: Model, tmp_path: Path) -> None:
    written = write_model(trained, tmp_path / "own.toml")
    assert read_model(str(tmp_path / "own.toml")) == written
    assert written.version.startswith("2026-11-a+")
    other = write_model(replace(trained, link=trained.link + 1), tmp_path / "other.toml")
    assert other.version != written.version
    assert written.trained and written.trained.base_version == BASE.version


@pytest.mark.parametrize("name", ["resident", "household", "person"])
def test_the_built_in_models_survive_being_written_and_read(name: str) -> None:
    model = built_in(name)
    assert parse_model(name, model_toml(model)) == model


def test_a_trained_table_with_an_unknown_key_or_level_is_refused(trained: Model) -> None:
    text = model_toml(replace(trained, name="own"))
    for before, after, said in (
        ("rounds = ", "turns = ", "trained"),
        ("[trained.counts]\nname = {", "[trained.counts]\nnome = {", "nome"),
        ("exact_long = [", "exact_lang = [", "trained.counts"),
        ("differ = [", 'differ = ["a", ', "两个整数"),
    ):
        with pytest.raises(ModelError, match=said):
            parse_model("own", text.replace(before, after, 1))


def test_verdicts_move_the_levels_they_are_about_the_way_they_say(village: Town) -> None:
    nodes, one = collapse(village.keys, BASE), BASE.comparison("name")
    found = match(village.keys, BASE)
    code = one.level_names.index("one_char")
    rows = np.flatnonzero((found.scored.levels["name"] == code)[found.scored.pattern])[:20]
    pairs = list(zip(found.pairs.left[rows].tolist(), found.pairs.right[rows].tolist(), strict=True))
    assert pairs
    plain, same, different = (learn(nodes, BASE, *said) for said in (((), ()), (pairs, ()), ((), pairs)))
    worth = [float(bits(learned.m[0], learned.u[0])[code]) for learned in (different, plain, same)]
    assert worth == sorted(worth) and worth[0] < worth[1] < worth[2]
    other = one.level_names.index("homophone_long")
    assert different.m[0][other] == pytest.approx(plain.m[0][other], rel=0.01)


def test_a_judged_pair_of_rows_counts_as_a_verdict(village: Town) -> None:
    judged = train(village.keys, BASE, [(0, 1)], [(2, 3), (4, 5)])
    assert judged.trained and judged.trained.verdicts == 3


def test_too_few_records_and_records_of_strangers_teach_nothing(village: Town, town: Town) -> None:
    with pytest.raises(TrainingError, match="只有 50 条记录"):
        train(village.keys.slice(0, 50), BASE)
    _, first = np.unique(town.person, return_index=True)
    with pytest.raises(TrainingError, match=r"同一人|比较"):
        train(town.keys.take(pa.array(np.sort(first))), BASE)
    bare = pa.table({name: pa.nulls(600, pa.string()) for name in town.keys.column_names})
    with pytest.raises(TrainingError, match="没有任何两条记录"):
        train(bare, BASE)


def test_points_never_break_what_a_rule_forbids(town: Town, trained: Model) -> None:
    found = match(town.keys, trained)
    code = BASE.comparison("id_number").level_names.index("conflict")
    conflict = found.scored.levels["id_number"] == code
    assert conflict.any() and (found.scored.band[conflict] == Band.APART).all()
    assert (found.scored.cap[conflict] == 1).all()
