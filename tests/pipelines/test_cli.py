"""The command line: exit statuses, one JSON object, errors that say what to do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connectors.platform import read_platforms


def test_help_does_not_wait_for_dagster_or_great_expectations():
    code = (
        "import sys\nfrom pipelines.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'dagster', 'great_expectations', 'duckdb', 'pandas'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


@pytest.mark.parametrize(
    "arguments", [("nightly",), ("score",), ("quarantine", "list"), ("nightly", "--night", "2026-11-19")]
)
def test_a_folder_that_is_no_site_is_wrong_use(enter_once, tmp_path, arguments):
    ran = enter_once(*arguments, "--site", tmp_path / "nowhere", "--json")
    assert ran.status == 2
    assert "nowhere" in ran.found["error"]
    assert "nowhere" in ran.err


@pytest.mark.parametrize(
    "arguments", [("nightly", "--night", "19.11.2026"), ("city", "x", "--residents", "0"), ("dance",), ()]
)
def test_an_argument_that_cannot_be_read_is_wrong_use(enter_once, arguments):
    assert enter_once(*arguments).status == 2


def test_a_night_that_is_not_in_the_inbox_is_wrong_use(enter_once, towns, tmp_path):
    towns.town(tmp_path / "site")
    ran = enter_once("nightly", "--site", tmp_path / "site", "--night", "2026-12-24")
    assert ran.status == 2
    assert "2026-12-24" in ran.err
    assert ran.out == ""


def test_every_platform_is_listed_with_what_it_may_receive(enter_once):
    found = enter_once("platform", "list", "--json").found["platforms"]
    known, _ = read_platforms()
    assert [one["slug"] for one in found] == sorted(known)
    keys = {
        "slug",
        "id",
        "title",
        "department",
        "level",
        "tier",
        "cadence",
        "returns",
        "entities",
        "transport",
        "format",
        "receives",
        "basis",
        "state",
    }
    for one in found:
        assert one.keys() >= keys
        assert tuple(one["receives"]) == known[one["slug"]].receive.fields


def test_platform_check_counts_those_that_pass(enter_once):
    ran = enter_once("platform", "check", "all", "--json")
    assert (ran.status, ran.found) == (0, {"passed": len(read_platforms()[0]), "failed": []})


def test_the_list_says_which_columns_were_published_and_which_reasoned(enter_once):
    lines = {line.split()[0]: line for line in enter_once("platform", "list").out.splitlines()}
    assert "公开" in lines["grid"] and "推拟" in lines["veterans"]


def test_an_empty_template_is_written_where_asked_and_for_no_unknown_platform(enter_once, tmp_path):
    ran = enter_once("platform", "blank", "desk", "--out", tmp_path / "form.xlsx")
    assert ran.status == 0
    assert (tmp_path / "form.xlsx").stat().st_size > 0
    assert enter_once("platform", "blank", "atlantis", "--out", tmp_path / "x").status == 2
    assert not (tmp_path / "x").exists()


def test_a_platform_file_with_a_typo_is_named(enter_once, monkeypatch, tmp_path):
    (tmp_path / "grid.toml").write_text('titel = "网格"', encoding="utf-8")
    monkeypatch.setattr("pipelines.catalogue.PLATFORMS", tmp_path)
    monkeypatch.setattr("pipelines.catalogue.read_platforms", lambda: read_platforms(tmp_path))
    ran = enter_once("platform", "check", "grid", "--json")
    assert ran.status == 1
    assert ran.found["failed"][0]["slug"] == "grid"


def test_a_platform_that_nobody_knows_is_wrong_use(enter_once):
    ran = enter_once("platform", "check", "atlantis")
    assert ran.status == 2
    assert "atlantis" in ran.err


def test_the_command_line_speaks_english_when_asked(enter_once, towns, tmp_path):
    site = tmp_path / "site"
    towns.town(site)
    ran = enter_once("nightly", "--site", site, "--lang", "en")
    assert ran.status == 0
    assert "nothing was sent to any platform" in ran.out
    assert 'lang="en"' in (site / "reports" / "2026-11-19-quality.html").read_text(encoding="utf-8")
