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
MADE_UP = {
    *(f"{head}_{kind}" for head in ("kind", "about") for kind in KINDS),
    *(f"{head}_{word}" for head in ("verdict", "link") for word in get_args(Word)),
    *(f"sign_{sign}" for sign in get_args(Sign)),
    *(f"reach_{verdict}" for verdict in ("same", "different")),
}


def asked_for() -> set[str]:
    found = set(MADE_UP)
    for file in HERE.joinpath("templates").iterdir():
        text = file.read_text(encoding="utf-8")
        found |= set(re.findall(r"\bt\(['\"](\w+)['\"]", text)) - {
            "kind_",
            "about_",
            "verdict_",
            "sign_",
            "reach_",
        }
        found |= {"person_a", "person_b"} if "person_a" in text else set()
        found |= {
            f"quality_{one}"
            for one in re.findall(r"\"(\w+)\"", text.partition("set qualities")[2].partition("%}")[0])
        }
    known = set(say.sentences)
    for name in ("guard", "entry", "review"):
        found |= known & set(
            re.findall(r"\"(\w+)\"", HERE.joinpath(f"{name}.py").read_text(encoding="utf-8"))
        )
    return found - {"quality_"}


def test_every_word_is_there_and_none_is_idle() -> None:
    assert asked_for() == set(say.sentences)
