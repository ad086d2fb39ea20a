"""What a site brings to matching beside its exports: the model it names, its person records, its stewards' verdicts.

Lives elsewhere: the nightly run (`night.py`), what a model is (`model.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from dedup.model import Model, ModelError, built_in, read_model
from dedup.night import Verdict
from dedup.prepare.resident import STATED
from warehouse.site import Site


class ModelRefused(RuntimeError):
    """The site's model cannot be used on the site's data: why. Nothing was matched; what was published stays."""


def site_model(site: Site) -> Model:
    """The model that `site.toml` names, else the built-in one.

    Raises:
        ModelError: the file is missing or wrong, or is no model of residents.
    """
    if site.model is None:
        return built_in("resident")
    model = read_model(str(site.model))
    if model.reads != "resident" or model.groups != "person":
        raise ModelError(f'{site.model}：站点的模型须比对居民（reads = "resident"，groups = "person"）')
    return model


def site_persons(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Person records as they are matched, with `record_id`, in its order."""
    return con.sql(
        f"select record_id, {', '.join(STATED)} from staged.person order by record_id"
    ).to_arrow_table()


def judged(
    persons: pa.Table, verdicts: Iterable[Verdict]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pairs of rows that stewards called the same, and those they called different."""
    row = {record: place for place, record in enumerate(persons.column("record_id").to_pylist())}
    said: dict[str, list[tuple[int, int]]] = {"same": [], "different": []}
    for one in verdicts:
        if one.verdict in said and one.left in row and one.right in row:
            said[one.verdict].append((row[one.left], row[one.right]))
    return said["same"], said["different"]
