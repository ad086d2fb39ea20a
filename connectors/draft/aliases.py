"""The words of `aliases.toml`: what is known of headers, and taking a platform's own words out of it.

Belongs here: the knowledge and its indices, a header as it is compared.
Lives elsewhere: what a header says by them (`headers.py`), how alike two headers are (`likeness.py`).
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from math import log
from typing import Any

from pypinyin import Style, lazy_pinyin, load_phrases_dict
from pypinyin.phrases_dict import phrases_dict

from connectors.read.layout import plain

SELF, HEAD, GUARDIAN, OTHER = "self", "head", "guardian", "other"

# The fields that are the same fact of different people; all other fields are of the person of the row.
OF_WHOM: Mapping[str, tuple[str, str]] = {
    "name": (SELF, "name"),
    "id_number": (SELF, "id_number"),
    "phone": (SELF, "phone"),
    "head_name": (HEAD, "name"),
    "head_id_number": (HEAD, "id_number"),
    "guardian": (GUARDIAN, "name"),
    "guardian_phone": (GUARDIAN, "phone"),
}
_MARKS = re.compile(r"[*:;,.·、()\[\]【】<>《》_\-'\"?!]+")
_BRACKETS = re.compile(r"[(\[【][^)\]】]*[)\]】]")
_ORDINAL = re.compile(r"^[0-9]{1,2}[.、)]")


@dataclass(frozen=True)
class Knowledge:
    """All that is known of headers; aliases are `bare`. A cached index belongs to each."""

    roles: Mapping[str, tuple[str, ...]]
    places: Mapping[str, tuple[str, ...]]
    groups: frozenset[str]
    fields: Mapping[str, tuple[str, ...]]
    stands_for: Mapping[str, tuple[str, ...]]  # field -> headers that serve when nothing better is there
    keys: tuple[str, ...]
    ignored: Mapping[str, tuple[str, ...]]  # kind -> headers
    forbidden: Mapping[str, tuple[str, ...]]  # kind -> words
    reasons: Mapping[str, str]  # kind -> why
    flags: re.Pattern[str]  # headers answered by yes or no
    inverted: Mapping[str, tuple[str, ...]]  # field -> words of a header that asks the opposite
    households: Mapping[str, tuple[str, ...]]  # registered or living -> words

    def without(self, headers: Iterable[str]) -> Knowledge:
        """The same, knowing none of these headers, neither whole nor level by level."""
        own = {bare(part) for header in headers for part in (header, *levels(header))}

        def left(words: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
            return {name: tuple(word for word in some if word not in own) for name, some in words.items()}

        return replace(
            self,
            fields=left(self.fields),
            stands_for=left(self.stands_for),
            keys=tuple(word for word in self.keys if word not in own),
            ignored=left(self.ignored),
            forbidden=left(self.forbidden),
        )

    def about(self, owner: str) -> Knowledge:
        """The same, where a word such as 户主 or 女方 means the person of the row."""
        roles = {role: tuple(word for word in words if word != owner) for role, words in self.roles.items()}
        return replace(self, roles={**roles, SELF: (*roles[SELF], owner)})

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """How much a letter, or two in a row, tells: those that stand in few fields tell much."""
        seen = Counter(
            gram for words in self.fields.values() for gram in {g for word in words for g in grams(word)}
        )
        most = len(self.fields) + 1
        return {gram: log(most / times) + 0.15 for gram, times in seen.items()}

    @cached_property
    def initials(self) -> Mapping[str, frozenset[str]]:
        """Initials of the pinyin, and the whole pinyin, of every Chinese alias -> the fields it may stand for."""
        found: dict[str, set[str]] = {}
        for field, words in self.fields.items():
            for word in words:
                if not word.isascii():
                    for letters in spelled(word):
                        found.setdefault(letters, set()).add(field)
        return {letters: frozenset(fields) for letters, fields in found.items()}

    @cached_property
    def owners(self) -> tuple[tuple[str, str], ...]:
        """Words that say whose a value is, longest first."""
        pairs = [(word, role) for role, words in self.roles.items() for word in words]
        return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))

    @cached_property
    def spelled_owners(self) -> Mapping[str, frozenset[str]]:
        """Words that say whose -> the initials of all headers that they begin: mqxm for 母亲, with 姓名 behind it."""
        attributes = frozenset(word for words in self.attributes.values() for word in words)
        rests = {spelled(word)[0] if not word.isascii() else word for word in attributes}
        return {
            word: frozenset(spelled(word)[0] + rest for rest in rests if len(rest) > 1)
            for word, _ in self.owners
            if len(word) > 1
        }

    @cached_property
    def attributes(self) -> Mapping[str, frozenset[str]]:
        """Names of a fact without the word that says whose: 户主姓名 and 监护人姓名 know the word 姓名."""
        found: dict[str, set[str]] = {}
        for field, (whom, attribute) in OF_WHOM.items():
            rests = {without_owner(word, self, whom) for word in self.fields[field]}
            found.setdefault(attribute, set()).update(rests - {""})
        return {attribute: frozenset(words) for attribute, words in found.items()}


@cache
def words() -> dict[str, Any]:
    """All of `aliases.toml`, as it stands there."""
    text = resources.files("connectors.draft").joinpath("aliases.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def knowledge() -> Knowledge:
    """All of `aliases.toml`."""
    stated = words()

    def bared(words: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
        return {name: tuple(dict.fromkeys(map(bare, some))) for name, some in words.items()}

    return Knowledge(
        roles=bared(stated["roles"]),
        places=bared(stated["places"]),
        groups=frozenset(map(bare, stated["noise"]["groups"])),
        fields=bared(stated["fields"]),
        stands_for=bared(stated["stands_for"]),
        keys=tuple(map(bare, stated["key"]["headers"])),
        ignored=bared({kind: facts["headers"] for kind, facts in stated["ignored"].items()}),
        forbidden=bared({kind: facts["words"] for kind, facts in stated["forbidden"].items()}),
        reasons={
            kind: facts["reason"] for part in ("ignored", "forbidden") for kind, facts in stated[part].items()
        },
        flags=re.compile(stated["noise"]["flags"]),
        inverted=bared(stated["inverted"]),
        households=bared(stated["households"]),
    )


@cache
def _notes() -> tuple[re.Pattern[str], tuple[str, ...]]:
    noise = words()["noise"]
    return re.compile(noise["notes"]), tuple(noise["ends"])


@cache
def bare(header: str) -> str:
    """A header as it is compared: without notes on how to fill it, marks and case.

    >>> bare("*姓 名（必填）"), bare("户籍门(楼)详址"), bare("personName"), bare("HKLB_DM"), bare("3.联系电话：")
    ('姓名', '户籍门楼详址', 'personname', 'hklb', '联系电话')
    """
    notes, ends = _notes()
    text = _BRACKETS.sub(lambda found: "" if notes.search(found[0]) else found[0], plain(header))
    text = _ORDINAL.sub("", text).casefold()
    for end in ends:
        if text.endswith(end) and len(text) > len(end) + 1:
            text = text.removesuffix(end)
            break
    return _MARKS.sub("", text)


def levels(header: str) -> list[str]:
    """The levels of a joined header; a path in JSON has them too.

    >>> levels("监护人/姓名"), levels("members.xm"), levels("现住小区/建筑"), levels("NO.")
    (['监护人', '姓名'], ['members', 'xm'], ['现住小区', '建筑'], ['NO.'])
    """
    parts = header.split("/") if "/" in header else header.split(".") if header.isascii() else [header]
    return parts if len(parts) > 1 and all(parts) else [header]


def without_owner(text: str, known: Knowledge, role: str) -> str:
    """A header without the word of a role that it starts with."""
    for word, whose in known.owners:
        if whose == role and text.startswith(word):
            return text.removeprefix(word)
    return text


@cache
def grams(text: str) -> frozenset[str]:
    """The letters of a header, and its pairs of letters."""
    return frozenset(text) | {text[at : at + 2] for at in range(len(text) - 1)}


# A header is read by words (银行 is yin hang); `dedup`, which reads single characters, has pypinyin load none.
load_phrases_dict(phrases_dict)


@cache
def spelled(word: str) -> tuple[str, str]:
    """The initials of a word's pinyin, and all of it.

    >>> spelled("姓名")
    ('xm', 'xingming')
    >>> spelled("银行卡号")[0]
    'yhkh'
    """
    return "".join(lazy_pinyin(word, style=Style.FIRST_LETTER)), "".join(lazy_pinyin(word))
