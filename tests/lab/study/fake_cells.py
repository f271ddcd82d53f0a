"""What workers run in the place of backtests; the job's configuration names a folder."""

import os
import signal
from dataclasses import replace
from pathlib import Path

from altseason_lab.study.contents import Contents
from altseason_lab.study.grid import Cell
from altseason_lab.study.process import Failure, Job
from altseason_lab.study.results import Found
from tests.lab.study.results import RESULT

ONCE, ALWAYS, WRONG = "ends once", "ends always", "fails"


def run_fake(job: Job, cell: Cell, contents: Contents) -> Found | Failure:
    """End the process, as the system does for want of memory, or note that the cell was run."""
    marker = Path(job.config["folder"]) / cell.mode.replace(" ", "-")
    with marker.open("a") as file:
        file.write("run\n")
    if cell.mode == ALWAYS or (cell.mode == ONCE and marker.read_text() == "run\n"):
        os.kill(os.getpid(), signal.SIGKILL)
    if cell.mode == WRONG:
        return Failure(ValueError("as a strategy's own"))
    return Found(replace(RESULT, timeframe=cell.mode), ())
