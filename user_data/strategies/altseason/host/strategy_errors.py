"""Turn errors in a strategy's own code into one line that names the file and its line."""

import logging
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb

from freqtrade.exceptions import FreqtradeException, StrategyError

from altseason.errors import InputError
from altseason.host.callbacks import REFUSING
from altseason.invocation import shorten_path

# The logger of Freqtrade's wrapper around callbacks, which logs what they raise.
WRAPPER = "freqtrade.strategy.strategy_wrapper"
LIBRARIES = frozenset(("site-packages", "dist-packages"))
# These may be installed from anywhere.
PACKAGES = ("freqtrade", "altseason", "altseason_lab")


@contextmanager
def naming_strategy_errors(what: str) -> Iterator[None]:
    """Turn errors that a strategy's own code raises into one line.

    This includes errors in callbacks: Freqtrade logs them and continues as if the callback had
    consented, and our guards refuse the entry, so that a backtest would test another strategy than
    the one that is meant.

    :param what: what is run, such as "the backtest of ...".
    :raises InputError: for such an error. Other errors are raised as they are.
    """
    callbacks = _CallbackErrors()
    # A filter of the logger can keep the stack trace off the terminal, unlike a handler.
    wrapper, root = logging.getLogger(WRAPPER), logging.getLogger()
    wrapper.addFilter(callbacks.is_other)
    root.addHandler(callbacks)
    try:
        yield
    except Exception as error:
        if isinstance(error, FreqtradeException) and not isinstance(error, StrategyError):
            raise
        if not (found := callbacks.first or describe_strategy_error(error)):
            raise
        raise _failed(what, found) from error
    finally:
        wrapper.removeFilter(callbacks.is_other)
        root.removeHandler(callbacks)
    if callbacks.first:
        raise _failed(what, callbacks.first)


def _failed(what: str, found: str) -> InputError:
    return InputError(f"{what} failed because of an error in the strategy: {found}")


class _CallbackErrors(logging.Handler):
    """Keep the first error of a callback that Freqtrade's wrapper or one of our guards logs.

    Both log it while they handle it.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.first = ""

    def is_other(self, _: logging.LogRecord) -> bool:
        """Return whether a message of the wrapper is about something else, so that it is shown."""
        found = describe_strategy_error(sys.exception())
        self.first = self.first or found
        return not found

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the error for which a guard refuses entries; the message is shown."""
        if not self.first and record.getMessage().startswith(REFUSING):
            self.first = describe_strategy_error(sys.exception())


def describe_strategy_error(error: BaseException | None) -> str:
    """Return the line of a strategy that raised an error, and the error; empty if none did."""
    while error is not None:
        for frame in reversed(extract_tb(error.__traceback__)):
            if is_of_a_strategy(frame.filename):
                text = " ".join(str(error).split())
                place = f"{shorten_path(Path(frame.filename))}, line {frame.lineno}"
                return f"{place}: {type(error).__name__}: {text}".removesuffix(": ")
        error = error.__cause__ or error.__context__
    return ""


def is_of_a_strategy(file: str) -> bool:
    """Return whether a file is a user's, and not of Python, of a library or of this project."""
    path = Path(file)
    if path.suffix != ".py" or not LIBRARIES.isdisjoint(path.parts):
        return False
    packages = [str(sys.modules[name].__file__) for name in PACKAGES if name in sys.modules]
    folders = [Path(sysconfig.get_path("stdlib")), *(Path(name).parent for name in packages)]
    return not any(path.is_relative_to(folder) for folder in folders)
