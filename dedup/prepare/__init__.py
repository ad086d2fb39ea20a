"""What a kind of records has to compare: from stated keys to the columns of nodes.

Belongs here: the closed list of preparers. Lives elsewhere: reading stated values into keys (`dedup/normalise`),
comparing columns (`dedup/compare`).
"""

from __future__ import annotations

from collections.abc import Mapping

from dedup.prepare import resident, text
from dedup.prepare.preparer import Preparer

PREPARERS: Mapping[str, Preparer] = {"resident": resident.PREPARER, "text": text.PREPARER}
