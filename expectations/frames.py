"""The frames that the doors look at, taken from the warehouse.

Belongs here: running the SELECTs in `sql/`, each of which loads only what its door's expectations name.
Lives elsewhere: the landed door's frame, made before anything is staged (`pipelines/doors.py`).
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

import duckdb
import pandas as pd

Frame = Literal["staged", "golden", "outbox", "fill", "quarantine"]


def frame(con: duckdb.DuckDBPyConnection, name: Frame) -> pd.DataFrame:
    """The rows of one SELECT."""
    return con.sql(_select(name)).df()


@cache
def _select(name: Frame) -> str:
    return resources.files("expectations").joinpath(f"sql/{name}.sql").read_text(encoding="utf-8")
