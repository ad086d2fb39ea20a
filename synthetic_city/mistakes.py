"""The mistakes platforms make, one small function each, and how often they happen.

Belongs here: spoiling one value. Each function takes the true value and the case (who, where, chance) and returns what
stands in the platform instead. Rates and stories: `mistakes.toml`.
Lives elsewhere: what the platform believed before any mistake (`beliefs.py`), local ways of writing that are no
mistakes (`habits.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from connectors.write.cell import Cell
from dedup.normalise.pinyin import syllable
from synthetic_city import names
from synthetic_city.cases import AMONG, Case, family_phone, parent_of, rare_characters
from synthetic_city.catalogue import alike, catalogue, rate_of, tables

UNITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One line of the catalogue with its rate at one platform."""

    name: str
    rate: float
    make: Callable[[str, Case], Cell]
    happens_to: Callable[[str, Case], bool] | None


def menu(
    field: str, *, typing: bool, careless: float, noise: float, own: dict[str, float]
) -> tuple[Mistake, ...]:
    """The mistakes of a field at a platform that is so careless; `own` rates replace the catalogue's."""
    lines = catalogue().get(field, {})
    return tuple(
        Mistake(
            name,
            rate_of(field, name, careless, noise, own),
            FUNCTIONS[f"{field}.{name}"],
            AMONG[line["among"]] if "among" in line else None,
        )
        for name, line in lines.items()
        if line.get("typing", False) is typing
    )


def spoil(value: str, case: Case, mistakes: tuple[Mistake, ...]) -> Cell:
    """The value after at most one of these mistakes."""
    throw = case.dice.share()
    for mistake in mistakes:
        if mistake.happens_to is not None and not mistake.happens_to(value, case):
            continue
        if throw < mistake.rate:
            return mistake.make(value, case)
        throw -= mistake.rate
    return value


def _homophone(value: str, case: Case) -> str:
    return names.homophone_name(case.dice, value)


def _look_alike(value: str, case: Case) -> str:
    others = alike("look_alike")
    places = [place for place in range(1, len(value)) if value[place] in others]
    if not places:
        return value
    place = case.dice.pick(places)
    return value[:place] + case.dice.pick(others[value[place]]) + value[place + 1 :]


def _surname_variant(value: str, case: Case) -> str:
    return case.dice.pick(alike("surname_variants")[value[0]]) + value[1:]


def _former(_value: str, case: Case) -> str:
    return case.person.former_name or ""


def _rare_lost(value: str, case: Case) -> str:
    rare = next(one for one in value if one in rare_characters())
    throw = case.dice.share()
    if throw < 0.2 and rare in tables()["private_use"]:
        return value.replace(rare, tables()["private_use"][rare])
    if throw < 0.35:
        return value.replace(rare, syllable(rare))
    return value.replace(rare, case.dice.pick(tables()["lost"]))


def _newborn(_value: str, case: Case) -> str:
    parent = parent_of(case)
    ends = tables()["newborn"][case.person.sex]
    return (parent.name if parent else case.person.name[0]) + str(case.dice.pick(ends))


def _maiden(value: str, case: Case) -> str:
    return f"{names.surnames().pick(case.dice)}{value[0]}氏"


def _masked_name(value: str, _case: Case) -> str:
    surname = names.surname_of(value)
    return surname + "*" * (len(value) - len(surname))


def _padded(value: str, case: Case) -> str:
    return value[0] + case.dice.pick((" ", "　", "  ")) + value[1]


def _note(value: str, case: Case) -> str:
    return value + str(case.dice.pick(tables()["notes"]))


def _traditional(value: str, _case: Case) -> str:
    table = tables()["traditional"]
    return "".join(table.get(one, one) for one in value)


def _dot(value: str, case: Case) -> str:
    return value.replace("·", case.dice.pick(tables()["dots"]))


def _left_out(_value: str, _case: Case) -> None:
    return None


def _placeholder(_value: str, case: Case) -> str:
    return "0" * 18 if case.dice.chance(0.4) else f"000000{case.person.birth:%Y%m%d}0000"


def _parents(value: str, case: Case) -> str:
    parent = parent_of(case)
    return parent.id_number or value if parent else value


def _masked_number(value: str, _case: Case) -> str:
    return f"{value[:6]}{'*' * 8}{value[14:]}"


def _truncated(value: str, _case: Case) -> Cell:
    return int(value[:15] + "000") if value[:17].isdigit() and value[-1] != "X" else value


def _wrong_digit(value: str, case: Case) -> str:
    place = case.dice.whole(0, len(value) - 1)
    if not value[place].isdigit():
        place = len(value) - 2
    other = UNITS[(int(value[place]) + case.dice.whole(1, 9)) % 10]
    return value[:place] + other + value[place + 1 :]


def _swapped(value: str, case: Case) -> str:
    places = [place for place in range(6, 16) if value[place] != value[place + 1]]
    if not places:
        return value
    place = case.dice.pick(places)
    return value[:place] + value[place + 1] + value[place] + value[place + 2 :]


def _fifteen(value: str, _case: Case) -> str:
    return value[:6] + value[8:17]


def _small_x(value: str, _case: Case) -> str:
    return value[:-1] + "x"


def _quoted(value: str, case: Case) -> str:
    return case.dice.pick(("'", "‘")) + value


def _full_width(value: str, _case: Case) -> str:
    return "".join(chr(ord(one) + 0xFEE0) for one in value)


def _day_and_month(value: str, _case: Case) -> str:
    year, month, day = value.split("-")
    return f"{year}-{day}-{month}"


def _year_slip(value: str, case: Case) -> str:
    year = value[:4]
    if year[2] != year[3] and year[:2] == "19" and case.dice.chance(0.5):
        slipped = f"19{year[3]}{year[2]}"
    else:
        slipped = str(int(year) + case.dice.pick((-1, 1, -10)))
    return slipped + (value[4:] if value[5:] != "02-29" else "-02-28")


def _day_slip(value: str, case: Case) -> str:
    return (date.fromisoformat(value) - timedelta(days=case.dice.pick((1, 2, 10)))).isoformat()


def _lunar(value: str, case: Case) -> str:
    return (date.fromisoformat(value) - timedelta(days=case.dice.whole(20, 50))).isoformat()


def _personnel_file(value: str, case: Case) -> str:
    year = int(value[:4]) + case.dice.pick((-2, -1, 1, 2))
    return f"{year}-{case.dice.whole(1, 12):02d}-{case.dice.whole(1, 28):02d}"


def _familys(value: str, case: Case) -> str:
    shared = family_phone(case.town, case.person)
    return shared or value


def _grid_workers(value: str, case: Case) -> str:
    home = case.person.home
    return f"1396700{1000 + (home or 0) // 400:04d}" if value else value


def _wrong_phone(value: str, case: Case) -> str:
    return value[:3] + _wrong_digit(value[3:], case) if value else value


def _landline(value: str, case: Case) -> str:
    return f"8{7_000_000 + (case.person.home or case.person.number) * 37 % 2_999_999}" if value else value


def _several(value: str, case: Case) -> str:
    other = case.person.before.get("phone") or family_phone(case.town, case.person)
    return (
        f"{value}{case.dice.pick((';', '、', '/', ' ', '，'))}{other}" if other and other != value else value
    )


def _number_cell(value: str, _case: Case) -> Cell:
    return float(value) if value.isdigit() else value


def _prefixed(value: str, _case: Case) -> str:
    return f"+86-{value[:3]} {value[3:7]} {value[7:]}" if value[:1] == "1" else value


def _wrong_sex(value: str, _case: Case) -> str:
    return "2" if value == "1" else "1"


FUNCTIONS: dict[str, Callable[[str, Case], Cell]] = {
    "name.homophone": _homophone,
    "name.look_alike": _look_alike,
    "name.surname_variant": _surname_variant,
    "name.former": _former,
    "name.rare_lost": _rare_lost,
    "name.newborn": _newborn,
    "name.maiden": _maiden,
    "name.masked": _masked_name,
    "name.padded": _padded,
    "name.note": _note,
    "name.traditional": _traditional,
    "name.dot": _dot,
    "id_number.left_out": _left_out,
    "id_number.placeholder": _placeholder,
    "id_number.parents": _parents,
    "id_number.masked": _masked_number,
    "id_number.truncated": _truncated,
    "id_number.wrong_digit": _wrong_digit,
    "id_number.swapped": _swapped,
    "id_number.fifteen": _fifteen,
    "id_number.small_x": _small_x,
    "id_number.quoted": _quoted,
    "id_number.full_width": _full_width,
    "birth_date.day_and_month": _day_and_month,
    "birth_date.year_slip": _year_slip,
    "birth_date.day_slip": _day_slip,
    "birth_date.lunar": _lunar,
    "birth_date.personnel_file": _personnel_file,
    "phone.left_out": _left_out,
    "phone.familys": _familys,
    "phone.grid_workers": _grid_workers,
    "phone.wrong_digit": _wrong_phone,
    "phone.landline": _landline,
    "phone.several": _several,
    "phone.number_cell": _number_cell,
    "phone.prefixed": _prefixed,
    "sex.wrong": _wrong_sex,
}
