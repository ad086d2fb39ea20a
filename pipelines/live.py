"""The closed loop over the real night: people live, clerks enter, platforms export, the night runs, an approver approves,
platforms import, stewards answer who is who, and the next night sees what became of it.

Belongs here: the order of a night of the loop, and what is written down of it under `truth/`.
Lives elsewhere: every step (`synthetic_city`), the night itself (`conduct.py`), the figures (`synthetic_city/figures.py`),
switching a safeguard off (`sabotage.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb

from connectors.platform import Platform
from pipelines.conduct import conduct
from pipelines.messages import Language
from pipelines.night import open_night
from stewardship.rehearsal import answer_cases
from synthetic_city import loop_truth, truth
from synthetic_city.approver import Settled, go_live, settle_waiting
from synthetic_city.city import FIRST_NIGHT, Recipe, Written, found, places_of, read_recipe, write_export
from synthetic_city.clerks import Desk, Entered, live
from synthetic_city.dice import Dice
from synthetic_city.events import Event, live_a_night
from synthetic_city.exports import Store
from synthetic_city.figures import figures
from synthetic_city.files import copied
from synthetic_city.holdings import Reader, write_holdings
from synthetic_city.people import Town
from synthetic_city.places import write_places
from synthetic_city.taking import Taken, key_sheet, take_file
from warehouse.batches import note_answers, read_batches
from warehouse.ledger import open_ledger
from warehouse.site import Site, SiteError, create_site, read_site
from warehouse.snapshot import current_snapshot
from warehouse.store import read_store

Tell = Callable[[dict[str, Any]], None]


@dataclass
class Loop:
    """The city between two nights, and everything that is written down of it at the end."""

    site: Site
    recipe: Recipe
    town: Town
    stores: dict[str, Store]
    places: Sequence[Platform]  # those that list nobody
    desk: Desk
    readers: dict[str, Reader]
    chance: Dice
    people: Dice
    pace: float
    speak: Language
    written: dict[str, Written] = field(default_factory=dict)  # each platform's last export
    events: list[Event] = field(default_factory=list)
    entered: list[Entered] = field(default_factory=list)
    settled: list[tuple[Settled, date]] = field(
        default_factory=list
    )  # with the night from which it can go out
    taken: list[Taken] = field(default_factory=list)
    open: list[tuple[date, str]] = field(
        default_factory=list
    )  # nights on which a platform exported and imported
    records: list[tuple[object, ...]] = field(default_factory=list)
    residents: list[tuple[object, ...]] = field(default_factory=list)
    nights: list[dict[str, Any]] = field(default_factory=list)

    @property
    def receivers(self) -> dict[str, Store]:
        """The platforms that we may tell anything."""
        return {slug: store for slug, store in self.stores.items() if store.platform.receive.fields}


def run_loop(
    root: Path, recipe: Recipe, nights: int, tell: Tell, *, pace: float = 1.0, speak: Language = "zh"
) -> dict[str, Any]:
    """Run so many nights of a city in `root`, made from the recipe unless it is there; its figures.

    `tell` is handed each night when it is over; `pace`: how many times as much happens as in `events.toml`.

    Raises:
        SiteError: the folder is a site that no loop can start from.
    """
    loop = _start(root, recipe, pace, speak)
    for slug in loop.stores:
        _copy_feeds(loop, slug)
    _write_down(loop, FIRST_NIGHT - timedelta(days=1))
    for turn in range(nights):
        started = perf_counter()
        status = _night(loop, first=turn == 0)
        night = {"night": loop.town.today.isoformat(), "status": status}
        loop.nights.append(night | {"seconds": round(perf_counter() - started, 1)})
        # Every night, so that a loop that is stopped can be told of.
        loop_truth.write(loop.site, loop.town, loop)
        loop.nights[-1] |= _answer_cases(loop)
        tell(loop.nights[-1])
    found = figures(loop.site, {slug: store.platform for slug, store in loop.stores.items()})
    by_night = {one["night"]: one for one in found.pop("by_night")}
    return {"nights": [one | by_night.get(one["night"], {}) for one in loop.nights], **found}


def _start(root: Path, recipe: Recipe, pace: float, speak: Language) -> Loop:
    if (root / "site.toml").exists():
        recipe = _recipe_of(read_site(root))
    town, stores = found(recipe)
    if not (root / "site.toml").exists():
        site = create_site(root, name="合成城市", area=town.city.area, seed=recipe.seed)
        recipe.write(site)
    site = read_site(root)
    return Loop(
        site=site,
        recipe=recipe,
        town=town,
        stores=stores,
        places=places_of(recipe),
        desk=Desk(Dice(recipe.seed, "clerks"), town, stores, recipe.noise),
        readers={slug: Reader(store, site.area) for slug, store in stores.items()},
        chance=Dice(recipe.seed, "faults"),
        people=Dice(recipe.seed, "events"),
        pace=pace,
        speak=speak,
    )


def _recipe_of(site: Site) -> Recipe:
    """What an existing city is made of; a loop can only begin where its first night does."""
    recipe, other = read_recipe(site), "请换一个文件夹，让 enter-once live 自己建城市"
    if recipe is None:
        raise SiteError(site.root, "这里不是 enter-once city 建的城市（缺少 truth/recipe.json）", other)
    if recipe.nights > 1 or (site.truth / "stores").exists():
        raise SiteError(site.root, "这座城市已经过了第一夜，闭环只能从第一夜开始", other)
    return recipe


def _night(loop: Loop, *, first: bool) -> str:
    """One night of the loop; how the real night in it ended."""
    if not first:
        happened = live_a_night(loop.people, loop.town, loop.pace)
        loop.events += happened
        loop.entered += loop.desk.enter(happened)
    tonight = loop.town.today
    opened = [slug for slug, store in loop.stores.items() if first or _open(loop, store)]
    loop.open += [(tonight, slug) for slug in opened]
    _export(loop, opened)
    with open_ledger(loop.site) as ledger:
        if first:
            go_live(ledger, loop.receivers, tonight)
    status = _run_and_settle(loop)
    _import(loop, [slug for slug in loop.receivers if slug in opened])
    loop.residents += truth.resident_rows(tonight, loop.town)
    for slug in loop.stores:
        people = loop.written[slug].of(loop.town) if slug in loop.written else ([], [], [])
        loop.records += truth.record_rows(tonight, slug, *people)
    _write_down(loop, tonight)
    return status


def _write_down(loop: Loop, night: date) -> None:
    """What every platform holds when a night is over; before the first one, what it held until then."""
    for slug, store in loop.stores.items():
        folder = loop.site.truth / "stores"
        write_holdings(folder, night, store, loop.readers[slug], loop.town, loop.site.key)


def _open(loop: Loop, store: Store) -> bool:
    """Whether a platform comes tonight: by its cadence, and it is not down."""
    every = live()["every"]
    pace = every.get(store.platform.cadence, every["otherwise"])
    turn = (loop.town.today - FIRST_NIGHT).days + sum(store.platform.slug.encode())
    down = loop.chance.chance(live()["faults"]["down"])
    return turn % pace == 0 and not down


def _export(loop: Loop, opened: list[str]) -> None:
    for slug in opened:
        _copy_feeds(loop, slug)
        loop.written[slug] = write_export(loop.site, loop.stores[slug], loop.stores, loop.town.today)
    for platform in loop.places:
        write_places(loop.site, platform, loop.town)


def _answer_cases(loop: Loop) -> dict[str, Any]:
    """What stewards settle of who is who on the day after a night, asking the people themselves."""
    snapshot = current_snapshot(loop.site)
    if snapshot is None:
        return {}
    who = truth.people(loop.site, snapshot)
    done = answer_cases(loop.site, snapshot, who, live()["stewards"]["cases"])
    return {"cases": done.cases, "verdicts": done.verdicts}


def _copy_feeds(loop: Loop, slug: str) -> None:
    """Let a platform take over what it copies from others."""
    fed = copied(loop.stores[slug], loop.stores)
    for entry in loop.stores[slug].entries:
        entry.cells.update(fed(entry))


def _run_and_settle(loop: Loop) -> str:
    """The real night, and the approver after it; a flood that is accepted is the same night run again."""
    tonight = loop.town.today
    status = _conduct(loop)
    with read_store(loop.site.warehouse) as con, open_ledger(loop.site) as ledger:
        true = _true_of_records(con, loop)
        settled = settle_waiting(con, ledger, tonight, FIRST_NIGHT, true)
        again = any(one.why == "flood" for one in settled)
    loop.settled += [(one, tonight if again else tonight + timedelta(days=1)) for one in settled]
    return _conduct(loop) if again else status


def _conduct(loop: Loop) -> str:
    with open_night(loop.site.root, loop.town.today, loop.speak) as night:
        conduct(night)
    return night.status


def _true_of_records(con: duckdb.DuckDBPyConnection, loop: Loop) -> Mapping[tuple[str, str], str | None]:
    """What the family says of those who are to be closed, of whom two clerks say different things, or whose phone may be a slip:
    record and field -> what is true."""
    asked = con.execute(
        "select record_id, platform, source_key, field from outbox.decision where why in ('close', 'near') and decision = 'approval'"
        " union select s.record_id, s.platform, s.source_key, c.field from golden.conflict as c"
        " join staged.record as s on s.record_id = c.taken_from"
    ).fetchall()
    held = {slug: {entry.key: entry.person for entry in loop.stores[slug].entries} for _, slug, *_ in asked}
    normal = truth.Normal(loop.town.city.area)
    said: dict[tuple[str, str], str | None] = {}
    for record, slug, key, name in asked:
        if key in held[slug]:
            values = normal.named(loop.town, loop.town.people[held[slug][key]])
            said[record, name] = values.get(name)
    return said


def _import(loop: Loop, slugs: list[str]) -> None:
    """Every platform that is there takes in what was sent tonight, and answers what it refuses."""
    tonight = loop.town.today
    sheets = _sheets(loop.site, tonight)
    done: list[Taken] = []
    for slug in slugs:
        store = loop.stores[slug]
        if store.platform.receive.returns == "template":
            done += take_file(loop.site, store, loop.town, tonight)
        else:
            for batch, cells in sheets[slug].items():
                done += key_sheet(store, loop.town, tonight, batch, cells)
    loop.taken += done
    _answer(loop.site, tonight, [one for one in done if one.fate == "refused"])


def _sheets(site: Site, night: date) -> dict[str, dict[str, list[tuple[str, str, str]]]]:
    """What stands on tonight's printed sheets: platform -> batch -> cells."""
    found: dict[str, dict[str, list[tuple[str, str, str]]]] = defaultdict(lambda: defaultdict(list))
    with read_store(site.warehouse) as con:
        for slug, batch, *cell in con.execute(
            "select t.platform, t.batch, r.source_key, t.field, d.value from outbox.told as t"
            " join outbox.digest as d on d.digest = t.digest join staged.record as r on r.record_id = t.record_id"
            " where t.night = ? and t.live order by all",
            [night],
        ).fetchall():
            found[slug][batch].append(tuple(cell))
    return found


def _answer(site: Site, night: date, refused: list[Taken]) -> None:
    """Note what the platforms did not take, in their words."""
    if not refused:
        return
    with open_ledger(site) as ledger:
        batches = read_batches(ledger, night)
        with read_store(site.warehouse) as con:
            keys = dict(con.execute("select record_id, source_key from staged.record").fetchall())
        for one in refused:
            batch = batches[one.batch]
            told = [cell for _, cell in batch.cells.values()]
            if one.newcomer:
                (number,) = ledger.digests([one.newcomer])
                rows = {
                    cell.record_id for cell in told if cell.field == "id_number" and cell.digest == number
                }
            else:
                rows = {cell.record_id for cell in told if keys.get(cell.record_id) == one.key}
            note_answers(ledger, "refused", batch, ((record, one.words) for record in sorted(rows)))
