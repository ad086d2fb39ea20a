"""Faults of the desk in its log: what kind, and where.

Belongs here: that one line. Lives elsewhere: the page that a person sees of it (`guard.py`).
"""

from __future__ import annotations

import logging
from pathlib import Path
from traceback import extract_tb

_LOG = logging.getLogger("enter_once.desk")


def tell_fault(fault: Exception) -> None:
    """Log a fault without its own words: they may quote a value of a record, and kind and place are enough to find it."""
    steps = reversed(extract_tb(fault.__traceback__)[-4:])
    where = " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in steps)
    _LOG.error("%s at %s", type(fault).__name__, where)
