"""The configuration of a study, and cells run as the command runs them."""

from collections.abc import Iterator
from contextlib import contextmanager

from altseason.host.configuration import Config
from altseason_lab.commands.study import STUDY
from altseason_lab.preparation import parse_backtesting_options, prepare
from tests.integration.freqtrade_runs import Home

PERIOD = "20220201-20220215"


@contextmanager
def configured(home: Home, *words: str) -> Iterator[Config]:
    """Yield the configuration while the emulator serves the sample."""
    command = parse_backtesting_options(["--datadir", str(home.datadir), *words], STUDY)
    with prepare(command, STUDY, offline=True) as config:
        yield config
