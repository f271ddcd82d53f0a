"""Run a command and write down what it took: `python meter.py RESULT COMMAND ...`.

A process of its own that imports next to nothing: Linux counts the memory of the process that
starts a command as the command's own, up to the moment when that begins.
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
    """Run a command and give its exit code, its wall and CPU time in s, its peak memory in MiB."""
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
