"""What the desk asks of those who read the platforms' files: exports that wait at the gate, rows in quarantine, the catalogue
of platforms, the office's own form.

Belongs here: what is asked and in which shape it is answered.
Lives elsewhere: the answers (`pipelines/desk_intake.py`): they need platform files and landed exports, which are none of the
desk's. The commands `gate`, `quarantine` and `platform` call the same functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from warehouse.speech import Language


class CannotBeDone(ValueError):
    """What was asked for cannot be: why, and what to do instead, in words that hold no value of a record."""


@dataclass(frozen=True, slots=True)
class Gated:
    """The last export of a platform, which was not taken in. in_force: the night whose data stand instead.

    acceptable: whether a person may take responsibility for it as it is; else it has to be mended. accepted: somebody has.
    """

    platform: str
    night: date
    source: str
    in_force: date | None
    reasons: Sequence[str]
    acceptable: bool
    accepted: bool


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that was not taken in, and where it stands. stated: what is wrong, masked unless asked for in full.

    columns: those whose cell a person may say the value of; none: which cell belongs to which column nobody knows.
    """

    platform: str
    reference: str
    source: str
    sheet: str
    row: int
    column: str
    message: str
    stated: str
    columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class Overriding:
    """What a person said of a row, value masked. state: used, waiting, lapsed, expired, erased."""

    line: int
    platform: str
    reference: str
    action: str
    column: str
    value: str
    by: str
    because: str
    until: str
    state: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A platform as the catalogue lists it. state: live, shadow, read-only or broken."""

    slug: str
    title: str
    department: str
    tier: str
    transport: str
    format: str
    state: str
    connected: bool


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the office's own form. column: what it is called there; longest: characters; choices: what may be chosen, none:
    it is typed; hint: how."""

    name: str
    column: str
    required: bool
    longest: int
    choices: Sequence[str]
    hint: str


class Intake(Protocol):
    """What lies on the side of the platforms' files."""

    def gated(self, speak: Language) -> Sequence[Gated]:
        """The exports that were not taken in."""

    def accept(self, slug: str, night: date, *, by: str, because: str, speak: Language) -> None:
        """Take responsibility for the last export that a platform was refused, which came on this night.

        Raises:
            CannotBeDone: nothing was refused, or not by the gate. AlreadyRunning: a night is at work.
        """

    def quarantined(
        self, platform: str | None, most: int, *, full: bool, speak: Language
    ) -> Sequence[Quarantined]:
        """The rows that stand in quarantine today."""

    def fix(
        self,
        slug: str,
        reference: str,
        column: str,
        value: str,
        *,
        by: str,
        because: str,
        until: date | None,
        speak: Language,
    ) -> date:
        """Say what a cell of such a row should read; the last day on which that counts.

        Raises:
            CannotBeDone: no such row or column, a value that nobody can read, a past date.
        """

    def drop(
        self, slug: str, reference: str, *, by: str, because: str, until: date | None, speak: Language
    ) -> date:
        """Say that such a row is nothing; the last day on which that counts.

        Raises:
            CannotBeDone: no such row, a past date.
        """

    def overridings(self, speak: Language) -> Sequence[Overriding]:
        """What people said of rows, and was not taken back."""

    def take_back(self, line: int, *, by: str, because: str, speak: Language) -> None:
        """Take such a word back.

        Raises:
            CannotBeDone: the line is none that stands.
        """

    def platforms(self) -> Sequence[Listed]:
        """Every platform file, usable or not."""

    def form(self) -> Sequence[FormField]:
        """The office's own form."""

    def unreadable(self, row: Mapping[str, str]) -> Sequence[str]:
        """The fields of such a row that nobody could read, or stand for."""
