"""Splink at its best on our records, and with the model of its documentation on FEBRL:
`python -m benchmarks.splink_models resident|febrl IN OUT PAIRS --pairs-for-u 1000000`.

The resident model knows of households: one comparison for phone and home, no credit for a shared surname, and
Levenshtein where Damerau-Levenshtein would cost five times as much. IN has a column `row`; OUT gets row and cluster at
probability 0.95; PAIRS gets every pair above a low weight, scored again after the clock has stopped, so that the best
threshold can be found in hindsight.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.blocking_rule_creator import BlockingRuleCreator

from benchmarks.accuracy import write_clusters
from benchmarks.processes import Stages

FIXED = 0.95  # probability
LOWEST_WEIGHT = -6.0  # of the pairs that are kept for finding the best threshold
SEED = 1
RECALL = 0.8  # what the deterministic rules are assumed to find

NAME = cl.CustomComparison(
    output_column_name="name",
    comparison_levels=[
        cll.NullLevel("name"),
        cll.ExactMatchLevel("name", term_frequency_adjustments=True),
        cll.JaroWinklerLevel("name", 0.82),
        cll.ElseLevel(),
    ],
)
ID_NUMBER = cl.CustomComparison(
    output_column_name="id",
    comparison_levels=[
        cll.NullLevel("id"),
        cll.ExactMatchLevel("id"),
        cll.LevenshteinLevel("id", 1),
        cll.CustomLevel("substr(id_l, 1, 15) = substr(id_r, 1, 15)", "first 15"),
        cll.LevenshteinLevel("id", 2),
        cll.ElseLevel(),
    ],
)
CONTACT = cl.CustomComparison(
    output_column_name="contact",
    comparison_levels=[
        {
            "sql_condition": "(phone_l IS NULL OR phone_r IS NULL) AND (building_l IS NULL OR building_r IS NULL)",
            "label_for_charts": "neither can be compared",
            "is_null_level": True,
        },
        cll.CustomLevel("phone_l = phone_r AND home_l = home_r", "phone and home"),
        cll.CustomLevel("phone_l = phone_r", "phone"),
        cll.CustomLevel("home_l = home_r", "home"),
        cll.CustomLevel("building_l = building_r", "building"),
        cll.ElseLevel(),
    ],
)
RESIDENT = SettingsCreator(
    link_type="dedupe_only",
    unique_id_column_name="row",
    comparisons=[
        NAME,
        ID_NUMBER,
        cl.DateOfBirthComparison("dob", input_is_string=True, datetime_format="%Y-%m-%d"),
        CONTACT,
        cl.ExactMatch("sex"),
    ],
    blocking_rules_to_generate_predictions=[
        block_on("id"),
        block_on("substr(id, 1, 15)"),
        block_on("name", "dob"),
        block_on("name", "phone"),
        block_on("name", "home"),
        block_on("name", "building"),
        block_on("dob", "phone"),
        block_on("dob", "building"),
        block_on("substr(name, 1, 1)", "phone"),
    ],
)
FEBRL = SettingsCreator(
    link_type="dedupe_only",
    unique_id_column_name="row",
    comparisons=[
        cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
    ],
    blocking_rules_to_generate_predictions=[
        block_on("given_name", "surname"),
        "l.given_name = r.surname AND l.surname = r.given_name",
        block_on("date_of_birth"),
        block_on("soc_sec_id"),
        block_on("state", "address_1"),
        block_on("street_number", "address_1"),
        block_on("postcode"),
    ],
)


@dataclass(frozen=True, slots=True)
class Training:
    """A model and how it learns: rules that are nearly always right, and what is held fixed in each round of EM."""

    settings: SettingsCreator
    certain: list[BlockingRuleCreator]
    rounds: list[BlockingRuleCreator]


MODELS = {
    "resident": Training(
        RESIDENT,
        certain=[block_on("id"), block_on("name", "dob"), block_on("name", "phone")],
        rounds=[block_on("id"), block_on("name", "dob")],
    ),
    "febrl": Training(
        FEBRL,
        certain=[block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
        rounds=[block_on("date_of_birth"), block_on("postcode")],
    ),
}


def link(
    model: Training, con: duckdb.DuckDBPyConnection, rows: int, pairs_for_u: float, stages: Stages
) -> tuple[Linker, np.ndarray]:
    """Train, score and cluster at the fixed threshold, by the clock; the linker and each row's label."""
    api = DuckDBAPI(con)
    linker = Linker(api.register("person"), model.settings, log_level=None)
    with stages("u"):
        linker.training.estimate_probability_two_random_records_match(model.certain, recall=RECALL)
        linker.training.estimate_u_using_random_sampling(max_pairs=pairs_for_u, seed=SEED)
    with stages("em"):
        for rule in model.rounds:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
    with stages("block"):
        linker.inference.compute_blocked_pairs_for_predict()
    with stages("score"):
        scored = linker.inference.predict(threshold_match_probability=FIXED)
    with stages("cluster"):
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            scored, threshold_match_probability=FIXED
        )
        found = clusters.as_duckdbpyrelation().select("row, cluster_id").fetchnumpy()
    label = np.empty(rows, dtype=np.int64)
    label[found["row"]] = found["cluster_id"]
    return linker, label


def scored_pairs(linker: Linker) -> pa.Table:
    """Every blocked pair above the lowest weight."""
    scored = linker.inference.predict(threshold_match_weight=LOWEST_WEIGHT)
    found = scored.as_duckdbpyrelation().select("row_l, row_r, match_weight").fetchnumpy()
    return pa.table({"left": found["row_l"], "right": found["row_r"], "weight": found["match_weight"]})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=list(MODELS))
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--pairs-for-u", type=float, default=1e6)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    stages, con = Stages(), duckdb.connect()
    con.execute(f"CREATE TABLE person AS FROM read_parquet('{asked.source}')").fetchall()
    rows = pq.read_metadata(asked.source).num_rows
    linker, label = link(MODELS[asked.model], con, rows, asked.pairs_for_u, stages)
    ((blocked,),) = (
        linker.inference.compute_blocked_pairs_for_predict().as_duckdbpyrelation().count("*").fetchall()
    )
    stages.report(pairs=blocked)
    write_clusters(asked.target, label)
    pq.write_table(scored_pairs(linker), asked.pairs)


if __name__ == "__main__":
    main()
