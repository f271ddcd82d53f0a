"""Install the project into this Python, and show which packages pip is at; used by make.

First what it needs, each file with one of the hashes in the lock; then the project itself, which is
editable and can have none, with nothing fetched any more.

Standard library only, since nothing is installed yet. pip's own words go to a file.
"""

import re
import subprocess
import sys
from pathlib import Path

LOG = Path(sys.prefix) / "install.log"
TAIL_LINES = 15


def main(lock: str) -> int:
    """Run pip for both steps and return the exit code of the one that failed, or 0."""
    print(f"Installing Freqtrade and what it needs into {sys.prefix}: a few minutes", flush=True)
    LOG.unlink(missing_ok=True)
    return run_pip("--require-hashes", "--requirement", lock) or run_pip(
        "--no-deps", "--no-build-isolation", "--editable", "."
    )


def run_pip(*arguments: str) -> int:
    """Run `pip install` and return its exit code; where it fails, show the end of what it said."""
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    said = []
    with (
        LOG.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            said.append(line)
            show_step(line)
    if process.returncode:
        print("".join(said[-TAIL_LINES:]), f"pip failed; all it said is in {LOG}", sep="")
    return process.returncode


def show_step(line: str) -> None:
    """Print what a line of pip's is about, where a person wants to know."""
    if found := re.match(r"Collecting (\S+?)[=<>;\[ ]", line + " "):
        print(f"  {found[1]}", flush=True)
    elif line.startswith("Installing collected packages"):
        print(f"  unpacking {line.count(',') + 1} packages", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
