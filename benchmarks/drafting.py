"""How many columns a draft maps right: of every platform, without its own headers, and of the samples shaped by hand.

Belongs here: measuring, and writing `results/drafting.json` and `results/drafting.md`.
Lives elsewhere: drafting (`connectors/draft`), the samples shaped by hand (`tests/connectors/draft/cases`).

A platform is measured on its fixture export (about ten rows) and on what the synthetic city exports for it (hundreds of
rows). Before it is drafted, every alias that equals one of its own headers, whole or level by level, is taken out of
what the draft knows. A column that the platform leaves out is right when the draft leaves it out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform as machine
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from connectors.draft import examine
from connectors.platform import Platform, read_platforms
from synthetic_city.city import make_city

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "tests" / "connectors" / "platforms"
RESULTS = Path(__file__).parent / "results"
WHO = ("id_number", "name", "phone")
FEWEST, FEWEST_WHO = 0.90, 0.99  # of all columns, and of those that say who somebody is
SEED = 23


@dataclass(frozen=True)
class Measured:
    """One sample: columns mapped right, those of who somebody is, restricted columns found, and what went wrong."""

    name: str
    columns: int
    right: int
    who: int
    who_right: int
    restricted: int
    restricted_found: int
    key: bool
    wrong: dict[str, str] = field(default_factory=dict)  # header -> "should be, was"


@dataclass(frozen=True, slots=True)
class Truth:
    """What a sample's columns really are."""

    fields: Mapping[str, str | None]  # header -> our field
    restricted: frozenset[str]
    key: str | None


def truth_of(platform: Platform) -> Truth:
    """The truth about a platform's export: its own page of facts."""
    by_column = {column.column: name for name, column in platform.fields.items()}
    return Truth(
        {header: by_column.get(header) for header in platform.export.columns},
        frozenset(platform.forbidden),
        platform.export.key,
    )


def measure(name: str, path: Path, truth: Truth, unknown: tuple[str, ...] = ()) -> Measured:
    """Draft one sample and compare. `unknown`: headers to be forgotten first."""
    answer = examine(path, None, "measured", "zh", unknown)
    if "problem" in answer:
        return Measured(name, len(truth.fields), 0, 0, 0, 0, 0, False, {"": answer["problem"]})
    columns: dict[str, dict[str, Any]] = answer["columns"]
    found = {header: columns.get(header, {"field": "", "use": ""}) for header in truth.fields}
    right = {header for header, field in truth.fields.items() if found[header]["field"] == field}
    who = {header for header, field in truth.fields.items() if {field, found[header]["field"]} & set(WHO)}
    keys = [header for header, one in columns.items() if one["use"] == "key"]
    return Measured(
        name=name,
        columns=len(truth.fields),
        right=len(right),
        who=len(who),
        who_right=len(who & right),
        restricted=len(truth.restricted),
        restricted_found=sum(found[header]["use"] == "forbidden" for header in truth.restricted),
        key=keys == [truth.key]
        or (truth.key is None and not keys)
        or truth.fields.get(truth.key or "") is not None,
        wrong={
            header: f"{truth.fields[header] or '-'}, {found[header]['field'] or '-'}"
            for header in truth.fields
            if header not in right
        },
    )


def fixtures() -> Iterator[Measured]:
    """Every platform that has a fixture export."""
    platforms, _ = read_platforms()
    for slug, platform in platforms.items():
        for path in sorted((FIXTURES / slug).glob("export.*")):
            yield measure(slug, path, truth_of(platform), platform.export.columns)


def exports_of_a_city(residents: int) -> Iterator[Measured]:
    """Every platform of the catalogue, as a synthetic city exports it."""
    platforms, _ = read_platforms()
    with tempfile.TemporaryDirectory() as folder:
        made = make_city(Path(folder) / "city", residents=residents, seed=SEED)
        inbox = made.root / "inbox" / made.nights[0].isoformat()
        for slug, platform in platforms.items():
            for path in sorted((inbox / slug).glob("*")):
                yield measure(slug, path, truth_of(platform), platform.export.columns)


def shaped_by_hand() -> Iterator[Measured]:
    """The samples of `tests/connectors/draft/cases`; the draft knows what it knows."""
    cases = cases_module()
    with tempfile.TemporaryDirectory() as folder:
        for name, case in cases.CASES.items():
            said: Mapping[str, str] = case["truth"]
            truth = Truth(
                {header: None if what in ("key", "-", "!") else what for header, what in said.items()},
                frozenset(header for header, what in said.items() if what == "!"),
                next((header for header, what in said.items() if what == "key"), None),
            )
            yield measure(name, cases.build(name, Path(folder)), truth)


def cases_module() -> Any:
    """The module that writes the samples shaped by hand."""
    place = ROOT / "tests" / "connectors" / "draft" / "cases" / "build.py"
    spec = importlib.util.spec_from_file_location("hand_shaped_cases", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shares(measured: list[Measured]) -> dict[str, float]:
    """Shares over all columns of these samples."""
    return {
        "samples": len(measured),
        "columns": sum(one.columns for one in measured),
        "right": _share(measured, "right", "columns"),
        "who_columns": sum(one.who for one in measured),
        "who_right": _share(measured, "who_right", "who"),
        "restricted": sum(one.restricted for one in measured),
        "restricted_found": _share(measured, "restricted_found", "restricted"),
        "key_right": round(sum(one.key for one in measured) / max(len(measured), 1), 4),
    }


def _share(measured: list[Measured], part: str, whole: str) -> float:
    return round(
        sum(getattr(one, part) for one in measured) / max(sum(getattr(one, whole) for one in measured), 1), 4
    )


def page(found: Mapping[str, Any]) -> str:
    """The figures as a page to read."""
    lines = [
        "# Drafting, measured",
        "",
        f"Written by `{found['command']}` from drafting.json; seed {SEED}, Python {found['python']}.",
        "Columns mapped right; *who*: ID number, name and phone; *restricted*: proposed as forbidden, of those that are.",
        "Platforms are drafted without their own headers among what the draft knows; samples shaped by hand with all of it.",
    ]
    for title, part in found["sets"].items():
        total = part["shares"]
        lines += [
            "",
            f"## {title}",
            "",
            f"{total['samples']} samples, {total['columns']:,} columns: {total['right']:.1%} right; "
            f"who {total['who_right']:.1%} of {total['who_columns']}; restricted {total['restricted_found']:.1%} of "
            f"{total['restricted']}; the platform's own number {total['key_right']:.1%}.",
            "",
            "| sample | right | who | restricted | wrong: should be, was |",
            "|---|---|---|---|---|",
        ]
        lines += [_line(one) for one in part["measured"]]
    return "\n".join(lines) + "\n"


def _line(one: Mapping[str, Any]) -> str:
    wrong = "; ".join(f"{header}: {what}" for header, what in one["wrong"].items()).replace("\n", " ")
    shown = [
        one["name"],
        f"{one['right']}/{one['columns']}",
        f"{one['who_right']}/{one['who']}",
        f"{one['restricted_found']}/{one['restricted']}",
        wrong.replace("|", "\\|"),
    ]
    return "| " + " | ".join(shown) + " |"


def main() -> int:
    """Measure all sets; 1 when one is below the bar."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--residents", type=int, default=1000)
    given = asked.parse_args()
    sets = {
        "Fixture exports": list(fixtures()),
        f"Exports of a city of {given.residents:,}": list(exports_of_a_city(given.residents)),
        "Shaped by hand": list(shaped_by_hand()),
    }
    found = {
        "command": "make bench-draft",
        "python": machine.python_version(),
        "sets": {
            title: {"shares": shares(measured), "measured": [asdict(one) for one in measured]}
            for title, measured in sets.items()
            if measured
        },
    }
    (RESULTS / "drafting.json").write_text(
        json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    (RESULTS / "drafting.md").write_text(page(found), encoding="utf-8")
    for title, part in found["sets"].items():
        print(title, json.dumps(part["shares"]))
    low = [
        title
        for title, part in found["sets"].items()
        if part["shares"]["right"] < FEWEST or part["shares"]["who_right"] < FEWEST_WHO
    ]
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
