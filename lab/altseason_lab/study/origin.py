"""What a report was made by, so that somebody else can make it again."""

import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import altseason
from altseason.host.configuration import Config
from altseason_lab.study.contents import LIBRARIES, ContentReader, read_versions
from altseason_lab.study.grid import Scope

# What a report has beside backtests is calculated and drawn by these.
FURTHER_LIBRARIES = ("purgedcv", "scikit-learn", "lightgbm", "plotly")


@dataclass(frozen=True)
class Origin:
    """What a report was made by.

    :param command: the command line.
    :param versions: of this project, Python, Freqtrade and the libraries that calculate, by name.
    :param digest: of candles, dominance, code and settings: of `Contents` in all scopes.
    """

    command: str
    versions: dict[str, str]
    digest: str


def find_origin(command: str, config: Config, scopes: Iterable[Scope], *, offline: bool) -> Origin:
    """Return what a report is made by.

    :param config: that of the study, and `offline` whether an emulator stands in for the exchange.
    """
    reader = ContentReader(config, offline=offline)
    contents = [asdict(reader.read(scope)) for scope in scopes]
    versions = {"altseason": altseason.__version__, "Python": platform.python_version()}
    versions |= read_versions((*LIBRARIES, *FURTHER_LIBRARIES))
    return Origin(command, versions, hashlib.sha256(json.dumps(contents).encode()).hexdigest())
