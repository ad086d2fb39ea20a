"""Dagster's history of events, written without opening its files anew and waiting for the disk at every line.

Belongs here: how the event log under a site's `dagster/` is opened; `dagster.yaml` names it.
Lives elsewhere: running the night (`conduct.py`), what is remembered for good (`warehouse/ledger.py`, which does wait).

Dagster's own class makes a new engine for each of some thousand events of a night, and so compiles each statement anew,
opens and closes the file, and waits for the disk. With a write-ahead journal the waiting is not needed for the files to
stay whole: a machine that loses power may lose the last events of a history that nothing but the UI reads, and the
night is run again anyway.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._config.config_schema import UserConfigSchema
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

WAIT = 60  # seconds for another process, such as the UI, to let go of a file


class KeptEventLog(SqliteEventLogStorage):
    """The same files with the same content; one connection to each, kept until the instance is disposed of."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Nothing to say in `dagster.yaml`: it lies where Dagster's own would."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> KeptEventLog:
        """As Dagster makes it from `dagster.yaml`."""
        return cls(str(Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"), inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard not in self._engines:
                self._engines[shard] = self._engine(shard)
                self._initdb(self._engines[shard])
            with self._engines[shard].begin() as con:
                yield con

    def _engine(self, shard: str) -> Engine:
        options = {"timeout": WAIT, "check_same_thread": False}
        engine = create_engine(self.conn_string_for_shard(shard), poolclass=StaticPool, connect_args=options)
        event.listen(engine, "connect", lambda con, _record: con.execute("pragma synchronous = normal"))
        return engine

    def dispose(self) -> None:
        """Close every file."""
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
