"""The commands of `enter-once`, a module for each group of them.

Belongs here: what a command is, what it answers, and adding one to the parser. Each module has `add`, which names its
commands and their arguments, and `wrong_use`, the errors of theirs that mean the command was used wrongly.
Lives elsewhere: running one (`pipelines/cli.py`); the work: each command imports what it needs when it runs, so that
`--help` is quick.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from pipelines.messages import Language, language, say

DONE, PARTIAL, WRONG_USE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found: its exit status, one object for programs, one text for people."""

    status: int
    found: Mapping[str, Any]
    text: str


Command = Callable[[argparse.Namespace, Language], Answer]


class Add(Protocol):
    """Adds a command, below all others or in a group, with the arguments that every command has."""

    def __call__(
        self, name: str, command: Command, doc: str, group: Any = None
    ) -> argparse.ArgumentParser: ...


class AddGroup(Protocol):
    """Adds a word under which several commands stand, such as `platform`."""

    def __call__(self, name: str, doc: str, words: str) -> Any: ...


def refused(problem: str, speak: Language) -> Answer:
    """The answer to wrong use."""
    return Answer(WRONG_USE, {"status": "error", "error": problem}, say("error", speak) + problem)


def count(stated: str) -> int:
    """An argument that is a whole number above 0."""
    if not stated.isdigit() or int(stated) < 1:
        raise argparse.ArgumentTypeError(f"{stated}: 应为正整数 / a whole number above 0")
    return int(stated)


def night(stated: str) -> date:
    """An argument that is a date."""
    try:
        return date.fromisoformat(stated)
    except ValueError as error:
        raise argparse.ArgumentTypeError(say("wrong_date", language(), stated=stated)) from error
