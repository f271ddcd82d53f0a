"""Exceptions, grouped by who has to act.

AltSeasonError              shown in one line, exit code 2, wherever it is raised
├── BusyError               nobody: another process holds a file; try again
├── CandlesMissingError     the user: coins lack daily candles; the message names the command
├── DominanceMissingError   the user: there is no dominance to read; the message names the command
├── InputError              the user: an option or a file given to a command is wrong
├── ProviderError           see sources/errors.py
├── SettingsError           the user: a setting of the configuration is wrong
├── StoredDataError         the user: a stored file is damaged or not ours; it is left unchanged
└── TooFewRowsError         nobody: too few entries to learn from; there is no new model
"""

from freqtrade.exceptions import OperationalException


class AltSeasonError(OperationalException):
    """Root of the tree; an OperationalException, so that Freqtrade also ends with its message."""


class BusyError(AltSeasonError):
    """Another process has held a file for longer than it should; try again."""


class CandlesMissingError(AltSeasonError):
    """Candles that the gate or a strategy needs are not stored."""


class InputError(AltSeasonError):
    """An option or a file given to a command is wrong; nothing was written."""


class DominanceMissingError(AltSeasonError):
    """The gate is on, but no dominance pair is stored."""


class SettingsError(AltSeasonError):
    """A setting of the configuration is wrong.

    Freqtrade's own ConfigurationError would end Freqtrade with exit code 0.
    """


class StoredDataError(AltSeasonError):
    """A stored file does not hold what it should; it is left unchanged."""


class TooFewRowsError(AltSeasonError):
    """There are too few entries for a model, or all of them end alike."""
