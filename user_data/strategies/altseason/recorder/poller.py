"""One poll: the primary's dominance, or in its place a fallback's, corrected by its offset."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import pandas as pd
import requests

from altseason.dominance.candles import MAX_PERCENT, MIN_PERCENT
from altseason.errors import BusyError
from altseason.notifications import Notifier
from altseason.recorder.backoff import Backoff
from altseason.recorder.jumps import MAX_STEP, HeldReading, find_known
from altseason.recorder.log import Reading
from altseason.recorder.method import BEFORE, MethodWatch
from altseason.recorder.offsets import Offsets
from altseason.recorder.recording import Recording
from altseason.settings import PROVIDERS, load_settings
from altseason.sources.errors import (
    AccessError,
    NotCurrentError,
    ProviderError,
    ResponseError,
)
from altseason.sources.reading import MAX_AGE, Clock, Fetch, ProviderReading, read_clock
from altseason.sources.session import RequestPolicy, build_session

logger = logging.getLogger(__name__)

# The next poll is the retry: so there are 145 requests in any 24 hours, and 150 are promised.
POLICY = RequestPolicy(retries=0)
# How long the primary has to fail before a fallback counts.
PATIENCE = pd.Timedelta(minutes=30)
# A fallback that fails, or repeats its value, is not compared again with every poll.
COMPARE_AGAIN_AFTER = pd.Timedelta(hours=1)


@dataclass(frozen=True)
class Providers:
    """How each provider is polled; fallbacks by name, the best first.

    :param name: of the primary, which gives the dominance that counts.
    """

    name: str
    primary: Fetch
    fallbacks: Mapping[str, Fetch]
    session: requests.Session

    def close(self) -> None:
        """Close the connections that are kept."""
        self.session.close()


def build_providers(config: dict[str, Any], clock: Clock = read_clock) -> Providers:
    """Return the providers of the table in settings.py, by keys and URLs of the configuration.

    The primary is the one that the configuration names; the others keep their order, without those
    whose response does not have the pair.

    :raises AccessError: where the key cannot be sent.
    :raises SettingsError: where our own section is wrong.
    """
    settings = load_settings(config).dominance
    names = [settings.provider, *(name for name in PROVIDERS if name != settings.provider)]
    modules = [import_module(f"altseason.sources.{name}") for name in names]
    primary, *fallbacks = [
        (module.PROVIDER, module.connect(config, clock))
        for module in modules
        if settings.pair in module.PAIRS
    ]
    session = build_session(POLICY)
    # A connection that is idle for ten minutes may be dropped on its way without notice, and the
    # next poll would fail.
    session.headers["Connection"] = "close"
    return Providers(*primary, dict(fallbacks), session)


class Poller:
    """Poll the providers, and log their readings.

    Offsets and last readings come from the log, also after a restart and in another process.
    """

    def __init__(
        self,
        recording: Recording,
        providers: Providers,
        notifier: Notifier,
        clock: Clock = read_clock,
    ) -> None:
        self._recording = recording
        self._notifier = notifier
        self._clock = clock
        self._name = providers.name
        self._primary = self._back_off(providers.name, providers.primary, providers.session)
        self._fallbacks = {
            name: self._back_off(name, fetch, providers.session)
            for name, fetch in providers.fallbacks.items()
        }
        _, readings = recording.load(clock() - BEFORE[0])
        self._offsets = Offsets(readings)
        self._method = MethodWatch(providers.name, notifier, readings)
        self._last = {reading.provider: reading for reading in readings}
        counted = [reading for reading in readings if reading.dominance is not None]
        self._newest: Reading | None = counted[-1] if counted else None
        self._held = HeldReading(notifier, providers.name)
        self._changed: dict[str, pd.Timestamp] = {}
        self._not_before: dict[str, pd.Timestamp] = {}
        self._failing_since: pd.Timestamp | None = None
        self._is_clock_doubtful = False

    def poll(self) -> None:
        """Poll once, and log what counts; errors are reported, not raised."""
        primary = self._poll_primary()
        if primary is not None:
            if self._is_believed(primary, primary.dominance):
                self._log(primary, primary.dominance, None)
                compared = [self._compare(name, primary) for name in self._fallbacks]
                if any(compared):
                    self._method.check(self._clock())
        elif self._failing_since and self._clock() - self._failing_since >= PATIENCE:
            self._fall_back()

    def _back_off(
        self, name: str, fetch: Fetch, session: requests.Session
    ) -> Backoff[ProviderReading]:
        return Backoff(partial(_fetch, name, fetch, session), self._clock)

    def _poll_primary(self) -> ProviderReading | None:
        self._is_clock_doubtful = False
        try:
            polled = self._primary()
        except ProviderError as error:
            self._failing_since = self._failing_since or self._clock()
            self._is_clock_doubtful = isinstance(error, NotCurrentError)
            self._notifier.raise_alert(
                "primary", str(error), is_urgent=isinstance(error, AccessError)
            )
            return None
        self._failing_since = None
        self._notifier.clear("primary", f"{self._name} responds again.")
        self._notifier.clear("fallback", "Dominance is recorded again.")
        return polled

    def _compare(self, name: str, primary: ProviderReading) -> bool:
        """Poll a fallback now and then to calibrate it; return whether that brought an offset."""
        now = self._clock()
        if now < max(self._offsets.next_comparison(name, now), self._not_before.get(name, now)):
            return False
        polled = self._poll_fallback(name)
        reading = None
        if polled is not None:
            reading = self._log(polled, None, polled.dominance - primary.dominance)
        if reading is None or not self._offsets.add(reading):
            self._not_before[name] = now + COMPARE_AGAIN_AFTER
            return False
        self._method.add(reading)
        return True

    def _fall_back(self) -> None:
        for name in self._fallbacks:
            offset = self._offsets.find(name, self._clock())
            if offset is None:
                continue
            polled = self._poll_fallback(name)
            if polled is None or not self._is_current(polled):
                continue
            dominance = polled.dominance - offset
            if MIN_PERCENT < dominance < MAX_PERCENT and self._is_believed(polled, dominance):
                self._log(polled, dominance, offset)
                self._notifier.clear("fallback", "Dominance is recorded again.")
                return
        self._notifier.raise_alert(
            "fallback",
            f"{self._name} is unreachable and no calibrated fallback is available: dominance is "
            f"not being recorded.",
            is_urgent=False,
        )

    def _poll_fallback(self, name: str) -> ProviderReading | None:
        try:
            polled = self._fallbacks[name]()
        except ProviderError as error:
            self._is_clock_doubtful |= isinstance(error, NotCurrentError)
            self._notifier.raise_alert(f"fallback {name}", str(error), is_urgent=False)
            return None
        self._notifier.clear(f"fallback {name}", f"{name} responds.")
        last = self._last.get(name)
        if last is not None and last.raw != polled.dominance:
            self._changed[name] = self._clock()
        return polled

    def _is_current(self, polled: ProviderReading) -> bool:
        """Return whether a value is current; one without a time shows it by moving."""
        if polled.time is not None:
            return True  # else it would have been refused
        changed = self._changed.get(polled.provider)
        if changed is None or self._is_clock_doubtful:
            return False  # where others' times are not current, the local clock may be wrong
        return self._clock() - changed <= MAX_AGE

    def _is_believed(self, polled: ProviderReading, dominance: float) -> bool:
        """Return whether a value counts.

        One that jumps has to be confirmed, by the next reading that is not the same one, or by
        another provider. Until then it is logged as a reading that does not count.
        """
        if self._is_known(polled):
            return True
        known = find_known(self._newest, self._recording.store, self._clock())
        if known is None or known.allows(dominance):
            self._held.dismiss(polled, dominance)
            return True
        is_confirmed = self._held.is_confirmed_by(polled, dominance)
        if is_confirmed or (polled.provider == self._name and self._has_witness(dominance)):
            self._held.confirm(dominance)
            return True
        self._held.hold(polled, dominance, known)
        if not self._is_logged(polled):
            self._log(polled, None, None)
        return False

    def _has_witness(self, dominance: float) -> bool:
        """Return whether the first calibrated fallback that responds reads the same."""
        for name in self._fallbacks:
            offset = self._offsets.find(name, self._clock())
            other = self._poll_fallback(name) if offset is not None else None
            if other is not None and self._is_current(other):
                return abs(other.dominance - (offset or 0.0) - dominance) <= MAX_STEP
        return False

    def _log(
        self, polled: ProviderReading, dominance: float | None, offset: float | None
    ) -> Reading | None:
        """Append a reading, and return it where it is new and on disk."""
        if dominance is not None and self._is_known(polled):
            return None
        path = self._recording.log.path
        try:
            reading = self._recording.append(polled, dominance=dominance, offset=offset)
        except (OSError, BusyError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            self._notifier.raise_alert(
                "log",
                f"Cannot write {path}: {reason}. Dominance is not recorded until this is fixed.",
            )
            return None
        self._notifier.clear("log", f"{path} can be written again.")
        if reading is None:
            self._notifier.raise_alert(
                "clock",
                f"The system clock went backwards: it is earlier than the last reading in {path}. "
                f"Dominance is recorded again once it has caught up.",
            )
            return None
        self._notifier.clear("clock", "The clock has caught up, dominance is recorded again.")
        self._last[polled.provider] = reading
        if dominance is not None:
            self._newest = reading
            logger.info(f"Dominance {dominance:.2f} % by {polled.provider}")
        return reading

    def _is_known(self, polled: ProviderReading) -> bool:
        """Return whether a provider repeats a value that has counted, or an older one."""
        last = self._last.get(polled.provider)
        if last is None or last.time is None or polled.time is None or last.dominance is None:
            return False
        return polled.time <= last.time

    def _is_logged(self, polled: ProviderReading) -> bool:
        """Return whether a provider repeats the value that was last held back."""
        last = self._last.get(polled.provider)
        if last is None or last.dominance is not None or last.offset is not None:
            return False
        return (last.time, last.raw) == (polled.time, polled.dominance)


def _fetch(name: str, fetch: Fetch, session: requests.Session) -> ProviderReading:
    """Fetch a reading; an unforeseen error must not keep the others from being polled."""
    try:
        return fetch(session)
    except ProviderError:
        raise
    except Exception as error:
        logger.exception(f"Polling {name} failed")
        # Its text may hold anything, and would be sent by Telegram.
        raise ResponseError(f"{name}: expected a reading, found {type(error).__name__}") from error
