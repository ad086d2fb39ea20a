"""The story of platforms that the site asks itself: a night with one, nights on which it is down, and what changed.

`one_table` is served by a real HTTP server on loopback: a token, then pages. The other platforms bring files. One night is the
whole command, with Dagster, doors and workers; the others are plain ones.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from connectors.platform import PLATFORMS, Platform, read_platform, read_platforms
from connectors.write import write_export
from pipelines.night import Night, WrongNight, open_night
from pipelines.steps import STEPS, run_step
from pipelines.summary import summary, tell
from warehouse.site import Site, read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store

SECRET = "one-table-s3cret-not-to-be-seen"
TODAY = date.today()
TOMORROW = TODAY + timedelta(days=1)
SINCE = 'since = { column = "members.gxrq", format = "%Y-%m-%d", parameter = "from", overlap_minutes = 0 }'


def member(number: int, one: dict[str, str], changed: date, phone: str = "") -> dict[str, str]:
    return {
        "hbh": f"H{number:04d}",
        "jzdz": one["address"],
        "members.ryid": f"R{number:05d}",
        "members.xm": one["name"],
        "members.sfzh": one["id_number"],
        "members.lxdh": phone or one["phone"],
        "members.gxrq": changed.isoformat(),
    }


@dataclass
class Platforms:
    """The interface of one_table: its members, and the requests it saw."""

    rows: list[dict[str, str]]
    scratch: Path
    platform: Platform
    asked: list[dict[str, str]] = field(default_factory=list)
    status: int = 200

    def answer(self, path: str, parameters: dict[str, str]) -> dict[str, Any]:
        if path == "/oauth/token":
            return {"access_token": "T", "expires_in": 60}
        self.asked.append(parameters)
        rows = [row for row in self.rows if row["members.gxrq"] >= parameters.get("from", "")]
        write_export(self.platform, rows, self.scratch)
        every = json.loads(self.scratch.read_text(encoding="utf-8"))["data"]["list"]
        page, size = int(parameters["pageNum"]), int(parameters["pageSize"])
        return {"code": 200, "data": {"list": every[(page - 1) * size : page * size], "total": len(every)}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The platform files, one_table with a short budget, small pages and changes since."""
    folder = tmp_path / "platforms"
    folder.mkdir()
    for slug in ("grid", "social_card", "resident_points", "one_table"):
        text = (PLATFORMS / f"{slug}.toml").read_text(encoding="utf-8")
        text = text.replace("rows = 200,", "rows = 25,")
        text = text.replace("[pull]\npath", f"[pull]\nbudget_seconds = 5\n{SINCE}\npath")
        text = text.replace('format = "json"', 'format = "json"\ncomplete = true')
        (folder / f"{slug}.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr("pipelines.fingerprint.PLATFORMS", folder)
    for module in ("night", "catalogue", "trial"):
        monkeypatch.setattr(f"pipelines.{module}.read_platforms", lambda: read_platforms(folder))
    return folder


@pytest.fixture
def peer(towns: Any, folder: Path, tmp_path: Path) -> Iterator[tuple[Platforms, str]]:
    rows = [
        member(number, towns.person(number), TODAY - timedelta(days=30)) for number in range(towns.PEOPLE)
    ]
    platforms = Platforms(rows, tmp_path / "page.json", read_platform(folder / "one_table.toml"))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            said = json.dumps(platforms.answer(parts.path, dict(parse_qsl(parts.query or body)))).encode()
            self.send_response(platforms.status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield platforms, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(towns: Any, peer: tuple[Platforms, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A town whose files came today, and which can ask one_table itself."""
    monkeypatch.setenv("ONE_TABLE_SECRET", SECRET)
    made = towns.town(tmp_path / "site")
    for night in (TODAY, TOMORROW):
        for slug in towns.FILES:
            towns.deliver(made, slug, night)
    with (made.root / "site.toml").open("a") as file:
        file.write(
            f'\n[connections.one_table]\naddress = "{peer[1]}"\nuser = "wj"\nsecret = "env:ONE_TABLE_SECRET"\n'
        )
    return read_site(made.root)


def run(site: Site, night: date) -> Night:
    with open_night(site.root, night) as opened:
        for name in STEPS:
            run_step(opened, name)
    return opened


def present(site: Site) -> dict[str, bool]:
    snapshot = current_snapshot(site)
    assert snapshot is not None
    with read_store(snapshot) as con:
        query = "select source_key, present from staged.record where platform = 'one_table'"
        return dict(con.execute(query).fetchall())


def phones(site: Site) -> set[str]:
    snapshot = current_snapshot(site)
    assert snapshot is not None
    with read_store(snapshot) as con:
        query = "select stated from staged.claim where platform = 'one_table' and field = 'phone' and until is null"
        return {stated for (stated,) in con.execute(query).fetchall()}


@pytest.mark.usefixtures("plainly")
def test_a_platform_that_is_down_is_shown_with_the_age_of_what_stays_in_force(towns, site, peer, enter_once):
    platforms, _ = peer
    first = run(site, TODAY)
    assert (first.status, first.outcomes["one_table"].status) == ("done", "staged")
    assert (first.outcomes["one_table"].staged, first.outcomes["one_table"].age) == (towns.PEOPLE, 0)
    assert [asked["pageNum"] for asked in platforms.asked] == ["1", "2", "3"]

    platforms.status = 503
    second = run(site, TOMORROW)
    assert second.status == "partial"
    failed = {slug for slug, outcome in second.outcomes.items() if outcome.failed}
    assert failed == {"one_table"}
    assert second.outcomes["one_table"].age == 1
    assert present(site) == dict.fromkeys((row["members.ryid"] for row in platforms.rows), True)
    told = tell(summary(second), "zh")
    assert "无法读取（沿用 1 夜前的）" in told
    (line,) = [line for line in told.splitlines() if line.startswith("  - ") and "one_table" in line]
    assert "HTTP 503" in line and "下一夜再取" in line

    listed = enter_once("platform", "list", "--site", site.root, "--json").found["platforms"]
    (one,) = [line for line in listed if line["slug"] == "one_table"]
    assert (one["connected"], one["last_status"], one["age"]) == (True, "unreadable", 1)
    text = enter_once("platform", "list", "--site", site.root, "--lang", "en").out
    assert "unreadable (1 night(s) old)" in text

    platforms.status = 200
    third = run(site, TOMORROW)
    assert (third.status, third.outcomes["one_table"].age) == ("done", 0)


@pytest.mark.usefixtures("plainly")
def test_what_changed_is_merged_and_what_is_not_in_it_is_not_gone(towns, site, peer):
    platforms, _ = peer
    run(site, TODAY)
    keys = {row["members.ryid"] for row in platforms.rows}
    platforms.rows = [
        member(3, towns.person(3), TODAY, phone="13900000003"),
        member(99, towns.person(99), TODAY),
    ]
    second = run(site, TOMORROW)
    # Two rows of sixty would be a shrunken export, and fifty-eight people gone, were they all there is.
    assert (second.status, second.outcomes["one_table"].staged) == ("done", 2)
    assert present(site) == dict.fromkeys(keys | {"R00099"}, True)
    assert "13900000003" in phones(site) and len(phones(site)) == towns.PEOPLE + 1
    assert platforms.asked[-1]["from"] == (TODAY - timedelta(days=30)).isoformat()

    site.warehouse.unlink()
    before = second.golden_checksum
    again = run(site, TOMORROW)
    assert again.golden_checksum == before


@pytest.mark.usefixtures("plainly")
def test_a_batch_of_changes_that_is_refused_makes_the_next_night_ask_for_everything(
    towns, site, peer, folder
):
    platforms, _ = peer
    run(site, TODAY)
    page = folder / "one_table.toml"
    whole = page.read_text(encoding="utf-8")
    page.write_text(whole.replace("rows = [1, 2_000_000]", "rows = [1, 60]"), encoding="utf-8")
    platforms.rows = [member(number, towns.person(number), TODAY) for number in range(100)]
    assert run(site, TOMORROW).outcomes["one_table"].status == "refused"
    page.write_text(whole, encoding="utf-8")
    platforms.asked.clear()
    assert run(site, TOMORROW).outcomes["one_table"].status == "staged"
    assert "from" not in platforms.asked[0]
    assert len(present(site)) == 100


def test_the_secret_is_in_no_file_no_output_and_no_event_of_the_whole_command(site, peer, enter_once):
    ran = enter_once("nightly", "--site", site.root, "--night", TODAY, "--json")
    assert (ran.status, ran.found["platforms"]["one_table"]["status"]) == (0, "staged")
    peer[0].status = 401
    again = enter_once("nightly", "--site", site.root, "--night", TOMORROW, "--json")
    assert again.status == 1
    assert "env:ONE_TABLE_SECRET" in again.found["platforms"]["one_table"]["message"]
    assert SECRET not in ran.out + ran.err + again.out + again.err
    kept = [path for path in site.root.rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]


@pytest.mark.usefixtures("plainly")
def test_a_first_look_shows_ten_masked_rows_and_leaves_nothing_behind(towns, site, peer, enter_once):
    peer[0].rows[0]["members.sfzh"] = "33010"
    peer[0].rows[3]["members.xm"] = peer[0].rows[3]["members.sfzh"] = ""
    before = sorted(path for path in site.root.rglob("*"))
    ran = enter_once("platform", "check", "one_table", "--site", site.root, "--json")
    assert (ran.status, ran.found["passed"]) == (0, 1)
    trial = ran.found["trial"]
    assert (trial["rows_in"], len(trial["rows"])) == (25, 10)
    (aside,) = trial["quarantined"]
    assert (aside["reason"], aside["rows"]) == ("no_identity", 1)
    assert sorted(path for path in site.root.rglob("*")) == before
    people = [towns.person(number) for number in range(25)]
    assert not [one for one in people if one["id_number"] in ran.out or one["phone"] in ran.out]
    assert all(row["id_number"].count("*") > 2 for row in trial["rows"] if "id_number" in row)

    text = enter_once("platform", "check", "one_table", "--site", site.root, "--lang", "zh")
    assert "取到 25 行" in text.out and "隔离区" in text.out and aside["problem"] in text.out

    peer[0].status = 401
    refused = enter_once("platform", "check", "one_table", "--site", site.root, "--json")
    assert (refused.status, refused.found["passed"]) == (1, 0)
    assert "env:ONE_TABLE_SECRET" in refused.found["failed"][0]["reason"]


def test_a_connection_that_fits_no_platform_fails_the_check_of_all(site, enter_once):
    with (site.root / "site.toml").open("a") as file:
        file.write('\n[connections.one_tabel]\naddress = "https://x.example"\n')
        file.write('\n[connections.grid]\naddress = "https://x.example"\n')
    ran = enter_once("platform", "check", "all", "--site", site.root, "--json")
    assert ran.status == 1
    assert {one["slug"] for one in ran.found["failed"]} == {"one_tabel", "grid"}


def test_a_site_that_asks_needs_no_folder_in_its_inbox(site, peer):
    shutil.rmtree(site.inbox)
    with open_night(site.root) as night:
        assert night.date == TODAY
    file = site.root / "site.toml"
    file.write_text(file.read_text(encoding="utf-8").split("\n[connections")[0], encoding="utf-8")
    with pytest.raises(WrongNight, match="收件箱是空的"), open_night(site.root):
        pass
