"""What a draft found out beyond which column is which: codes, dates, the kind of household, what one cell may hold.

Belongs here: one `Findings` for the page to write down.
Lives elsewhere: choosing fields (`guess.py`), lists of codes (`codes.py`), writing it down (`page.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from connectors.draft.aliases import Knowledge, bare
from connectors.draft.codes import CodeMap, code_map
from connectors.draft.guess import Choice
from connectors.draft.profile import SERIAL, Profile
from connectors.stage.people import split_names
from dedup.normalise.addresses import dwelling_key
from dedup.normalise.id_numbers import birth_date_of, sex_of
from dedup.normalise.read import read
from warehouse.fields import fields as known_fields

Household = Literal["registered", "living", "none"]
_CHILD = 15  # years at which nobody is married
_ONE_DOOR = 0.8  # of the rows of one number share a dwelling: it numbers who lives there
_MANY_FORMS = 0.02  # of the dates, written in another way than most, are worth a question


@dataclass(frozen=True)
class Findings:
    """All that the page states of the columns in use."""

    codes: dict[str, CodeMap] = field(default_factory=dict)
    inverted: frozenset[str] = frozenset()
    formats: dict[str, str] = field(default_factory=dict)  # date field -> strftime pattern
    mixed: dict[str, Counter[str]] = field(default_factory=dict)  # date field -> its several ways to write
    separators: dict[str, str] = field(default_factory=dict)
    several_people: bool = False
    household: Household = "none"
    why: str = ""  # "header", or "address": how many rows of one number share a dwelling


def find_out(choices: Sequence[Choice], profiles: Mapping[str, Profile], known: Knowledge) -> Findings:
    """Look closer at every column that is a field."""
    used = {choice.field: choice.header for choice in choices if choice.field}
    by_field = {name: profiles[header] for name, header in used.items()}
    inverted = frozenset(
        name
        for name, some in known.inverted.items()
        if name in used and any(word in bare(used[name]) for word in some)
    )
    household, why = _household(used, by_field, known)
    dates = {name: by_field[name].date_forms for name in used if known_fields()[name].kind == "date"}
    formats = {name: form for name, forms in dates.items() if (form := _commonest(forms))}
    names = by_field.get("name")
    return Findings(
        codes={
            name: _codes(name, by_field, inverted=name in inverted)
            for name in used
            if known_fields()[name].kind in ("code", "flag") and by_field[name].count
        },
        inverted=inverted,
        formats=formats,
        mixed={name: forms for name, forms in dates.items() if name in formats and _is_mixed(forms)},
        separators={
            name: by_field[name].separators.most_common(1)[0][0]
            for name in ("phone", "guardian_phone")
            if name in by_field and by_field[name].separators
        },
        several_people=names is not None and _states_several(names),
        household=household,
        why=why,
    )


def _commonest(forms: Counter[str]) -> str:
    return next((form for form, _ in forms.most_common() if form != SERIAL), "")


def _is_mixed(forms: Counter[str]) -> bool:
    most = max(forms.values())
    return forms.total() - most > _MANY_FORMS * forms.total()


def _states_several(names: Profile) -> bool:
    return any(len(split_names(text) or ()) > 1 for text, _ in names.stated)


def _codes(name: str, by_field: Mapping[str, Profile], *, inverted: bool) -> CodeMap:
    profile = by_field[name]
    stated: Counter[str] = Counter()
    for (text, _), times in profile.stated.items():
        stated[text] += times
    return code_map(known_fields()[name].table, stated, inverted=inverted, agreeing=_agreeing(name, by_field))


def _agreeing(name: str, by_field: Mapping[str, Profile]) -> list[tuple[str, str]]:
    """What the code of a row must be by its ID number: its sex, and that children are not married."""
    numbers = by_field.get("id_number")
    if numbers is None or name not in ("sex", "marital"):
        return []
    found: list[tuple[str, str]] = []
    newest = max((day for profile in by_field.values() for day in profile.dates), default="")[:4]
    for text, number, numeric in zip(by_field[name].texts, numbers.texts, numbers.numeric, strict=True):
        key = read("id_number", number, numeric_cell=numeric).key or ""
        born = birth_date_of(key)
        if name == "sex" and text and sex_of(key):
            found.append((text, sex_of(key) or ""))
        elif name == "marital" and text and born and newest and int(newest) - int(born[:4]) < _CHILD:
            found.append((text, "10"))
    return found


def _household(
    used: Mapping[str, str], by_field: Mapping[str, Profile], known: Knowledge
) -> tuple[Household, str]:
    """Which household a number stands for: as its header says, else by whether its rows live behind one door."""
    if "household_number" not in used:
        return "none", ""
    text = bare(used["household_number"])
    book = any(word in text for word in known.households["registered"])
    door = any(word in text for word in known.households["living"])
    if book != door:
        return ("registered" if book else "living"), "header"
    together = _shared(by_field["household_number"], by_field["address"]) if "address" in by_field else 1.0
    return ("living" if together >= _ONE_DOOR else "registered"), "address"


def _shared(numbers: Profile, addresses: Profile) -> float:
    """Share of the rows of one number that state the commonest address among them, of those that name a dwelling."""
    keys = {
        text: found.key for text, _ in addresses.stated if (found := read("address", text)).quality == "ok"
    }
    groups: dict[str, list[str]] = {}
    for number, text in zip(numbers.texts, addresses.texts, strict=True):
        key = keys.get(text)
        if number and key:
            groups.setdefault(number, []).append(dwelling_key(key) or key)
    several = [doors for doors in groups.values() if len(doors) > 1]
    same = sum(max(map(doors.count, doors)) - 1 for doors in several)
    return same / max(1, sum(len(doors) - 1 for doors in several))
