"""What the command line says, in Chinese or English.

Belongs here: choosing the language, and filling in a sentence of `messages.toml`.
Lives elsewhere: the words of the quality page (`expectations/report.toml`).
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from importlib import resources
from typing import Literal

Language = Literal["zh", "en"]


def language(stated: str | None = None) -> Language:
    """The language asked for, else that of the locale; a machine with no locale speaks Chinese.

    >>> language("en")
    'en'
    """
    if stated is None:
        names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
        stated = next((name for name in names if name), "")
    return "en" if stated.lower().startswith("en") else "zh"


def say(name: str, speak: Language, **words: object) -> str:
    """One sentence of the catalogue.

    >>> say("status_done", "en")
    'done'
    """
    return _catalogue()[name][speak].format(**words)


@cache
def _catalogue() -> dict[str, dict[Language, str]]:
    text = resources.files("pipelines").joinpath("messages.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
