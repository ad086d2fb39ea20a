"""The frames that the doors look at, taken from the warehouse.

Belongs here: running the SELECTs in `sql/`, each of which loads only what its door's expectations name.
Lives elsewhere: what is expected of them (`*.toml`), running the checks (`door.py`).
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import resources
from typing import Literal

import duckdb
import pandas as pd

Frame = Literal["landed", "staged", "golden", "outbox", "fill", "quarantine"]


def frame(con: duckdb.DuckDBPyConnection, name: Frame, night: date | None = None) -> pd.DataFrame:
    """The rows of one SELECT; that of the landed door is about one night."""
    if night is not None:
        con.execute(f"set variable night = date '{night.isoformat()}'")
    return con.sql(_select(name)).df()


@cache
def _select(name: Frame) -> str:
    return resources.files("expectations").joinpath(f"sql/{name}.sql").read_text(encoding="utf-8")
