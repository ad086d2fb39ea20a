"""A city that has had its night, to measure on: the one that is named, or a fresh one.

Belongs here: the options of a benchmark that say which, and the folder it works in.
Lives elsewhere: making a city (`synthetic_city`), what is measured (the benchmarks).
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.night import run


def options(about: str | None) -> argparse.ArgumentParser:
    """The options every benchmark on a city has."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--site", type=Path, help="a city that has had its night; else one is made")
    parser.add_argument("--residents", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=11)
    return parser


def copy_whole(site: Path, root: Path) -> None:
    """All of a site."""
    shutil.copytree(site, root, symlinks=True)


@contextmanager
def city(asked: argparse.Namespace, copy: Callable[[Path, Path], None] = copy_whole) -> Iterator[Path]:
    """The folder of the city, gone after the block; a city that was named is copied."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "site"
        if asked.site:
            copy(asked.site, root)
        else:
            run("city", str(root), "--residents", str(asked.residents), "--seed", str(asked.seed))
            run("nightly", "--site", str(root))
        yield root
