"""Values with their middle hidden, for screens and messages.

Belongs here: the masked form of a key, by kind.
Lives elsewhere: who may see the full value (`stewardship`), reading a value that arrived masked (the readers).
"""

from __future__ import annotations

from dedup.normalise.facts import facts
from dedup.normalise.names import surname_of

_MOBILE_DIGITS = 11
_RULES: dict[str, dict[str, int]] = facts("masks")


def masked(kind: str, key: str) -> str:
    """Hide what identifies, keep what helps to recognise. A kind without a rule shows one star.

    >>> masked("name", "欧阳小伟"), masked("name", "阿卜杜热合曼·买买提"), masked("id_number", "330106198001011234")
    ('欧阳**', '阿*****·***', '330106********1234')
    >>> masked("phone", "13812341234;0571-88881234"), masked("date", "1980-01-01"), masked("id_number", "E12345678")
    ('138****1234;0571-****1234', '1980-**-**', 'E1*****78')
    >>> masked("address", "上城区|望江街道|近江社区|近江路|12|近江家园||5|2||301")
    '上城区望江街道****'
    """
    if not key:
        return ""
    match kind:
        case "name":
            return _name(key)
        case "id_number" | "identifier" | "disability_number":
            return _number(key)
        case "phone":
            return ";".join(_phone(number) for number in key.split(";"))
        case "address":
            return "".join(key.split("|")[:2]) + "****"
        case "date":
            return key[:4] + "".join(char if char == "-" else "*" for char in key[4:])
        case "code" | "flag":
            return key
        case _:
            return "*"


def _name(key: str) -> str:
    """The surname stays; of a name with a dot, the first character and the dot."""
    shown = 1 if "·" in key or key.isascii() else len(surname_of(key))
    return key[:shown] + "".join(char if char in "· " else "*" for char in key[shown:])


def _number(key: str) -> str:
    if len(key) >= 20:
        return _between(key[:18], _RULES["disability_number"]) + "*" * (len(key) - 18)
    rule = {15: "id_number_of_15", 18: "id_number"}.get(len(key), "document")
    return _between(key, _RULES[rule])


def _phone(number: str) -> str:
    area, dash, local = number.rpartition("-")
    if len(number) == _MOBILE_DIGITS and not dash:
        return _between(number, _RULES["mobile"])
    return area + dash + "****" + local[-4:]


def _between(key: str, rule: dict[str, int]) -> str:
    hidden = len(key) - rule["front"] - rule["behind"]
    if hidden <= 0:
        return "*" * len(key)
    return key[: rule["front"]] + "*" * hidden + key[len(key) - rule["behind"] :]
