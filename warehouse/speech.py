"""Speaking Chinese or English: choosing the language, and catalogues of sentences in both.

Belongs here: the one way in which a sentence is found and filled in.
Lives elsewhere: the sentences, each package's in a TOML of its own (`pipelines/messages.toml`,
`stewardship/desk/words.toml`).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import cached_property
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


class Catalogue:
    """The sentences of a package, one table each with `zh` and `en`; {words} in them are filled in."""

    def __init__(self, package: str, file: str) -> None:
        self._package, self._file = package, file

    @cached_property
    def sentences(self) -> Mapping[str, Mapping[Language, str]]:
        """Every sentence by its name, in both languages."""
        text = resources.files(self._package).joinpath(self._file).read_text(encoding="utf-8")
        return tomllib.loads(text)

    def __call__(self, name: str, speak: Language, /, **words: object) -> str:
        """One sentence, filled in."""
        return self.sentences[name][speak].format(**words)
