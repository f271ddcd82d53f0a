"""What a report was made by, so that somebody else can make it again."""

import platform
from copy import deepcopy
from dataclasses import dataclass
from importlib.metadata import version

import altseason
from altseason.host.configuration import Config, load_strategy
from altseason.host.digest import CONFIG_KEY

# What calculates: their newer versions may give other numbers.
LIBRARIES = ("freqtrade", "ccxt", "numpy", "pandas", "ta-lib", "technical")


@dataclass(frozen=True)
class Origin:
    """What a report was made by.

    :param command: the command line.
    :param versions: of this project, Python, Freqtrade and the libraries that calculate, by name.
    :param digest: of dominance, this project's plugin and the classes that the strategy is derived
        from.
    """

    command: str
    versions: dict[str, str]
    digest: str


def find_origin(command: str, config: Config) -> Origin:
    """Return what a report is made by.

    :param config: with which the strategy is loaded.
    """
    strategy = load_strategy(deepcopy(config))
    versions = {"altseason": altseason.__version__, "Python": platform.python_version()}
    versions |= {name: version(name) for name in LIBRARIES}
    return Origin(command, versions, strategy.config[CONFIG_KEY])
