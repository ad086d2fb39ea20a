"""Coded values: sex, ethnic group, relation and the like, as national codes; and yes/no flags.

Belongs here: a platform's code or label → the national code, and the national code → its label.
Lives elsewhere: a platform's own code map (`connectors/platforms/*.toml`), the tables (`codes/*.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from dedup.normalise.characters import plain, simplified
from dedup.normalise.facts import facts
from dedup.normalise.nulls import absent
from dedup.normalise.quality import EMPTY, Read

TABLES = ("sex", "ethnic", "marital", "education", "political", "employment", "relation", "hukou_type")
_UNKNOWN = Read(None, "unknown")
_MARKS = re.compile(r"[\s()（）\[\]【】·、,/\"'“”]")
_FLOAT = re.compile(r"(\d+)\.0+")


def code(stated: str, table: str, codes: Mapping[str, str] | None = None) -> Read:
    """Read a coded value as a code of the national table.

    The platform's own map comes first. A bare number that a numbered map does not list is `unknown`: it may mean
    something else there than in the national table. A code that says "not stated" is a blank.

    >>> code("汉", "ethnic"), code("1", "ethnic"), code("大学本科", "education")
    (Read(key='01', quality='ok'), Read(key='01', quality='ok'), Read(key='20', quality='ok'))
    >>> code("0", "sex", {"1": "1", "0": "2"}), code("7", "marital", {"1": "10", "2": "20"})
    (Read(key='2', quality='ok'), Read(key=None, quality='unknown'))
    >>> code("未说明", "sex"), code("无", "education"), code("民主党派", "political")
    (Read(key=None, quality='empty'), Read(key=None, quality='none'), Read(key=None, quality='unknown'))
    """
    text = plain(stated)
    found = _mapped(text, codes) if codes else None
    if found is None:
        nothing = absent(text)
        if nothing is not None:
            return nothing
        if codes and _bare(text) and any(map(_bare, codes)):
            return _UNKNOWN
        found = _meaning(table, text)
    if found is None:
        return _UNKNOWN
    return EMPTY if found in _unstated(table) else Read(found, "ok")


def flag(stated: str, codes: Mapping[str, str] | None = None) -> Read:
    """Read yes or no as "1" or "0".

    >>> flag("是"), flag("×"), flag("1", {"1": "0", "0": "1"}), flag("也许")
    (Read(key='1', quality='ok'), Read(key='0', quality='ok'), Read(key='0', quality='ok'), Read(key=None, quality='unknown'))
    """
    text = plain(stated)
    found = _mapped(text, codes) if codes else None
    if found is None:
        found = _meaning("flag", text)
    if found is not None:
        return Read(found, "ok")
    return absent(text) or _UNKNOWN


def label(table: str, code: str) -> str:
    """The standard's own Chinese label of a national code; the code itself when the table does not know it.

    >>> label("relation", "38"), label("ethnic", "01")
    ('儿媳', '汉族')
    """
    labels: dict[str, str] = facts(f"codes/{table}")["labels"]
    return labels.get(code, code)


def implied_sex(relation: str) -> str | None:
    """The sex that a relation code implies: a 女婿 (28) is a man.

    >>> implied_sex("28"), implied_sex("38"), implied_sex("10")
    ('1', '2', None)
    """
    by_sex = facts("codes/relation")["implied_sex"]
    return next((sex for sex in by_sex if relation in by_sex[sex]), None)


def generation(relation: str) -> int | None:
    """Generations above the head of the household: a parent is 1, a child -1; None when the relation does not say.

    >>> generation("51"), generation("20"), generation("99")
    (1, -1, None)
    """
    by_step = facts("codes/relation")["generation"]
    return next((int(step) for step in by_step if relation in by_step[step]), None)


def _mapped(text: str, codes: Mapping[str, str]) -> str | None:
    """The platform's own meaning; a spreadsheet may have dropped a leading zero or added `.0`."""
    found = codes.get(text)
    if found is not None:
        return found
    wanted = _folded(text)
    return (
        next((ours for theirs, ours in codes.items() if _folded(theirs) == wanted), None) if wanted else None
    )


def _meaning(table: str, text: str) -> str | None:
    meanings = _meanings(table)
    return meanings.get(text) or meanings.get(_folded(text))


@cache
def _meanings(table: str) -> dict[str, str]:
    """Everything that is understood, as it stands and folded: codes, labels, aliases. Labels win over aliases."""
    stated = facts(f"codes/{table}")
    labels: dict[str, str] = stated["labels"]
    meanings: dict[str, str] = {}
    for ours, words in stated["aliases"].items():
        for word in words:
            meanings.setdefault(word, ours)
            meanings.setdefault(_folded(word), ours)
    for ours, word in labels.items():
        meanings[ours] = meanings[word] = meanings[_folded(word)] = ours
        meanings.setdefault(_folded(ours), ours)
    return meanings


@cache
def _unstated(table: str) -> frozenset[str]:
    return frozenset(facts(f"codes/{table}").get("unstated", ()))


@lru_cache(maxsize=8192)
def _folded(text: str) -> str:
    """Without marks, case and a number's leading zeros."""
    text = (
        _MARKS.sub("", simplified(plain(text))).casefold()
        if not _FLOAT.fullmatch(text)
        else text[: text.index(".")]
    )
    return str(int(text)) if _bare(text) else text


def _bare(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 9
