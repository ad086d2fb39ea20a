"""The words of the pages: each that is asked for is there, and each that is there is asked for."""

from __future__ import annotations

import re
from importlib import resources
from typing import get_args

from stewardship.cases import KINDS
from stewardship.desk.rendering import say
from stewardship.differences import Sign
from warehouse.ledger import Word

HERE = resources.files("stewardship.desk")
RULES = ("authority", "quality", "id_number", "agreement", "newest", "trust", "tie", "only", "unanimous")

# Put together from a head and what is found: `t("kind_" ~ case.kind)`.
MADE_UP = {
    "kind_": KINDS,
    "about_": KINDS,
    "verdict_": get_args(Word),
    "link_": get_args(Word),
    "sign_": get_args(Sign),
    "reach_": ("same", "different"),
    "rule_": RULES,
}


def asked_for() -> set[str]:
    found = {f"{head}{one}" for head, all_of in MADE_UP.items() for one in all_of}
    for file in HERE.joinpath("templates").iterdir():
        text = file.read_text(encoding="utf-8")
        found |= set(re.findall(r"\bt\(['\"](\w+)['\"]", text))
        found |= set(re.findall(r"\"(person_\w|masked_\w+)\"", text))
        qualities = text.partition("set qualities")[2].partition("%}")[0]
        found |= {f"quality_{one}" for one in re.findall(r"\"(\w+)\"", qualities)}
    for name in ("guard", "entry", "review", "people"):
        source = HERE.joinpath(f"{name}.py").read_text(encoding="utf-8")
        found |= set(say.sentences) & set(re.findall(r"\"(\w+)\"", source))
    return found - MADE_UP.keys() - {"quality_"}


def test_every_word_is_there_and_none_is_idle() -> None:
    assert asked_for() == set(say.sentences)
