"""Training from the command line, and a night with a model of the site's own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dedup.model import built_in, read_model
from dedup.records import RESIDENT_COLUMNS
from dedup.write_model import model_toml
from synthetic_city.records import TWELVE, stated_records

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("training") / "records.parquet"
    pq.write_table(stated_records(residents=400, seed=71).select(["record_id", *RESIDENT_COLUMNS]), path)
    return path


@pytest.fixture(scope="module")
def city(enter_once, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small city after its first night."""
    root: Path = tmp_path_factory.mktemp("training") / "site"
    asked = ("--residents", 250, "--seed", 5, "--platforms", ",".join(TWELVE))
    assert enter_once("city", root, *asked).status == 0
    assert enter_once("nightly", "--site", root, "--json").status == 0
    return root


def test_what_the_records_themselves_contradict_is_not_written(enter_once, tmp_path) -> None:
    few = tmp_path / "few.parquet"
    pq.write_table(stated_records(residents=250, seed=71).select(["record_id", *RESIDENT_COLUMNS]), few)
    ran = enter_once("train", "resident", few, "--out", tmp_path / "own.toml", "--json")
    assert ran.status == 2
    assert "没有写出" in ran.found["error"] and "estate" in ran.found["error"]
    assert not (tmp_path / "own.toml").exists()


def test_training_on_a_file_writes_a_model_that_link_takes(enter_once, records, tmp_path) -> None:
    ran = enter_once("train", "resident", records, "--out", tmp_path / "own.toml", "--json")
    assert ran.status == 0
    found = ran.found
    assert found["version"] == read_model(str(tmp_path / "own.toml")).version
    assert found["base"] == "resident" and found["records"] > 1000 and 0.9 < found["precision_estimate"] <= 1
    assert found["points"]["name"]["differ"].keys() == {"before", "after"}
    linked = enter_once(
        "link", tmp_path / "own.toml", records, "--out", tmp_path / "c.parquet", "--json"
    ).found
    assert linked["records"] == found["records"]
    assert linked["recall_interval"][0] <= linked["recall_estimate"] <= linked["recall_interval"][1]
    assert "依据" in linked["recall_basis"]


def test_the_screen_shows_every_level_before_and_after(enter_once, records, tmp_path) -> None:
    ran = enter_once("train", "resident", records, "--out", tmp_path / "own.toml", "--lang", "en")
    assert ran.status == 0 and "an estimate" in ran.out
    levels = [f"{one.name}.{name}" for one in built_in("resident").comparisons for name in one.levels]
    assert all(level in ran.out for level in levels)


def test_without_records_the_site_is_learned_from(enter_once, city, tmp_path) -> None:
    ran = enter_once("train", "resident", "--out", tmp_path / "own.toml", "--site", city, "--json")
    assert ran.status == 0 and ran.found["records"] > 1000 and ran.found["verdicts"] == 0
    refused = enter_once("train", "person", "--out", tmp_path / "other.toml", "--site", city)
    assert refused.status == 2 and "居民记录" in refused.err


@pytest.mark.parametrize(
    ("model", "out", "said"),
    [
        ("nobody", "own.toml", "nobody"),
        ("resident", "own.json", ".toml"),
        ("resident", "nowhere/own.toml", "没有这个文件夹"),
    ],
)
def test_wrong_use_is_said_so_and_writes_nothing(enter_once, records, tmp_path, model, out, said) -> None:
    ran = enter_once("train", model, records, "--out", tmp_path / out)
    assert ran.status == 2 and said in ran.err
    assert not list(tmp_path.iterdir())


def test_too_few_records_teach_nothing(enter_once, records, tmp_path) -> None:
    pq.write_table(pq.read_table(records).slice(0, 40), tmp_path / "few.parquet")
    ran = enter_once("train", "resident", tmp_path / "few.parquet", "--out", tmp_path / "own.toml")
    assert ran.status == 2 and "只有 40 条记录" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["few.parquet"]


def test_a_night_uses_the_sites_own_model_and_refuses_one_that_does_not_fit(enter_once, city) -> None:
    """One site, three nights of the same exports: with a model of its own, with one turned upside down, and back."""
    site = city / "site.toml"
    plain, before = (
        site.read_text(encoding="utf-8"),
        json.loads(next(city.glob("reports/*.json")).read_text()),
    )
    assert before["recall_estimate"] is None or 0.5 < before["recall_estimate"] <= 1
    assert 0.9 < before["precision_estimate"] <= 1
    own_model = replace(built_in("resident"), version="own", link=6.5)
    (city / "own.toml").write_text(model_toml(own_model), encoding="utf-8")
    site.write_text('model = "own.toml"\n' + plain, encoding="utf-8")
    own = enter_once("nightly", "--site", city, "--json")
    assert own.status == 0 and not own.found["steps"]["match"]["skipped"]
    again = enter_once("nightly", "--site", city, "--json")
    assert again.found["steps"]["match"]["skipped"]
    assert again.found["precision_estimate"] == own.found["precision_estimate"]

    upside_down = model_toml(built_in("resident"))
    for name, points in (("equal = { points = 14.0", "-5.5"), ("differ = { points = -5.5", "14.0")):
        assert name in upside_down
        upside_down = upside_down.replace(name, f"{name.split('points')[0]}points = {points}", 1)
    (city / "own.toml").write_text(upside_down, encoding="utf-8")
    published = (city / "snapshots" / "current.duckdb").resolve()
    refused = enter_once("nightly", "--site", city)
    assert refused.status == 1
    assert "birth_date 说反了" in refused.err and "enter-once train" in refused.err
    assert (city / "snapshots" / "current.duckdb").resolve() == published

    site.write_text(plain, encoding="utf-8")
    back = enter_once("nightly", "--site", city, "--json")
    assert back.status == 0
    assert back.found["golden_checksum"] == before["golden_checksum"]


def test_a_site_model_of_another_kind_stops_the_night_with_its_reason(enter_once, towns, tmp_path) -> None:
    root = tmp_path / "site"
    towns.town(root)
    text = (root / "site.toml").read_text(encoding="utf-8")
    (root / "own.toml").write_text(model_toml(built_in("household")), encoding="utf-8")
    (root / "site.toml").write_text('model = "own.toml"\n' + text, encoding="utf-8")
    ran = enter_once("nightly", "--site", root)
    assert ran.status == 1 and "own.toml" in ran.err
