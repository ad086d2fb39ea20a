"""A golden value as a person may see it before saying who they are and why.

Belongs here: codes in words, everything else masked. Lives elsewhere: the masks (`dedup/normalise/masks.py`).
"""

from __future__ import annotations

from dedup.normalise.codes import label
from dedup.normalise.masks import masked
from warehouse.fields import fields


def shown(field: str, key: str | None) -> str:
    """A value of a field, by its key.

    >>> shown("education", "20"), shown("phone", "13812341234"), shown("name", None)
    ('大学本科教育', '138****1234', '')
    """
    facts = fields()[field]
    if key and facts.table:
        return label(facts.table, key)
    return masked(facts.kind, key or "")
