"""How long a steward waits: the next case after a verdict in Chromium, and fifty stewards at once.

Run by `make bench-desk`, or on a city that has had its night: `python -m benchmarks.desk --site DIR` (what it reads is
copied). The desk runs in its own process. In the browser the time is taken by the page itself, from the key going down to
the frame in which the next case has been painted. Every steward of the fifty judges, or takes back, every THINK seconds;
at the end each answer they were given is held against the ledger. `load` says how busy the machine was with other work:
the milliseconds of a busy machine are no better than its queue, those of `cpu_ms_an_answer` are the desk's own. Writes benchmarks/results/desk.json;
docs/stewardship.md quotes that file.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

from benchmarks.cities import city, options
from benchmarks.night import COMMAND, RESULTS, machine
from benchmarks.processes import free_port
from stewardship.accounts import add_account
from stewardship.casebook import open_casebook
from stewardship.sessions import begin_session
from stewardship.store import open_desk
from warehouse.ledger import open_ledger
from warehouse.site import Site, read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store, scalar

THINK = 2.0  # seconds between two answers of one steward
_TIMED = """
window.times = [];
addEventListener("keydown", () => { window.pressed = performance.now(); }, true);
new MutationObserver(changes => {
  if (changes.some(one => [...one.addedNodes].some(node => node.id === "main"))) {
    const pressed = window.pressed;
    requestAnimationFrame(() => setTimeout(() => window.times.push(performance.now() - pressed)));
  }
}).observe(document, {childList: true, subtree: true});
"""


def in_the_browser(address: str, token: str, verdicts: int) -> dict[str, Any]:
    """Judge by key, as fast as the page turns."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        context.add_cookies([{"name": "desk", "value": token, "url": address}])
        page = context.new_page()
        page.add_init_script(_TIMED)
        page.goto(f"{address}/next")
        dice = Random(7)
        for turn in range(verdicts):
            _press(page, "z" if turn % 5 == 4 else dice.choice("ynu"))
        times = sorted(page.evaluate("window.times"))
        browser.close()
    return {"verdicts": verdicts, **_spread(times)}


def take_pictures(address: str, token: str, colleague: str, folder: Path) -> None:
    """The pages of docs/stewardship.md, each that has something to show. The people are synthetic."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page, other = (browser.new_page(viewport={"width": 1366, "height": 768}) for _ in range(2))
        page.context.add_cookies([{"name": "desk", "value": token, "url": address}])
        other.context.add_cookies([{"name": "desk", "value": colleague, "url": address}])
        page.goto(address)
        page.screenshot(path=folder / "desk-queue.png")
        page.goto(f"{address}/next?kind=near_tie")
        page.screenshot(path=folder / "desk-masked.png")
        page.locator("#why").fill("裁定需要核对原值")
        page.keyboard.press("Enter")
        page.get_by_text("正在显示原值").wait_for()
        page.goto(f"{address}/next?kind=possible_match")
        page.keyboard.press("e")
        page.locator(".reached").wait_for()
        page.screenshot(path=folder / "desk-case.png")
        page.goto(f"{address}/tonight")
        page.screenshot(path=folder / "desk-tonight.png")
        page.goto(f"{address}/approvals")
        if (part := page.get_by_role("link", name="打开").first).is_visible():  # of a city that is live
            part.click()
            page.screenshot(path=folder / "desk-approvals.png")
        if _doubt(other, address, 3):
            page.goto(f"{address}/moves")
            page.screenshot(path=folder / "desk-moves.png")
        browser.close()


def _doubt(page: Page, address: str, people: int) -> int:
    """Say of some people that one of their records is somebody else's, where that is for two; of how many."""
    said, case = 0, ""
    for _ in range(20 * people):
        page.goto(f"{address}/next?from={case}")
        case = page.url.split("/cases/")[1].partition("?")[0]
        page.locator("a.letter").first.click()
        page.goto(f"{page.url}/move")
        boxes = page.locator("tbody input[type=checkbox]")
        if boxes.count() < 2:
            continue
        boxes.last.check()
        page.locator("button[value=look]").click()
        if page.get_by_text("须两人裁定").is_visible() and page.locator("button[value=save]").is_visible():
            page.locator("#because").fill("上门看过，不是同一人")
            page.locator("button[value=save]").click()
            said += 1
        if said == people:
            break
    return said


def _press(page: Page, key: str) -> None:
    before = page.evaluate("window.times.length")
    page.keyboard.press(key)
    for _ in range(2000):
        if page.evaluate("window.times.length") > before:
            return
        time.sleep(0.005)
    raise TimeoutError("the page did not turn")


def at_once(address: str, tokens: list[str], seconds: float) -> dict[str, Any]:
    """Many stewards who judge or take back; how long they wait, and what they were told was saved."""
    times: list[float] = []
    saved: list[int] = []
    failed: list[int] = []

    def work(token: str, seed: int) -> None:
        dice, until = Random(seed), time.monotonic() + seconds
        with httpx.Client(
            base_url=address, cookies={"desk": token}, follow_redirects=True, timeout=30
        ) as client:
            time.sleep(dice.random() * THINK)
            page = client.get("/next")
            while time.monotonic() < until:
                form = dict(re.findall(r'name="(form_key|knew|seen|case)" value="([^"]*)"', page.text))
                if "case" not in form:
                    page = client.get("/next")
                    continue
                begun = time.perf_counter()
                if dice.random() < 0.5:
                    page = client.post("/undo", data=form, headers={"x-part": "1"})
                else:
                    verdict = form | {"verdict": dice.choice(["same", "different", "unsure"])}
                    page = client.post(
                        f"/cases/{form['case']}/verdict", data=verdict, headers={"x-part": "1"}
                    )
                times.append((time.perf_counter() - begun) * 1000)
                if page.status_code == 200:
                    saved.extend(
                        int(one)
                        for one in re.findall(r"[?&](?:said|undone)=(\d+)", page.headers.get("x-address", ""))
                    )
                elif page.status_code >= 500:
                    failed.append(page.status_code)
                else:  # another was quicker, or it contradicts: on to another case
                    page = client.get(f"/next?from={form['case']}")
                time.sleep(THINK * (0.5 + dice.random()))

    threads = [threading.Thread(target=work, args=(token, seed)) for seed, token in enumerate(tokens)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return {
        "stewards": len(tokens),
        "answers": len(times),
        "failed": len(failed),
        "saved": saved,
        **_spread(sorted(times)),
    }


def _spread(times: list[float]) -> dict[str, float]:
    return {
        "p50_ms": round(median(times), 1),
        "p95_ms": round(times[int(len(times) * 0.95)], 1),
        "most_ms": round(times[-1], 1),
    }


def measure(
    root: Path, verdicts: int, stewards: int, seconds: float, pictures: Path | None
) -> dict[str, Any]:
    """Both, on the desk of a site."""
    site = read_site(root)
    snapshot = current_snapshot(site)
    assert snapshot is not None  # the night has run
    begun = time.perf_counter()
    book = open_casebook(site, snapshot, [])
    laid_out = time.perf_counter() - begun
    tokens = [_staff(site, f"steward{number}", "steward") for number in range(stewards + 1)]
    drawn = [_staff(site, name, role) for name, role in (("王芳", "approver"), ("李伟", "steward"))]
    with _served(root) as (address, desk):
        if pictures:
            take_pictures(address, *drawn, pictures)
        browser = in_the_browser(address, tokens[0], verdicts)
        before = _cpu_seconds(desk)
        together = at_once(address, tokens[1:], seconds)
        cpu = (_cpu_seconds(desk) - before) / together["answers"]
    said = set(together.pop("saved"))
    with open_ledger(site) as ledger:
        lines = {line.seq for line in ledger.lines("verdict")}
        whole = ledger.verify() is None
    return {
        "records": _records(snapshot),
        "cases": len(book.cases),
        "laid_out_s": round(laid_out, 2),
        "load": os.getloadavg()[0],
        "browser": browser,
        "together": together
        | {
            "think_s": THINK,
            "cpu_ms_an_answer": round(cpu * 1000, 1),
            "lost": len(said - lines),
            "ledger_whole": whole,
        },
    }


def _records(snapshot: Path) -> int:
    with read_store(snapshot) as con:
        return int(scalar(con, "select count(*) from staged.record"))


def _staff(site: Site, name: str, role: str) -> str:
    """Somebody who is logged in already: how long a password takes is not the question."""
    now = datetime.now(UTC)
    with open_desk(site) as con:
        account = add_account(con, name, role, secrets.token_urlsafe(12), now)
        return begin_session(con, account, "zh", now)[0]


def _cpu_seconds(pid: int) -> float:
    """What a process and those that it started have used so far."""
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = sum(map(int, used)) / os.sysconf("SC_CLK_TCK")
    return own + sum(_cpu_seconds(int(child)) for child in started)


@contextmanager
def _served(root: Path) -> Iterator[tuple[str, int]]:
    """The desk's address and process."""
    port = free_port()
    process = subprocess.Popen([COMMAND, "review", "--site", str(root), "--port", str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{address}/login")
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        yield address, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def main() -> None:
    """Measure, write the results file, print it."""
    parser = options(__doc__)
    parser.add_argument("--verdicts", type=int, default=200)
    parser.add_argument("--stewards", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="also take the pictures of the docs")
    asked = parser.parse_args()
    with city(asked, _copy) as root:
        found = measure(root, asked.verdicts, asked.stewards, asked.seconds, asked.pictures)
    found = {"machine": machine(), "seed": asked.seed, **found}
    (RESULTS / "desk.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


def _copy(site: Path, root: Path) -> None:
    """As much of a site as the desk reads."""
    root.mkdir()
    for name in ("site.toml", "secret.key"):
        shutil.copy(site / name, root)
    for name in ("snapshots", "reports"):
        shutil.copytree(site / name, root / name, symlinks=True)


if __name__ == "__main__":
    main()
