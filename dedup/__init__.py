"""Who is who: normalising values (`normalise/`), matching records and resolving them into residents, households and dwellings.

Lives elsewhere: reading files (`connectors`), what people decided (`stewardship`), golden values (`warehouse`).

Two libraries look at the environment when they are first imported; what they should find there is settled here, before
any module of this package imports them. What is set already stands.
"""

import os
from pathlib import Path

# Characters are read one by one; the words that pypinyin knows beside them take a quarter of a second to load.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "yes")


def _compresses_slowly() -> bool:
    """Whether this processor is a Zen 4: AVX-512 compressing stores, which numpy sorts with, are microcode there. Numbers
    are sorted more than four times faster without (docs/matching.md)."""
    about = Path("/proc/cpuinfo")
    said = about.read_text(encoding="utf-8", errors="replace") if about.exists() else ""
    return "AuthenticAMD" in said and "cpu family\t: 25" in said and " avx512f " in said


if _compresses_slowly():
    os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "X86_V4 AVX512_ICL")
