"""What a header says: which field it may name, whose it is, and whether the column may be kept at all.

Belongs here: the words of `aliases.toml`, comparing a header with them, taking a platform's own words out of them.
Lives elsewhere: what the values look like (`profile.py`), choosing one field for each column (`guess.py`).

Evidence is in log-odds: 0 says nothing, 4 is strong, below 0 speaks against.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from math import log, sqrt
from typing import Any

from pypinyin import Style, lazy_pinyin

from connectors.read.layout import plain
from warehouse.fields import fields as known_fields

SELF, HEAD, GUARDIAN, OTHER = "self", "head", "guardian", "other"
_EXACT, _INITIALS, _SIMILAR, _UNLIKE = 6.0, 4.0, 5.0, -1.0
_OTHERS = -6.0  # the header says that it is somebody else's, or something else
_FOREIGN = 12.0
_KEY = 3.0
_STANDS = 0.8  # how much a header that only stands for a field says, of what its own name would
_SAME_CORE = (
    0.9  # 死亡日期 and 死亡时间: how alike two headers are that differ only in the word for their form
)
_LATIN_WORD = 5  # letters of a word that tells something also inside a longer one
_NEAR = 0.6  # of two headers, from which on the same reason may hold for both
_LIKE = 0.5  # of two headers, from which on they say the same thing in part

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
# The forms of answer (`noise.forms`) that each kind of field may be asked in.
_FORMS_OF: Mapping[str, tuple[str, ...]] = {
    "name": (),
    "id_number": ("number",),
    "identifier": ("number",),
    "date": ("date",),
    "code": ("state",),
    "flag": ("flag", "state"),
    "phone": ("phone", "number"),
    "address": ("place",),
    "text": ("number",),
}
_TWINS = {"death_flag": "death_date", "moved_out_flag": "moved_out_date"}
_TWINS |= {date: flag for flag, date in _TWINS.items()}
_ADDRESSES = ("address", "registered_address")
_ASCII = re.compile(r"[a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MARKS = re.compile(r"[*:;,.·、()\[\]【】<>《》_\-'\"?!]+")
_BRACKETS = re.compile(r"[(\[【][^)\]】]*[)\]】]")
_ASKED = re.compile("是否已?|有无")
_SOMEBODY = re.compile("[^本]人$|员$")
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
            gram for words in self.fields.values() for gram in {g for word in words for g in _grams(word)}
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
                    for spelled in _spelled(word):
                        found.setdefault(spelled, set()).add(field)
        return {spelled: frozenset(fields) for spelled, fields in found.items()}

    @cached_property
    def owners(self) -> tuple[tuple[str, str], ...]:
        """Words that say whose a value is, longest first."""
        pairs = [(word, role) for role, words in self.roles.items() for word in words]
        return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))

    @cached_property
    def spelled_owners(self) -> Mapping[str, frozenset[str]]:
        """Words that say whose -> the initials of all headers that they begin: mqxm for 母亲, with 姓名 behind it."""
        attributes = frozenset(word for words in self.attributes.values() for word in words)
        rests = {_spelled(word)[0] if not word.isascii() else word for word in attributes}
        return {
            word: frozenset(_spelled(word)[0] + rest for rest in rests if len(rest) > 1)
            for word, _ in self.owners
            if len(word) > 1
        }

    @cached_property
    def attributes(self) -> Mapping[str, frozenset[str]]:
        """Names of a fact without the word that says whose: 户主姓名 and 监护人姓名 know the word 姓名."""
        found: dict[str, set[str]] = {}
        for field, (whom, attribute) in OF_WHOM.items():
            rests = {_without_owner(word, self, whom) for word in self.fields[field]}
            found.setdefault(attribute, set()).update(rests - {""})
        return {attribute: frozenset(words) for attribute, words in found.items()}


@cache
def _facts() -> dict[str, Any]:
    text = resources.files("connectors.draft").joinpath("aliases.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def knowledge() -> Knowledge:
    """All of `aliases.toml`."""
    stated = _facts()

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
    noise = _facts()["noise"]
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


@dataclass(frozen=True, slots=True)
class Said:
    """What one header says: for and against each field, against any, of whom, and the reason to leave it out."""

    fields: Mapping[str, float]
    owners: frozenset[str]  # of SELF, HEAD, GUARDIAN, OTHER; none when nothing is said
    key: float
    ignored: str = ""  # kind of `ignored`
    forbidden: str = ""  # kind of `forbidden`


def said(header: str, known: Knowledge) -> Said:
    """Everything that a header says by itself."""
    texts = list(_readings(header, known))
    owner = owner_of(texts[-1], known)
    owners = frozenset(role for word, role in known.owners if word == owner)
    if owner and not owners:
        owners = frozenset((OTHER, HEAD))  # some word for whoever speaks for the household, or for a clerk
    fields = {field: _evidence(texts, field, owners, known) for field in known.fields}
    strongest = max(fields.values())
    like, ignored = _foreign(texts, known)
    ours = _LIKE + (1 - _LIKE) * max(0.0, strongest) / _SIMILAR
    against = _FOREIGN * max(0.0, like - ours)
    key = _KEY if any(text in known.keys for text in texts) else _key_ends(texts[0])
    forbidden = _forbidden(texts, known) if strongest < _SIMILAR and key < _KEY else ""
    if forbidden:
        against -= _OTHERS
    fields = {field: value - against for field, value in fields.items()}
    return Said(fields, owners, key, ignored, forbidden)


def _readings(header: str, known: Knowledge) -> Iterator[str]:
    """The last level, then with the levels above it that say something; the longest reading comes last."""
    parts = [bare(part) for part in levels(header)]
    yield parts[-1]
    above = [part for part in parts[:-1] if part not in known.groups]
    if header.isascii():
        above = []
    if above:
        yield "".join([*above, parts[-1]])


def owner_of(text: str, known: Knowledge) -> str:
    """The longest word of those that say whose a value is which the header starts with; "" when there is none.

    A header that ends in …人 or …员 is somebody, known or not: 检查人.
    """
    if text.isascii():
        return next((word for word, rests in known.spelled_owners.items() if text in rests), "")
    found = next((word for word, _ in known.owners if text.startswith(word)), "")
    return found or (text if _SOMEBODY.search(text) else "")


def _without_owners(text: str, known: Knowledge) -> str:
    return text.removeprefix(owner_of(text, known))


def _without_owner(text: str, known: Knowledge, role: str) -> str:
    for word, whose in known.owners:
        if whose == role and text.startswith(word):
            return text.removeprefix(word)
    return text


def _evidence(texts: list[str], field: str, owners: frozenset[str], known: Knowledge) -> float:
    """For one field: the best of what the readings say, less what speaks against it."""
    whom, attribute = OF_WHOM.get(field, (SELF, field))
    found = max(_match(text, field, known) for text in texts)
    if field in OF_WHOM:
        found = max(found, _of_whom(texts[-1], whom, attribute, owners, known))
        if owners and whom not in owners:
            found += _OTHERS
        elif whom not in owners and whom != SELF and not texts[-1].isascii():
            found = min(found, _OTHERS / 2)
    elif owners and field != "employer" and SELF not in owners and owners != {HEAD} and found < _SIMILAR:
        found += _OTHERS
    elif owners and not _without_owners(texts[-1], known):
        found += _OTHERS / 2
    if field in _ADDRESSES:
        found += _of_place(texts[-1], field, known)
    return found + _of_form(texts[0], field, known)


def _of_whom(text: str, whom: str, attribute: str, owners: frozenset[str], known: Knowledge) -> float:
    """A word that says whose, and a fact: 学生姓名 is a name, 监护人 alone is the guardian's name."""
    if whom not in owners and (owners or whom != SELF):
        return _UNLIKE
    rest = _without_owner(text, known, whom)
    if not rest:
        return (_SIMILAR if whom != SELF else 2.0) if attribute == "name" else _UNLIKE
    if rest in known.attributes[attribute]:
        return _SIMILAR
    return _match(rest, attribute, known) - 0.5


def _of_form(text: str, field: str, known: Knowledge) -> float:
    """A header that asks for another form of answer than the field has: …日期 is a date, 是否… yes or no."""
    kind = known_fields()[field].kind
    form = "flag" if known.flags.search(text) else _core(text)[1]
    fits = not form or form in _FORMS_OF[kind]
    return 0.0 if fits else _OTHERS / 2


def _of_place(text: str, field: str, known: Knowledge) -> float:
    """An address of somewhere else; or of the right kind, whatever words follow."""
    words = {place: any(word in text for word in some) for place, some in known.places.items()}
    other = "registered_address" if field == "address" else "address"
    if words["other"] and not words[field]:
        return _OTHERS
    if words["registered_address"] != (field == "registered_address") and words["registered_address"]:
        return _OTHERS
    return -2.0 if words[other] and not words[field] else 0.5 if words[field] else 0.0


def _match(text: str, field: str, known: Knowledge) -> float:
    if not text:
        return _UNLIKE
    words = known.fields[field]
    if text in words:
        return _EXACT
    if text in known.stands_for.get(field, ()):
        return _STANDS * _SIMILAR
    if text.isascii():
        return _latin(text, field, known)
    stands = _STANDS * _likest(text, known.stands_for.get(field, ()), known)
    like = max(_likest(text, words, known), stands, _like_twin(text, field, known))
    return _UNLIKE if like < _LIKE else _SIMILAR * (like - _LIKE) / (1 - _LIKE)


def _like_twin(text: str, field: str, known: Knowledge) -> float:
    """是否去世 and 去世日期 are about the same thing."""
    core, form = _core(text)
    twin = _TWINS.get(field)
    if twin is None or form != known_fields()[field].kind:
        return 0.0
    return _STANDS if any(_core(word)[0] == core for word in known.fields[twin]) else 0.0


def _latin(text: str, field: str, known: Knowledge) -> float:
    """Latin letters: initials or pinyin of a Chinese alias, or an English one inside it."""
    spelled = known.initials.get(text, frozenset())
    if field in spelled:
        return _INITIALS - log(len(spelled))
    inside = [word for word in known.fields[field] if word.isascii() and len(word) >= 3 and word in text]
    if inside:
        return 3.0 * max(map(len, inside)) / len(text)
    return _UNLIKE


def _likest(text: str, words: Iterable[str], known: Knowledge) -> float:
    return max((_alike(text, word, known) for word in words), default=0.0)


def _alike(one: str, other: str, known: Knowledge) -> float:
    """Likeness of two headers, 0 to 1: the cosine of their letters and pairs of letters, each by how much it tells."""
    if one == other:
        return 1.0
    if one.isascii() or other.isascii():
        return 0.0
    if _core(one) == _core(other):
        return _SAME_CORE
    left, right = _grams(one), _grams(other)
    shared = sum(_weight(gram, known) ** 2 for gram in left & right)
    if not shared:
        return 0.0
    return shared / sqrt(_length(left, known) * _length(right, known))


def _length(grams: frozenset[str], known: Knowledge) -> float:
    return sum(_weight(gram, known) ** 2 for gram in grams)


def _weight(gram: str, known: Knowledge) -> float:
    """A letter never met tells a lot, but never so much as a whole word that is known."""
    return known.weights.get(gram, 2.0) * (1.0 if len(gram) == 1 else 0.8)


@cache
def _core(text: str) -> tuple[str, str]:
    """A header without the word for its form, and which form that is.

    >>> _core("死亡日期") == _core("死亡时间"), _core("户口性质") == _core("户口编号")
    (True, False)
    """
    forms = _facts()["noise"]["forms"]
    asked = _ASKED.match(text)
    if asked is not None and len(text) > len(asked[0]) + 1:
        return text.removeprefix(asked[0]), "flag"
    ends = [(end, form) for form, some in forms.items() for end in some if text.endswith(end)]
    end, form = max(ends, key=lambda one: len(one[0]), default=("", ""))
    return (text.removesuffix(end), form) if len(text) > len(end) else (text, "")


@cache
def _grams(text: str) -> frozenset[str]:
    return frozenset(text) | {text[at : at + 2] for at in range(len(text) - 1)}


@cache
def _spelled(word: str) -> tuple[str, str]:
    """
    >>> _spelled("姓名")
    ('xm', 'xingming')
    """
    return "".join(lazy_pinyin(word, style=Style.FIRST_LETTER)), "".join(lazy_pinyin(word))


def _foreign(texts: list[str], known: Knowledge) -> tuple[float, str]:
    """How much a header is like one that names none of our fields, and the kind of that one."""
    found = [(_likest(text, words, known), kind) for text in texts for kind, words in known.ignored.items()]
    like, kind = max(found, default=(0.0, ""))
    return like, kind if like >= _NEAR else ""


def _key_ends(text: str) -> float:
    return 1.5 if text.endswith(("编号", "编码", "号", "id", "bh", "bm", "no", "账号", "主键")) else 0.0


def _forbidden(texts: Iterable[str], known: Knowledge) -> str:
    """The kind of restricted fact a header speaks of: the longest of its words decides."""
    hits = [
        (len(word), kind)
        for text in texts
        for kind, words in known.forbidden.items()
        for word in words
        if word in text and (text == word or not word.isascii() or len(word) >= _LATIN_WORD)
    ]
    return max(hits, key=lambda hit: hit[0], default=(0, ""))[1]
