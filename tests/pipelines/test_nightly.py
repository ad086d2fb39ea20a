"""The night end to end, by the command line, on a small town. On a city of every platform: `test_whole_catalogue.py`."""

from __future__ import annotations

import json
import signal
import time

STEPS = {
    "land",
    "stage",
    "match",
    "resolve",
    "golden",
    "receipts",
    "publish",
    "quality",
    "snapshot",
    "report",
}


def test_a_night_says_what_it_did(settled):
    root, ran = settled
    assert (ran.status, ran.err) == (0, "")
    found = ran.found
    assert (found["night"], found["status"], found["shadow"]) == ("2026-11-19", "done", True)
    assert found["steps"].keys() == STEPS
    assert all(step.keys() >= {"rows", "seconds"} for step in found["steps"].values())
    assert found["platforms"]["grid"] | {"rows_in": 60, "staged": 60} == found["platforms"]["grid"]
    assert found["platforms"]["veterans"]["status"] == "missing"
    assert found["residents"] == 60
    assert found["peak_mb"] > 0
    assert json.loads((root / "reports" / "2026-11-19.json").read_text())["golden_checksum"]


def test_rows_in_are_rows_staged_and_rows_in_quarantine(settled):
    for one in settled[1].found["platforms"].values():
        assert one["rows_in"] == one["staged"] + one["quarantined"]


def test_a_platform_receives_the_phones_it_lacks_and_nothing_is_sent(settled):
    root, ran = settled
    assert ran.found["platforms"]["grid"]["changes"] >= 20
    assert ran.found["published_cells"] == sum(one["changes"] for one in ran.found["platforms"].values())
    manifest = json.loads((root / "outbox" / "2026-11-19" / "grid" / "manifest.json").read_text())
    assert manifest["mode"] == "shadow"
    assert manifest["cells"] == ran.found["platforms"]["grid"]["changes"]


def test_what_a_night_writes_is_for_its_owner_only(settled):
    root, _ = settled
    for file in root.rglob("*"):
        if file.is_file() and "inbox" not in file.parts:
            assert file.stat().st_mode & 0o077 == 0, file


def test_the_same_night_again_lands_nothing_and_publishes_nothing(settled, enter_once):
    root, first = settled
    again = enter_once("nightly", "--site", root, "--json")
    assert again.status == 0
    assert again.found["landed"] == 0
    assert again.found["published_cells"] == 0
    assert all(again.found["steps"][name]["skipped"] for name in ("stage", "match", "resolve", "golden"))
    assert again.found["golden_checksum"] == first.found["golden_checksum"]


def test_a_night_that_is_killed_is_simply_run_again(settled, fresh, start, enter_once):
    process = start("nightly", "--site", fresh)
    while not (fresh / "landing" / "manifest.jsonl").exists():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ran = enter_once("nightly", "--site", fresh, "--json")
    assert ran.status == 0
    assert ran.found["golden_checksum"] == settled[1].found["golden_checksum"]
    written = {file.relative_to(fresh) for file in (fresh / "outbox").rglob("*") if file.is_file()}
    assert written == {
        file.relative_to(settled[0]) for file in (settled[0] / "outbox").rglob("*") if file.is_file()
    }


def test_of_two_nights_started_together_one_is_told_who_is_at_work(towns, fresh, start, enter_once):
    from warehouse.lock import only_writer

    with only_writer(towns.read_site(fresh)):
        second = start("nightly", "--site", fresh, "--json")
        out, err = second.communicate(timeout=120)
    assert second.returncode == 1
    assert "already running" in json.loads(out)["error"]
    assert "Traceback" not in err
    assert enter_once("nightly", "--site", fresh).status == 0
