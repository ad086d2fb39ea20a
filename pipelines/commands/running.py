"""Running a site: `city`, `nightly`, `apply`, `score`.

Belongs here: their arguments and how their outcome is told. Lives elsewhere: the work (`synthetic_city`, `pipelines/conduct.py`, `pipelines/applying.py`,
`warehouse/score.py`).
"""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path

from pipelines.commands import DONE, PARTIAL, Add, AddGroup, Answer, count, night
from pipelines.messages import Language, say


def add(command: Add, _group: AddGroup) -> None:
    """The commands of this module."""
    city = command("city", make_city, "建一个示例城市 / make a synthetic city")
    city.add_argument("dir", type=Path, metavar="DIR")
    city.add_argument("--residents", type=count, default=5000)
    city.add_argument("--nights", type=count, default=1)
    city.add_argument("--seed", type=int, default=7)
    city.add_argument("--platforms", default="all", metavar="all|a,b,c")
    city.add_argument("--noise", type=float, default=1.0)
    city.add_argument("--from", dest="records", type=Path, metavar="RECORDS.parquet")
    nightly = command("nightly", run_night, "跑一夜：落地到写回 / run one night: pull to publish")
    nightly.add_argument("--night", type=night, metavar="YYYY-MM-DD")
    now = command(
        "apply",
        apply_now,
        "让裁定和定值立即生效，不发出任何东西 / let verdicts and pins take effect at once, tell nobody",
    )
    now.add_argument("--by", default=getpass.getuser(), metavar="NAME")
    command("score", score_site, "与真值比对 / measure against the truth")


def make_city(asked: argparse.Namespace, speak: Language) -> Answer:
    """`city`: a synthetic site with its truth."""
    from synthetic_city.city import make_city as build

    wanted = None if asked.platforms == "all" else asked.platforms.split(",")
    made = build(
        asked.dir,
        residents=asked.residents,
        nights=asked.nights,
        seed=asked.seed,
        platforms=wanted,
        noise=asked.noise,
        people=asked.records,
    )
    found = {
        "site": str(made.root),
        "residents": made.residents,
        "nights": [night.isoformat() for night in made.nights],
        "records": made.records,
        "events": made.events,
    }
    counts = {"records": f"{sum(made.records.values()):,}", "platforms": len(made.records)}
    words = {"site": made.root, "residents": f"{made.residents:,}", "nights": len(made.nights)}
    return Answer(DONE, found, say("city_made", speak, **words, **counts))


def run_night(asked: argparse.Namespace, speak: Language) -> Answer:
    """`nightly`: the Dagster job, headless, under the site's lock."""
    from pipelines.night import open_night

    with open_night(asked.site, asked.night, speak) as night:
        from pipelines.conduct import conduct
        from pipelines.summary import summary, tell

        conduct(night)
    found = summary(night)
    return Answer(DONE if night.status == "done" else PARTIAL, found, tell(found, speak))


def apply_now(asked: argparse.Namespace, speak: Language) -> Answer:
    """`apply`: ask, and do it here; a sensor that notices the same request finds it done."""
    from pipelines.applying import apply
    from warehouse.applying import ask
    from warehouse.ledger import open_ledger
    from warehouse.site import read_site

    with open_ledger(read_site(asked.site)) as ledger:
        line = ask(ledger, asked.by)
    night = apply(asked.site, speak)
    found = {"line": line, "status": "done"}
    if night is None:
        return Answer(DONE, found, say("applied_already", speak))
    found |= {"night": night.date.isoformat(), "seconds": round(sum(night.seconds.values()), 2)}
    found |= {"clusters": night.counts.get("clusters", 0), "golden_checksum": night.golden_checksum}
    return Answer(DONE, found, say("applied", speak, **found))


def score_site(asked: argparse.Namespace, speak: Language) -> Answer:
    """`score`: pairs, clusters, households and golden cells against the truth."""
    from warehouse.score import score
    from warehouse.site import read_site

    found = score(read_site(asked.site))
    pairs, households = found["pairs"], found["households"]
    text = [
        say("score_pairs", speak, **pairs),
        say(
            "score_clusters",
            speak,
            clusters=found["clusters"]["exact"],
            living=households["living"]["exact"],
            registered=households["registered"]["exact"],
        ),
        *(f"  {name:<20}{share:8.2%}" for name, share in found["cells"].items() if share is not None),
    ]
    return Answer(DONE, found, "\n".join(text))


def wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    from pipelines.night import WrongNight
    from synthetic_city.city import NoSuchPlatform
    from synthetic_city.outside import NotPeople

    return WrongNight, NoSuchPlatform, NotPeople
