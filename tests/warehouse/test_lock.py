"""The lock: one writer, freed by the death of its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from warehouse.lock import AlreadyRunning, in_turn, only_writer
from warehouse.site import Site

HOLD = """
import sys, time
from pathlib import Path
from warehouse.lock import only_writer
from warehouse.site import read_site
with only_writer(read_site(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_who_holds_the_lock_and_a_killed_one_frees_it(site: Site) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(site.root)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match="already running") as refused, only_writer(site):
            pytest.fail("two writers at once")
        assert refused.value.pid == holder.pid
        assert refused.value.since is not None
        assert refused.value.since in str(refused.value)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        if holder.stdout is not None:
            holder.stdout.close()
    with only_writer(site):
        pass


def test_the_lock_is_free_again_after_an_error(site: Site) -> None:
    with pytest.raises(KeyError), only_writer(site):
        raise KeyError
    with only_writer(site):
        assert str(os.getpid()) in site.lock.read_text()


def test_an_unreadable_lock_file_does_not_stop_a_run(site: Site) -> None:
    site.lock.write_text("half a line")
    with only_writer(site):
        pass


def test_who_has_to_wait_for_a_folder_comes_in_when_the_one_before_is_done(tmp_path: Path) -> None:
    inside: list[int] = []

    def come_in(_turn: int) -> int:
        with in_turn(tmp_path):
            inside.append(1)
            met = len(inside)
            os.sched_yield()
            inside.pop()
        return met

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(come_in, range(200))) == {1}
    assert list(tmp_path.iterdir()) == []
