"""What a header says: which field it may name, whose it is, and whether the column may be kept at all.

Belongs here: evidence for and against each field from the words of a header.
Lives elsewhere: the words (`aliases.py`), what the values look like (`profile.py`), choosing one field for each column
(`guess.py`).

Evidence is in log-odds: 0 says nothing, 4 is strong, below 0 speaks against.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import log

from connectors.draft.aliases import HEAD, OF_WHOM, OTHER, SELF, Knowledge, bare, levels, without_owner
from connectors.draft.likeness import core_of, likest
from warehouse.fields import fields as known_fields

_EXACT, _INITIALS, _SIMILAR, _UNLIKE = 6.0, 4.0, 5.0, -1.0
_OTHERS = -6.0  # the header says that it is somebody else's, or something else
_FOREIGN = 12.0  # for each step of likeness by which a header is more like one that is none of our fields
_KEY = 3.0
_STANDS = 0.8  # how much a header that only stands for a field says, of what its own name would
_LATIN_WORD = 5  # letters of a word that tells something also inside a longer one
_NEAR = 0.6  # of two headers, from which on the same reason may hold for both
_LIKE = 0.5  # of two headers, from which on they say the same thing in part

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
_SOMEBODY = re.compile("[^本]人$|员$")


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
    rest = without_owner(text, known, whom)
    if not rest:
        return (_SIMILAR if whom != SELF else 2.0) if attribute == "name" else _UNLIKE
    if rest in known.attributes[attribute]:
        return _SIMILAR
    return _match(rest, attribute, known) - 0.5


def _of_form(text: str, field: str, known: Knowledge) -> float:
    """A header that asks for another form of answer than the field has: …日期 is a date, 是否… yes or no."""
    kind = known_fields()[field].kind
    form = "flag" if known.flags.search(text) else core_of(text)[1]
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
    stands = _STANDS * likest(text, known.stands_for.get(field, ()), known)
    like = max(likest(text, words, known), stands, _like_twin(text, field, known))
    return _UNLIKE if like < _LIKE else _SIMILAR * (like - _LIKE) / (1 - _LIKE)


def _like_twin(text: str, field: str, known: Knowledge) -> float:
    """是否去世 and 去世日期 are about the same thing."""
    core, form = core_of(text)
    twin = _TWINS.get(field)
    if twin is None or form != known_fields()[field].kind:
        return 0.0
    return _STANDS if any(core_of(word)[0] == core for word in known.fields[twin]) else 0.0


def _latin(text: str, field: str, known: Knowledge) -> float:
    """Latin letters: initials or pinyin of a Chinese alias, or an English one inside it."""
    spelled = known.initials.get(text, frozenset())
    if field in spelled:
        return _INITIALS - log(len(spelled))
    inside = [word for word in known.fields[field] if word.isascii() and len(word) >= 3 and word in text]
    if inside:
        return 3.0 * max(map(len, inside)) / len(text)
    return _UNLIKE


def _foreign(texts: list[str], known: Knowledge) -> tuple[float, str]:
    """How much a header is like one that names none of our fields, and the kind of that one."""
    found = [(likest(text, words, known), kind) for text in texts for kind, words in known.ignored.items()]
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
