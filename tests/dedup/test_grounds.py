"""Why two clusterings of the same records differ: each way in which a pair can be kept apart is told as what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.difference import Difference, difference, pairs_beside
from dedup.link import link
from dedup.model import Cap, Model, built_in
from dedup.records import RecordsError
from pipelines.explaining import difference_in_words

BASE = built_in("resident")
Record = dict[str, Any]

# Wang and her daughter-in-law's clerk: a phone in both; Li: only the birth date in common; Zhao: the number in common.
WANG = {"name": "王玮珺", "birth_date": "19850307", "phone": "13812345601"}
LI = {"name": "李珺玮", "birth_date": "19831102"}
ZHAO = {"name": "赵璟瑜", "birth_date": "19850307", "id_number": "330102198503071224"}
PEOPLE: list[Record] = [
    {"record_id": "l1", **LI, "sex": "女"},
    {"record_id": "l2", **LI},
    {"record_id": "w1", **WANG, "sex": "女"},
    {"record_id": "w2", **WANG},
    {"record_id": "z1", **ZHAO, "phone": "13812345609"},
    {"record_id": "z2", **ZHAO},
]
# Two women of one name and birth date with a number each, and a record that may be either's.
TWO_CHENS: list[Record] = [
    {"record_id": "c1", "name": "陈珺玮", "id_number": "330102198503071224", "phone": "13812345601"},
    {"record_id": "c2", "name": "陈珺玮", "id_number": "330102198503071240"},
    {"record_id": "c3", "name": "陈珺玮", "birth_date": "19850307", "phone": "13812345601"},
]


def priced(model: Model, comparison: str, level: str, points: float) -> Model:
    """The model with other points for a level."""
    return replace(
        model,
        comparisons=tuple(
            replace(one, levels={**one.levels, level: replace(one.levels[level], points=points)})
            if one.name == comparison
            else one
            for one in model.comparisons
        ),
    )


def asking(model: Model, *columns: Sequence[str]) -> Model:
    """The model with these blocking keys alone."""
    return replace(model, blocks=tuple(one for one in model.blocks if one.columns in columns))


def ruled(model: Model) -> Model:
    """The model with a rule of its own: without a phone or a home in common, a person decides."""
    return replace(
        model, caps=(*model.caps, Cap(when={"contact": ("missing",)}, zh="没有联系方式，须由人判断"))
    )


def held_against(tmp_path: Path, first: Model, second: Model, people: list[Record] = PEOPLE) -> Difference:
    names = sorted({name for one in people for name in one})
    table = pa.table({name: pa.array([one.get(name) for one in people], pa.string()) for name in names})
    pq.write_table(table, tmp_path / "in.parquet")
    clusters = tmp_path / "a.parquet", tmp_path / "b.parquet"
    for model, out in zip((first, second), clusters, strict=True):
        link(model, tmp_path / "in.parquet", out, pairs_beside(out))
    return difference(*clusters, (pairs_beside(clusters[0]), pairs_beside(clusters[1])))


STORIES: dict[str, tuple[Callable[[Model], Model], str, tuple[float, float | None]]] = {
    "a higher threshold": (lambda model: replace(model, link=20.0), "threshold", (13.0, 13.0)),
    "a birth date that counts less": (
        lambda model: priced(model, "birth_date", "equal", 4.0),
        "points",
        (13.0, 3.0),
    ),
    "a rule": (ruled, "rule", (13.0, 13.0)),
    "a name that counts nothing": (
        lambda model: priced(model, "name", "exact_long", 0.0),
        "too_few",
        (13.0, -4.0),
    ),
    "keys that do not ask for the birth date": (
        lambda model: asking(model, ("id_number",), ("name", "phone")),
        "not_met",
        (13.0, 13.0),
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_a_split_is_explained_by_what_kept_the_pair_apart(tmp_path: Path, story: str) -> None:
    change, kept, points = STORIES[story]
    found = held_against(tmp_path, BASE, change(BASE))
    assert found.split["l1"] == ["l1", "l2"]
    (ground,) = found.why_split["l1"]
    assert (ground.left, ground.right, ground.kept) == ("l1", "l2", kept)
    assert (ground.first, ground.second) == pytest.approx(points)
    assert ground.reason == "姓名一致 +17.0；出生日期一致 +14.0"


@pytest.mark.parametrize("story", STORIES)
def test_a_join_is_explained_as_the_split_seen_from_the_other_side(tmp_path: Path, story: str) -> None:
    change, kept, points = STORIES[story]
    found = held_against(tmp_path, change(BASE), BASE)
    (ground,) = found.why_joined["l1"]
    assert ground.kept == kept
    assert (ground.second, ground.first) == pytest.approx(points)
    assert not found.why_split


def test_the_comparisons_that_give_other_points_are_named(tmp_path: Path) -> None:
    found = held_against(tmp_path, BASE, priced(BASE, "birth_date", "equal", 4.0))
    assert found.why_split["l1"][0].changed == {"birth_date": (14.0, 4.0)}


def test_a_pair_that_is_linked_but_whose_clusters_are_not_joined_tells_the_reason(tmp_path: Path) -> None:
    careful = priced(priced(BASE, "contact", "phone", -1.0), "birth_date", "equal", 14.0)
    found = held_against(tmp_path, BASE, careful, TWO_CHENS)
    (ground,) = found.why_split["c1"]
    assert (ground.left, ground.right, ground.kept) == ("c1", "c3", "refused")
    assert ground.said == "同时像两个互相矛盾的人，难分高下"


def test_between_models_that_compare_otherwise_no_more_is_said_than_is_known(tmp_path: Path) -> None:
    own = replace(BASE.comparison("sex"), name="own", columns=("birth_year",))
    other = asking(replace(BASE, comparisons=(*BASE.comparisons, own)), ("id_number",))
    (ground,) = held_against(tmp_path, BASE, other).why_split["l1"]
    assert (ground.kept, ground.first, ground.second) == ("not_told", pytest.approx(13.0), None)


def test_records_that_count_as_one_on_one_side_need_no_pair(tmp_path: Path) -> None:
    alike = [{"record_id": "l1", **LI}, {"record_id": "l2", **LI}]
    found = held_against(tmp_path, BASE, replace(BASE, link=20.0), alike)
    assert (found.split, found.why_split) == ({"l1": ["l1", "l2"]}, {"l1": []})
    assert "算作一条" in difference_in_words(found, "zh")


@pytest.mark.parametrize("story", STORIES)
def test_the_words_name_records_points_and_reason_and_no_value(tmp_path: Path, story: str) -> None:
    found = held_against(tmp_path, BASE, STORIES[story][0](BASE))
    text = difference_in_words(found, "zh")
    assert "l1 ＋ l2：第一份 +13.0 分" in text and "姓名一致 +17.0" in text
    values = {value for one in PEOPLE for name, value in one.items() if name not in ("record_id", "sex")}
    assert not any(value in text for value in values)
    assert difference_in_words(found, "en") != text


def test_a_file_that_is_no_file_of_pairs_is_refused(tmp_path: Path) -> None:
    held_against(tmp_path, BASE, BASE)
    clusters = tmp_path / "a.parquet"
    with pytest.raises(RecordsError, match="link --pairs"):
        difference(clusters, clusters, (clusters, clusters))
    with pytest.raises(RecordsError, match="找不到文件"):
        difference(clusters, clusters, (tmp_path / "none.parquet", clusters))
