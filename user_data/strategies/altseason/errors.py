"""Exceptions, grouped by who has to act.

AltSeasonError              one line for the user, exit code 2, wherever it is raised
├── BusyError               nobody: another process holds a file; ask again
├── InputError              the user: an option or a file handed to a command is wrong
├── DominanceMissingError   the user: there is no dominance to read; the message names the command
├── ProviderError           see sources/errors.py
├── SettingsError           the user: a setting of the configuration is wrong
└── StoredDataError         the user: a stored file is damaged or not ours; it is left untouched
"""

from freqtrade.exceptions import OperationalException


class AltSeasonError(OperationalException):
    """Root of the tree; an OperationalException, so that Freqtrade too ends with the message."""


class BusyError(AltSeasonError):
    """Another process holds a file for longer than it should; ask again."""


class InputError(AltSeasonError):
    """An option or a file handed to a command is wrong; nothing was written."""


class DominanceMissingError(AltSeasonError):
    """The gate is on, and there is no stored dominance pair to read."""


class SettingsError(AltSeasonError):
    """A setting of the configuration is wrong.

    Freqtrade's own ConfigurationError would end Freqtrade with exit code 0.
    """


class StoredDataError(AltSeasonError):
    """A stored file cannot be read as what it should hold; it was left as it is."""
