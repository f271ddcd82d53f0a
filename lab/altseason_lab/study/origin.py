"""The origin of a report, so that somebody else can reproduce it."""

import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import altseason
from altseason.host.configuration import Config
from altseason_lab.study.contents import LIBRARIES, ContentReader, read_versions
from altseason_lab.study.grid import Scope

# Used by the parts of a report that are not backtests.
FURTHER_LIBRARIES = ("purgedcv", "scikit-learn", "lightgbm", "plotly")


@dataclass(frozen=True)
class Origin:
    """What a report was made with.

    :param command: the command line.
    :param versions: of this project, Python, Freqtrade and the libraries that calculate, by name.
    :param digest: of candles, dominance, code and settings: of `Contents` in all scopes.
    """

    command: str
    versions: dict[str, str]
    digest: str


def find_origin(command: str, config: Config, scopes: Iterable[Scope], *, offline: bool) -> Origin:
    """Return the origin of a report.

    :param config: that of the study.
    :param offline: whether an emulator stands in for the exchange.
    """
    reader = ContentReader(config, offline=offline)
    contents = [asdict(reader.read(scope)) for scope in scopes]
    versions = {"altseason": altseason.__version__, "Python": platform.python_version()}
    versions |= read_versions((*LIBRARIES, *FURTHER_LIBRARIES))
    return Origin(command, versions, hashlib.sha256(json.dumps(contents).encode()).hexdigest())
