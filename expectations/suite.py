"""The suites of the four doors, as their TOML files describe them.

Belongs here: the shape of a suite file, and reading it strictly.
Lives elsewhere: running a suite (`door.py`), the frames it looks at (`frames.py`), the page (`report.py`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

from warehouse.speech import Language

Door = Literal["landed", "staged", "golden", "outbox"]
Severity = Literal["critical", "warning"]

DOORS: tuple[Door, ...] = get_args(Door)
_KEYS = {"type", "kwargs", "severity", "owner", "reason", "next_move"}


class SuiteError(ValueError):
    """A suite file that cannot be used: which file, which expectation, what is wrong."""

    def __init__(self, door: str, place: int, problem: str) -> None:
        super().__init__(f"expectations/{door}.toml 第 {place} 条：{problem}。请改正该文件")


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation of a door, with whom it concerns and what to do when it is not met."""

    door: Door
    place: int  # the how-manieth of its file, from 1
    type: str  # name of a class in great_expectations.expectations
    kwargs: Mapping[str, Any]
    severity: Severity
    owner: str
    reason: Mapping[Language, str]
    next_move: Mapping[Language, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the frame it looks at."""
        named = (self.kwargs.get(key) for key in ("column", "column_A", "column_B"))
        return tuple(str(column) for column in named if column is not None)


@cache
def suite(door: Door) -> tuple[Expectation, ...]:
    """The expectations of a door, in the order of its file.

    >>> [expectation.columns for expectation in suite("landed")]
    [('critical',), ('warnings',)]
    """
    text = resources.files("expectations").joinpath(f"{door}.toml").read_text(encoding="utf-8")
    return read_suite(door, text)


def read_suite(door: Door, text: str) -> tuple[Expectation, ...]:
    """Read the text of a suite file; a key that we do not know, or one that is missing, is an error."""
    stated = tomllib.loads(text)
    if stated.keys() != {"expect"}:
        raise SuiteError(door, 0, "只应有 [[expect]]")
    return tuple(_expectation(door, place, spec) for place, spec in enumerate(stated["expect"], start=1))


def _expectation(door: Door, place: int, spec: dict[str, Any]) -> Expectation:
    if spec.keys() != _KEYS:
        wrong = "、".join(sorted(spec.keys() ^ _KEYS))
        raise SuiteError(door, place, f"键不对，多出或缺少 {wrong}")
    if spec["severity"] not in get_args(Severity):
        raise SuiteError(door, place, f"severity 应为 critical 或 warning，现为 {spec['severity']}")
    for key in ("reason", "next_move"):
        if not isinstance(spec[key], dict) or spec[key].keys() != set(get_args(Language)):
            raise SuiteError(door, place, f"{key} 应有 zh 与 en 两种文字")
    return Expectation(door=door, place=place, **spec)
