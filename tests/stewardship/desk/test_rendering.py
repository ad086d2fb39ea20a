"""The words of the pages: each that is asked for is there, and each that is there is asked for."""

from __future__ import annotations

import re
from importlib import resources
from typing import get_args

from stewardship.accounts import ROLES
from stewardship.alike import Because
from stewardship.approving import REFUSED
from stewardship.audit import Event
from stewardship.cases import KINDS
from stewardship.conflicts import OF_HOUSEHOLDS
from stewardship.departures import Why
from stewardship.desk.approvals import CHANGES, WHYS
from stewardship.desk.audit import FACTS, LIFTED
from stewardship.desk.rendering import say
from stewardship.differences import Sign
from stewardship.links import Kind as TieKind
from stewardship.moves import Turn
from stewardship.nights import FAILED, FIGURES, FOLLOWED
from stewardship.visits import Question
from warehouse.approvals import Word as SaidWord
from warehouse.overrides import Action
from warehouse.words import Word

HERE = resources.files("stewardship.desk")
RULES = (
    "pin", "former", "authority", "quality", "id_number", "agreement", "newest", "trust", "tie", "only", "unanimous", "own",
)  # fmt: skip
PAGES = (
    "tonight",
    "queue",
    "conflicts",
    "approvals",
    "refusals",
    "intake",
    "platforms",
    "enter",
    "audit",
    "accounts",
    "numbers",
    "moves",
)
WORK = (
    "cases",
    "conflicts",
    "households",
    "moves",
    "numbers",
    "approvals",
    "refused",
    "doubted",
    "gates",
    "quarantine",
)

# Put together from a head and what is found: `t("kind_" ~ case.kind)`.
MADE_UP = {
    "kind_": KINDS,
    "about_": KINDS,
    "conflict_": OF_HOUSEHOLDS,
    "verdict_": get_args(Word),
    "link_": get_args(Word),
    "sign_": get_args(Sign),
    "reach_": ("same", "different"),
    "came_to_": ("waits", "agreed", "disputed", "blind_same", "blind_other"),
    "rule_": RULES,
    "page_": PAGES,
    "change_": CHANGES,
    "wait_": (*WHYS, "stuck"),
    "wait_about_": WHYS,
    "word_": get_args(SaidWord),
    "next_": REFUSED,
    "said_": get_args(Action),
    "overriding_": ("used", "waiting", "lapsed", "expired", "erased"),
    "night_": ("done", "partial", "blocked"),
    "work_": WORK,
    "figure_": (*FIGURES, *FOLLOWED),
    "export_": ("staged", "unchanged", "missing", *FAILED),
    "state_": ("live", "shadow", "read-only", "broken"),
    "cells_": get_args(SaidWord),
    "batch_": ("sent", "unsent"),
    "pin_": ("stale", "ended"),
    "home_": ("living", "registered", "dwelling"),
    "role_": ROLES,
    "role_about_": ROLES,
    "fact_": [fact for fact in FACTS if fact != "why"],
    "fact_why_": get_args(Why),
    "away_": get_args(Why),
    "lifted_": LIFTED,
    "event_": get_args(Event),
    "alike_": get_args(Because),
    "book_": ("ledger", "audit"),
    "ask_": get_args(Question),
    "tie_": get_args(TieKind),
    "moves_": get_args(Turn),
    "move_turn_": get_args(Turn),
    "effect_": ("nothing", "waits", "asked", "under_way", "done", "failed"),
}


def asked_for() -> set[str]:
    found = {f"{head}{one}" for head, all_of in MADE_UP.items() for one in all_of}
    for file in HERE.joinpath("templates").iterdir():
        text = file.read_text(encoding="utf-8")
        found |= set(re.findall(r"\bt\(['\"](\w+)['\"]", text))
        found |= set(re.findall(r"\"(person_\w|masked_\w+)\"", text))
        qualities = text.partition("set qualities")[2].partition("%}")[0]
        found |= {f"quality_{one}" for one in re.findall(r"\"(\w+)\"", qualities)}
    for file in HERE.iterdir():
        source = file.read_text(encoding="utf-8") if file.name.endswith(".py") else ""
        found |= set(say.sentences) & set(re.findall(r"\"(\w+)\"", source))
    return found - MADE_UP.keys() - {"quality_"}


def test_every_word_is_there_and_none_is_idle() -> None:
    assert asked_for() == set(say.sentences)
