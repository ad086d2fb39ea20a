"""The closed loop in small: what clerks enter once arrives elsewhere, and each safeguard switched off shows in its figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from connectors.platform import read_platforms
from dedup.cluster import Evidence, _Joining, cluster
from pipelines.sabotage import sabotaged
from synthetic_city.figures import figures
from warehouse import store
from warehouse.ledger import open_ledger
from warehouse.site import read_site
from warehouse.store import read_store

pytestmark = pytest.mark.usefixtures("plain_nights", "no_doors")

PLATFORMS = "actual_population,grid,social_card,volunteers,resident_points,marriage_registry"
SMALL = ("--residents", 200, "--pace", 25, "--seed", 6, "--platforms", PLATFORMS, "--json")


@pytest.fixture(scope="module")
def run(enter_once, tmp_path_factory):
    """Run a loop; its folder and what it said."""

    def one(*more: object, nights: int) -> tuple[Path, dict[str, Any]]:
        root = tmp_path_factory.mktemp("loop") / "site"
        ran = enter_once("live", "--site", root, "--nights", nights, *SMALL, *more)
        assert ran.status in (0, 1), ran.err
        return root, ran.found

    return one


@pytest.fixture(scope="module")
def loop(run):
    return run(nights=4)


def test_what_is_entered_once_arrives_where_it_may(loop):
    _, found = loop
    assert [night["night"] for night in found["nights"]] == [f"2026-11-{day}" for day in range(16, 20)]
    assert found["changes_entered"] > 20 and found["pairs"]["1"] >= 3
    assert found["reached"]["1"] > 0.6
    assert found["wrong_introduced"] <= 0.05 * found["published_cells"]
    assert found["cells_saved"] > 30 and found["hours_saved"] > 0


def test_nothing_swings_and_nothing_goes_where_it_must_not_or_twice(loop):
    _, found = loop
    names = ("outside_allow_list", "not_admitted", "duplicate_batches")
    assert {name: found[name] for name in names} == dict.fromkeys(names, 0)
    # Twenty-five times as much happens as usual: of whom name, phone and address change at once, matching may lose hold.
    assert found["oscillations"] <= 0.02 * found["published_cells"]


def test_who_was_born_or_moved_in_is_entered_once_and_taken_in_elsewhere(loop):
    root, found = loop
    assert found["newcomers_told"] >= found["newcomers_taken_in"] > 0
    assert found["kept_twice"] == 0
    with read_store(read_site(root).warehouse) as con:
        adopted, foreign = con.execute(
            """
            select count(*), count(*) filter (where rows.resident_id is distinct from theirs.resident_id)
            from staged.adopted as a
            left join resolved.record as rows on rows.record_id = a.record_id
            left join resolved.record as theirs on a.newcomer = '+' || theirs.record_id
            """
        ).fetchall()[0]
    assert adopted > 0 and foreign == 0


def test_the_stores_say_what_each_platform_holds_after_each_night(loop):
    root, found = loop
    nights = [night["night"] for night in found["nights"]]
    for slug in PLATFORMS.split(","):
        for night in ("2026-11-15", *nights):
            held = pq.read_table(root / "truth" / "stores" / night / f"{slug}.parquet")
            assert held.column_names[:3] == ["source_key", "record_id", "person"]
            assert set(read_platforms()[0][slug].fields) == set(held.column_names[3:])


def test_whoever_has_the_truth_and_the_ledger_computes_the_same_figures(loop):
    root, found = loop
    every, _ = read_platforms()
    again = figures(read_site(root), {slug: every[slug] for slug in PLATFORMS.split(",")})
    again.pop("by_night")
    assert json.loads(json.dumps(again)) == {name: found[name] for name in again}


def test_the_ledger_of_a_loop_is_whole_and_holds_no_value(loop):
    root, _ = loop
    with open_ledger(read_site(root)) as ledger:
        assert ledger.verify() is None
        lines = "".join(json.dumps(line.body, ensure_ascii=False) for line in ledger.lines())
    phones = pq.read_table(root / "truth" / "residents.parquet")["phone"].drop_null().to_pylist()
    assert not any(phone in lines for phone in set(phones))


def test_a_loop_starts_only_at_the_first_night_of_a_city(loop, enter_once, tmp_path):
    root, _ = loop
    again = enter_once("live", "--site", root, "--nights", 1, "--json")
    assert again.status == 2 and "第一夜" in again.found["error"]
    assert enter_once("city", tmp_path / "c", "--residents", 60, "--nights", 2, "--json").status == 0
    assert enter_once("live", "--site", tmp_path / "c", "--nights", 1, "--json").status == 2


@pytest.mark.parametrize(
    ("safeguard", "figure"),
    [
        ("allow-list", "outside_allow_list"),
        ("double-send", "duplicate_batches"),
    ],
)
def test_a_safeguard_switched_off_shows_in_its_figure(run, safeguard, figure):
    _, found = run("--sabotage", safeguard, nights=2)
    assert found["sabotage"] == safeguard
    assert found[figure] > 0


def test_without_the_veto_two_trustworthy_numbers_come_under_one_roof():
    evidence = Evidence(np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([9.0, 9.0, 9.0]))
    trusted = np.array([1, 2, -1])
    assert len(set(cluster(3, evidence, trusted).label.tolist())) > 1
    with sabotaged("veto"):
        assert len(set(cluster(3, evidence, trusted).label.tolist())) == 1


def test_what_is_switched_off_is_on_again_afterwards():
    before = store.select("staged.echo"), _Joining.veto
    for safeguard in ("echo", "veto"):
        with sabotaged(safeguard):
            assert (store.select("staged.echo"), _Joining.veto) != before
    assert (store.select("staged.echo"), _Joining.veto) == before
