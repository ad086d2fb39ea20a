"""What the desk asks of those who read platform files and exports, answered for one site; and the desk of a site with that.

Belongs here: putting what the commands find into the desk's shapes (`stewardship/intake.py`).
Lives elsewhere: the work: `gate.py`, `quarantine.py`, `catalogue.py`, `entries.py`; the desk (`stewardship/desk`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from starlette.applications import Starlette

from connectors.platform import read_platforms
from pipelines import entries, gate, quarantine
from pipelines.catalogue import listed
from pipelines.messages import Language
from stewardship.desk.app import desk
from stewardship.intake import FormField, Gated, Listed, Overriding, Quarantined
from warehouse.site import VARIABLE, Site, read_site


def desk_of_site() -> Starlette:
    """The desk of the site that the environment names: what each process of a server makes."""
    site = read_site(Path(os.environ[VARIABLE]))
    return desk(site, SiteIntake(site))


@dataclass(frozen=True)
class SiteIntake:
    """The platforms' side of a site; an `Intake`."""

    site: Site

    def gated(self, speak: Language) -> list[Gated]:
        """The exports that were not taken in."""
        return [
            Gated(
                one.platform,
                one.night,
                one.source,
                one.in_force,
                one.reasons or (one.message,),
                bool(one.checks),
                one.accepted,
            )
            for one in gate.waiting(self.site.root, speak)
        ]

    def accept(self, slug: str, night: date, *, by: str, because: str, speak: Language) -> None:
        """Take responsibility for an export."""
        gate.accept(self.site.root, slug, because=because, by=by, night=night, speak=speak)

    def quarantined(
        self, platform: str | None, most: int, *, full: bool, speak: Language
    ) -> list[Quarantined]:
        """The rows that stand in quarantine today."""
        known, _ = read_platforms()
        return [
            Quarantined(
                row["platform"],
                row["reference"],
                row["source"],
                row["sheet"],
                row["row"],
                row["column"],
                row["message"],
                row["stated"],
                quarantine.mendable(known[row["platform"]], row["reason"])
                if row["platform"] in known
                else (),
            )
            for row in quarantine.in_quarantine(self.site.root, platform, most, speak, full=full)
        ]

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
        """Say what a cell should read; until when that counts."""
        return quarantine.fix(
            self.site.root,
            slug,
            reference,
            column=column,
            value=value,
            because=because,
            by=by,
            until=until,
            speak=speak,
        ).until

    def drop(
        self, slug: str, reference: str, *, by: str, because: str, until: date | None, speak: Language
    ) -> date:
        """Say that a row is nothing; until when that counts."""
        return quarantine.drop(
            self.site.root, slug, reference, because=because, by=by, until=until, speak=speak
        ).until

    def overridings(self, speak: Language) -> list[Overriding]:
        """What people said of rows."""
        return [
            Overriding(
                row["line"],
                row["platform"],
                row["reference"],
                row["action"],
                row["column"],
                row["value"],
                row["by"],
                row["because"] or "",
                row["until"],
                row["state"],
            )
            for row in quarantine.listed(self.site.root, None, speak)
        ]

    def take_back(self, line: int, *, by: str, because: str, speak: Language) -> None:
        """Take such a word back."""
        quarantine.undo(self.site.root, line, because=because, by=by, speak=speak)

    def platforms(self) -> list[Listed]:
        """Every platform file."""
        return [
            Listed(
                one["slug"],
                one["title"],
                one["department"],
                one["tier"],
                one["transport"],
                one["format"],
                one["state"],
                one["connected"],
            )
            for one in listed(self.site.root)
        ]

    def form(self) -> Sequence[FormField]:
        """The office's own form."""
        return entries.form()

    def unreadable(self, row: Mapping[str, str]) -> Sequence[str]:
        """The fields of such a row that nobody could read, or stand for."""
        return entries.unreadable(row, self.site.area)
