"""The closed loop: `live`.

Belongs here: its arguments and how its figures are told. Lives elsewhere: the loop (`pipelines/live.py`), the figures
(`synthetic_city/figures.py`), switching a safeguard off (`pipelines/sabotage.py`).
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from typing import Any

from pipelines.commands import DONE, PARTIAL, Add, AddGroup, Answer, count
from pipelines.messages import Language, say

SABOTAGES = ("echo", "allow-list", "double-send", "veto")


def add(command: Add, _group: AddGroup) -> None:
    """The commands of this module."""
    live = command("live", run_live, "闭环演练：录入、写回、再导出 / the closed loop on a synthetic city")
    live.add_argument("--nights", type=count, default=14)
    live.add_argument(
        "--sabotage", choices=SABOTAGES, help="关掉一道保护，看指标变坏 / switch one safeguard off"
    )
    live.add_argument("--residents", type=count, default=5000)
    live.add_argument("--seed", type=int, default=7)
    live.add_argument("--platforms", default="all", metavar="all|a,b,c")
    live.add_argument("--noise", type=float, default=1.0)
    live.add_argument("--pace", type=float, default=1.0, help="变化快几倍 / how many times as much happens")


def run_live(asked: argparse.Namespace, speak: Language) -> Answer:
    """`live`: so many nights of a synthetic city that imports what we send."""
    from pipelines.live import run_loop
    from pipelines.sabotage import sabotaged
    from synthetic_city.city import Recipe, chosen_platforms

    wanted = None if asked.platforms == "all" else asked.platforms.split(",")
    recipe = Recipe(asked.residents, asked.seed, asked.noise, tuple(chosen_platforms(wanted)))

    def tell(night: dict[str, Any]) -> None:
        if not asked.json:
            sys.stderr.write(say("live_night", speak, **night) + "\n")

    with sabotaged(asked.sabotage) if asked.sabotage else nullcontext():
        found = run_loop(asked.site, recipe, asked.nights, tell, pace=asked.pace, speak=speak)
    done = all(night["status"] == "done" for night in found["nights"])
    return Answer(DONE if done else PARTIAL, found | {"sabotage": asked.sabotage}, _told(found, speak))


def _told(found: dict[str, Any], speak: Language) -> str:
    reached = {
        f"reached_{k}": "–" if share is None else f"{share:.2%}" for k, share in found["reached"].items()
    }
    return say("live_figures", speak, **(found | reached))


def wrong_use() -> tuple[type[Exception], ...]:
    """Errors that say the command was used wrongly."""
    return ()
