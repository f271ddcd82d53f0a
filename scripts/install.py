"""Install the project into this Python, and show pip's progress by package; used by make.

First the dependencies are installed, each file checked against the hashes in the lock file; then
the project itself, which is editable and so has no hash, without fetching anything else.

Only the standard library is used, since nothing is installed yet. pip's output goes to a file.
"""

import re
import subprocess
import sys
from pathlib import Path

LOG = Path(sys.prefix) / "install.log"
TAIL_LINES = 15


def main(lock: str) -> int:
    """Run pip for both steps; return the exit code of the one that failed, or 0."""
    print(f"Installing Freqtrade and its packages into {sys.prefix}: a few minutes", flush=True)
    LOG.unlink(missing_ok=True)
    return run_pip("--require-hashes", "--requirement", lock) or run_pip(
        "--no-deps", "--no-build-isolation", "--editable", "."
    )


def run_pip(*arguments: str) -> int:
    """Run `pip install` and return its exit code; if it fails, show the end of its output."""
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
        print("".join(said[-TAIL_LINES:]), f"pip failed; its complete output is in {LOG}", sep="")
    return process.returncode


def show_step(line: str) -> None:
    """Print the package that a line of pip's output is about, if it is about one."""
    if found := re.match(r"Collecting (\S+?)[=<>;\[ ]", line + " "):
        print(f"  {found[1]}", flush=True)
    elif line.startswith("Installing collected packages"):
        print(f"  unpacking {line.count(',') + 1} packages", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
