"""A strategy file for Freqtrade: AltSeasonStrategy, which also records its process's threads."""

import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from AltSeasonStrategy import AltSeasonStrategy


class ThreadRecorder(AltSeasonStrategy):
    """Appends to the file that `thread_file` names in the configuration, a line for each loop."""

    def bot_loop_start(self, current_time: datetime, **kwargs: Any) -> None:
        """Do as usual, and record the threads."""
        super().bot_loop_start(current_time=current_time, **kwargs)
        names = [thread.name for thread in threading.enumerate()]
        with Path(self.config["thread_file"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(names) + "\n")
