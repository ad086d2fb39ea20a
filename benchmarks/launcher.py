"""Run one command and write what it used to a file: `python -I -S launcher.py USED.json COMMAND…`.

A process of its own and nothing imported that is not needed: Linux counts the memory of the process that starts a
command into the command's peak, so whoever measures must be small.
"""

import json
import os
import sys
import time

start = time.perf_counter()
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
figures = {
    "wall_s": round(time.perf_counter() - start, 2),
    "cpu_s": round(used.ru_utime + used.ru_stime, 2),
    "peak_mb": round(used.ru_maxrss / 1024),
}
with open(sys.argv[1], "w") as file:  # noqa: PTH123 - pathlib alone would double the size of this process
    json.dump(figures, file)
sys.exit(os.waitstatus_to_exitcode(status) and 1)
