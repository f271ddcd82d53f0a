"""Which Freqtrade this needs; to import this with an older one is an error that says so.

An `ImportError`, since Freqtrade tells that in one line and goes on to the user's other strategies.
"""

import re

import freqtrade

MIN_FREQTRADE = (2026, 9)


def check_freqtrade(version: str) -> None:
    """Raise ImportError where a version is too old; one without a number, as "develop", is not."""
    found = re.search(r"\b(20\d\d)\.(\d+)", version)
    if found and (int(found[1]), int(found[2])) < MIN_FREQTRADE:
        needed = ".".join(map(str, MIN_FREQTRADE))
        raise ImportError(f"AltSeasonStrategy needs Freqtrade {needed} or newer, found {version}")


check_freqtrade(freqtrade.__version__)
