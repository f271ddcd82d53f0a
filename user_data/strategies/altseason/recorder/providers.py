"""Who is asked for the current dominance: the providers of the table in settings.py."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import requests

from altseason.settings import PROVIDERS
from altseason.sources.reading import Clock, ProviderReading, read_clock
from altseason.sources.session import Manners, MayRetry, always, build_session

Fetch = Callable[[requests.Session], ProviderReading]
MANNERS = Manners(retries=2, longest_wait=30)


@dataclass(frozen=True)
class Providers:
    """How each provider is asked; fallbacks by name, the best first.

    :param patient: the session that tries again, as often as it may.
    :param brief: the session that asks once: others are there to be asked.
    """

    primary: Fetch
    fallbacks: Mapping[str, Fetch]
    patient: requests.Session
    brief: requests.Session

    def close(self) -> None:
        """Close the connections that are kept."""
        self.patient.close()
        self.brief.close()


def build_providers(
    config: dict[str, Any], clock: Clock = read_clock, may_retry: MayRetry = always
) -> Providers:
    """Read keys and addresses from Freqtrade's configuration.

    :param may_retry: is asked before each retry.
    :raises AccessError: where the key cannot be sent.
    :raises SettingsError: where our own section is wrong.
    """
    modules = [import_module(f"altseason.sources.{name}") for name in PROVIDERS]
    primary, *fallbacks = [(module.PROVIDER, module.connect(config, clock)) for module in modules]
    return Providers(
        primary[1],
        dict(fallbacks),
        build_session(MANNERS, may_retry),
        build_session(replace(MANNERS, retries=0)),
    )
