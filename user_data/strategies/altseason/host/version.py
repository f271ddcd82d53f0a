"""Check the version of Freqtrade: importing this module with an older one raises an ImportError.

Freqtrade reports an ImportError in one line, and loads the user's other strategies.
"""

import re

import freqtrade

MIN_FREQTRADE = (2026, 9)
# The newest version that all tests ran with; update it with the lock file.
MAX_TESTED = (2026, 9)


def check_freqtrade(version: str) -> None:
    """Raise ImportError for a version that is too old; a development version has no number."""
    number = _parse_version(version)
    if number and number < MIN_FREQTRADE:
        needed = ".".join(map(str, MIN_FREQTRADE))
        raise ImportError(f"AltSeasonStrategy needs Freqtrade {needed} or newer, found {version}")


def describe_untested(version: str = freqtrade.__version__) -> str | None:
    """Return a warning about a version that the tests did not run with, else None."""
    number = _parse_version(version)
    if number is not None and number <= MAX_TESTED:
        return None
    tested = ".".join(map(str, MAX_TESTED))
    return (
        f"AltSeasonStrategy was tested with Freqtrade up to {tested}. This is {version}, which may "
        f"be incompatible: try it in dry-run first, and look for a newer release of the project."
    )


def _parse_version(version: str) -> tuple[int, int] | None:
    found = re.search(r"\b(20\d\d)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else None


check_freqtrade(freqtrade.__version__)
