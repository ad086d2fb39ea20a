"""Matching outside a night, training for it, and explaining it: `link`, `train`, `why`, `how`, `compare`.

Belongs here: their arguments and how their outcome is told. Lives elsewhere: the work (`dedup`), its words
(`pipelines/explaining.py`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines.commands import DONE, Add, AddGroup, Answer
from pipelines.messages import Language, say


def add(command: Add, _group: AddGroup) -> None:
    """The commands of this module."""
    link = command("link", link_records, "关联一份记录 / link a file of records")
    link.add_argument("model", metavar="MODEL", help="resident | household | person | MODEL.toml")
    link.add_argument("records", type=Path, metavar="RECORDS", help="csv, parquet")
    link.add_argument("--out", type=Path, required=True, metavar="CLUSTERS.parquet")
    link.add_argument("--pairs", type=Path, metavar="PAIRS.parquet")
    link.add_argument("--engine", choices=("duckdb",), default="duckdb")
    train = command("train", train_model, "从数据中学习权重 / learn a model's weights from records")
    train.add_argument("model", metavar="MODEL", help="resident | household | person | MODEL.toml")
    train.add_argument(
        "records",
        type=Path,
        nargs="?",
        metavar="RECORDS",
        help="csv, parquet；默认为站点最近一次快照 / the site",
    )
    train.add_argument("--out", type=Path, required=True, metavar="NEW.toml")
    why = command(
        "why", explain_pair, "两条记录为何是（不是）一人 / why two records are or are not one person"
    )
    why.add_argument("left", metavar="RECORD")
    why.add_argument("right", metavar="RECORD")
    how = command("how", explain_resident, "一位居民是怎样归并成的 / how a resident came together")
    how.add_argument("resident", metavar="RESIDENT")
    compare = command("compare", compare_clusters, "两次归并有何不同 / what two clusterings do differently")
    compare.add_argument("first", type=Path, metavar="A.parquet")
    compare.add_argument("second", type=Path, metavar="B.parquet")
    compare.add_argument(
        "--pairs",
        type=Path,
        nargs=2,
        metavar=("PA.parquet", "PB.parquet"),
        help="link --pairs 写出的两份，用来说明原因；默认为 A.pairs.parquet、B.pairs.parquet / to say why",
    )


def link_records(asked: argparse.Namespace, speak: Language) -> Answer:
    """`link`: clusters and explained pairs of a file of raw records."""
    from dataclasses import asdict

    from dedup.link import link
    from dedup.model import read_model
    from pipelines.estimating import estimates_in_words, told_estimates

    done = link(read_model(asked.model), asked.records, asked.out, asked.pairs)
    found = asdict(done) | told_estimates(done.estimates, speak)
    del found["estimates"]
    text = say("linked", speak, out=asked.out, seconds_total=done.seconds["total"], **found)
    return Answer(DONE, found, f"{text}\n{estimates_in_words(found, speak)}")


def train_model(asked: argparse.Namespace, speak: Language) -> Answer:
    """`train`: a model with weights and a link threshold of its own records, written as one TOML file."""
    from dedup.model import read_model
    from dedup.train import train_on_file, train_on_site
    from dedup.write_model import writable, write_model
    from pipelines.published import published
    from pipelines.training import model_in_words, told_model
    from warehouse.ledger import open_ledger
    from warehouse.site import read_site

    base = read_model(asked.model)
    writable(asked.out)
    if asked.records:
        model = train_on_file(asked.records, base)
    else:
        with published(asked.site, speak) as con, open_ledger(read_site(asked.site)) as ledger:
            model = train_on_site(con, base, ledger.verdicts())
    written = write_model(model, asked.out)
    return Answer(DONE, told_model(written, base, asked.out), model_in_words(written, base, asked.out, speak))


def explain_pair(asked: argparse.Namespace, speak: Language) -> Answer:
    """`why`: points per field of two records, and whether they are one resident."""
    from dataclasses import asdict

    from dedup.explain import why
    from dedup.site import site_model
    from pipelines.explaining import pair_in_words
    from pipelines.published import published
    from warehouse.site import read_site

    with published(asked.site, speak) as con:
        found = why(con, asked.left, asked.right, site_model(read_site(asked.site)))
    return Answer(DONE, asdict(found), pair_in_words(found, speak))


def explain_resident(asked: argparse.Namespace, speak: Language) -> Answer:
    """`how`: the records of a resident and the links that hold them together."""
    from dataclasses import asdict

    from dedup.explain import how
    from pipelines.explaining import resident_in_words
    from pipelines.published import published

    with published(asked.site, speak) as con:
        found = how(con, asked.resident)
    return Answer(DONE, asdict(found), resident_in_words(found, speak))


def compare_clusters(asked: argparse.Namespace, speak: Language) -> Answer:
    """`compare`: which clusters another model would split or join, and why."""
    from dataclasses import asdict

    from dedup.difference import difference, pairs_beside
    from pipelines.explaining import difference_in_words

    beside = pairs_beside(asked.first), pairs_beside(asked.second)
    pairs = tuple(asked.pairs) if asked.pairs else beside if all(path.is_file() for path in beside) else None
    found = difference(asked.first, asked.second, pairs)
    return Answer(DONE, asdict(found), difference_in_words(found, speak))


def wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from dedup.explain import UnknownId
    from dedup.model import ModelError
    from dedup.records import RecordsError
    from dedup.train import TrainingError
    from pipelines.published import NoWarehouse

    return UnknownId, RecordsError, ModelError, TrainingError, NoWarehouse
