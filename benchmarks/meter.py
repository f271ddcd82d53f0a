"""Run a command and write down its cost: `python meter.py RESULT COMMAND ...`.

It is a separate process with few imports, since Linux counts the memory of the process that starts
a command as the command's own until the command begins.
https://man7.org/linux/man-pages/man2/getrusage.2.html (ru_maxrss)
"""

import json
import os
import sys
import time
from pathlib import Path

# https://developer.apple.com/library/archive/documentation/System/Conceptual/ManPages_iPhoneOS/man2/getrusage.2.html
BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024
MEBIBYTE = 1024 * 1024


def measure(command: list[str]) -> tuple[int, dict[str, float]]:
    """Run a command; return its exit code, wall and CPU time in s, and peak memory in MiB."""
    begun = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - begun
    cost = {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss * BYTES_PER_UNIT / MEBIBYTE,
    }
    return os.waitstatus_to_exitcode(status), cost


if __name__ == "__main__":
    code, measured = measure(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(measured), encoding="utf-8")
    sys.exit(code)
