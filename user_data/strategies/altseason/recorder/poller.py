"""One poll: the primary's dominance, or a fallback's in its place, corrected by what was learnt."""

import logging
from functools import partial

import pandas as pd
import requests

from altseason.dominance.candles import MAX_PERCENT, MIN_PERCENT
from altseason.errors import BusyError
from altseason.notifications import Notifier
from altseason.recorder.jumps import MAX_STEP, find_known
from altseason.recorder.log import Reading
from altseason.recorder.offsets import MAX_OFFSET_AGE, Offsets
from altseason.recorder.providers import Fetch, Providers
from altseason.recorder.recording import Recording
from altseason.recorder.retrying import Retrying
from altseason.sources.coingecko import PROVIDER as PRIMARY
from altseason.sources.errors import (
    AccessError,
    NotCurrentError,
    ProviderError,
    ResponseError,
)
from altseason.sources.reading import MAX_AGE, Clock, ProviderReading, read_clock

logger = logging.getLogger(__name__)

# For so long the primary has to fail before a fallback counts.
PATIENCE = pd.Timedelta(minutes=30)
# A fallback that does not answer, or says the same, is not asked for a comparison with every poll.
COMPARE_AGAIN_AFTER = pd.Timedelta(hours=1)


class Poller:
    """Asks the providers by turns, and logs what they say.

    What it has learnt it finds again in the log, after a restart or in another process.
    """

    def __init__(
        self,
        recording: Recording,
        providers: Providers,
        notifier: Notifier,
        clock: Clock = read_clock,
    ) -> None:
        self._recording = recording
        self._primary = Retrying(
            partial(_ask, PRIMARY, providers.primary, providers.patient), clock
        )
        self._fallbacks = {
            name: Retrying(partial(_ask, name, fetch, providers.brief), clock)
            for name, fetch in providers.fallbacks.items()
        }
        self._notifier = notifier
        self._clock = clock
        _, readings = recording.log.load(clock() - MAX_OFFSET_AGE, clock)
        self._offsets = Offsets(readings)
        self._last = {reading.provider: reading for reading in readings}
        counted = [reading for reading in readings if reading.dominance is not None]
        self._newest: Reading | None = counted[-1] if counted else None
        self._held: tuple[ProviderReading, float] | None = None
        self._changed: dict[str, pd.Timestamp] = {}
        self._not_before: dict[str, pd.Timestamp] = {}
        self._failing_since: pd.Timestamp | None = None
        self._is_clock_doubtful = False

    def poll(self) -> None:
        """Ask once, and log what counts; whatever goes wrong is told and not raised."""
        primary = self._ask_primary()
        if primary is not None:
            if self._is_believed(primary, primary.dominance):
                self._log(primary, primary.dominance, None)
                for name in self._fallbacks:
                    self._compare(name, primary)
        elif self._failing_since and self._clock() - self._failing_since >= PATIENCE:
            self._fall_back()

    def _ask_primary(self) -> ProviderReading | None:
        self._is_clock_doubtful = False
        try:
            snapshot = self._primary()
        except ProviderError as error:
            self._failing_since = self._failing_since or self._clock()
            self._is_clock_doubtful = isinstance(error, NotCurrentError)
            self._notifier.raise_alert(
                "primary", str(error), is_urgent=isinstance(error, AccessError)
            )
            return None
        self._failing_since = None
        self._notifier.clear("primary", f"{PRIMARY} answers again.")
        self._notifier.clear("fallback", "Dominance is recorded again.")
        return snapshot

    def _compare(self, name: str, primary: ProviderReading) -> None:
        """Ask a fallback now and then, to learn how far it lies from the primary."""
        now = self._clock()
        if now < max(self._offsets.next_comparison(name, now), self._not_before.get(name, now)):
            return
        snapshot = self._ask_fallback(name)
        reading = None
        if snapshot is not None:
            reading = self._log(snapshot, None, snapshot.dominance - primary.dominance)
        if reading is None or not self._offsets.learn(reading):
            self._not_before[name] = now + COMPARE_AGAIN_AFTER

    def _fall_back(self) -> None:
        for name in self._fallbacks:
            offset = self._offsets.find(name, self._clock())
            if offset is None:
                continue
            snapshot = self._ask_fallback(name)
            if snapshot is None or not self._is_current(snapshot):
                continue
            dominance = snapshot.dominance - offset
            if MIN_PERCENT < dominance < MAX_PERCENT and self._is_believed(snapshot, dominance):
                self._log(snapshot, dominance, offset)
                self._notifier.clear("fallback", "Dominance is recorded again.")
                return
        self._notifier.raise_alert(
            "fallback",
            f"{PRIMARY} does not answer, and no fallback does whose offset was learnt: "
            f"no dominance is recorded.",
            is_urgent=False,
        )

    def _ask_fallback(self, name: str) -> ProviderReading | None:
        try:
            snapshot = self._fallbacks[name]()
        except ProviderError as error:
            self._is_clock_doubtful |= isinstance(error, NotCurrentError)
            self._notifier.raise_alert(f"fallback {name}", str(error), is_urgent=False)
            return None
        self._notifier.clear(f"fallback {name}", f"{name} answers.")
        last = self._last.get(name)
        if last is not None and last.raw != snapshot.dominance:
            self._changed[name] = self._clock()
        return snapshot

    def _is_current(self, snapshot: ProviderReading) -> bool:
        """Return whether a value is of now; one that has no time shows it by moving."""
        if snapshot.time is not None:
            return True  # else it had been refused
        changed = self._changed.get(snapshot.provider)
        if changed is None or self._is_clock_doubtful:
            return False  # where others' times are not of now it may be our clock that is wrong
        return self._clock() - changed <= MAX_AGE

    def _is_believed(self, snapshot: ProviderReading, dominance: float) -> bool:
        """Return whether a value counts: one that jumps has to be confirmed.

        By the next reading, which has to be another one, or by another provider. Until then it is
        logged as a reading that does not count.
        """
        if self._is_known(snapshot):
            return True
        known = find_known(self._newest, self._recording.store, self._clock())
        if known is None or known.allows(dominance):
            if self._held is not None:
                text = f"Dominance did not jump: {snapshot.provider} reads {dominance:.2f} %."
                self._notifier.clear("jump", text)
            self._held = None
            return True
        if self._is_confirmed(snapshot, dominance):
            self._held = None
            text = f"The jump of dominance to {dominance:.2f} % is confirmed, and counts."
            self._notifier.clear("jump", text)
            return True
        self._held = snapshot, dominance
        self._append(snapshot, None, None)
        self._notifier.raise_alert(
            "jump",
            f"Dominance jumped from {known.dominance:.2f} % to {dominance:.2f} % at "
            f"{snapshot.provider}. It does not count until another reading confirms it.",
        )
        return False

    def _is_confirmed(self, snapshot: ProviderReading, dominance: float) -> bool:
        if self._held is not None:
            held, value = self._held
            # Without a time, only another value shows that it is another reading.
            is_same = held == snapshot if held.time is None else held.time == snapshot.time
            is_repeated = held.provider == snapshot.provider and is_same
            if not is_repeated and abs(dominance - value) <= MAX_STEP:
                return True
        if snapshot.provider != PRIMARY:
            return False
        for name in self._fallbacks:
            offset = self._offsets.find(name, self._clock())
            other = self._ask_fallback(name) if offset is not None else None
            if other is not None and self._is_current(other):
                return abs(other.dominance - (offset or 0.0) - dominance) <= MAX_STEP
        return False

    def _log(
        self, snapshot: ProviderReading, dominance: float | None, offset: float | None
    ) -> Reading | None:
        if dominance is not None and self._is_known(snapshot):
            return None
        return self._append(snapshot, dominance, offset)

    def _append(
        self, snapshot: ProviderReading, dominance: float | None, offset: float | None
    ) -> Reading | None:
        path = self._recording.log.path
        try:
            reading = self._recording.append(snapshot, dominance=dominance, offset=offset)
        except (OSError, BusyError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            self._notifier.raise_alert(
                "log",
                f"{path}: expected a file that can be written, but {reason}. "
                f"Dominance is not recorded until then.",
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
        self._last[snapshot.provider] = reading
        if dominance is not None:
            self._newest = reading
            logger.info(f"Dominance {dominance:.2f} % by {snapshot.provider}")
        return reading

    def _is_known(self, snapshot: ProviderReading) -> bool:
        """Return whether a provider says again, or still, what it has said before."""
        last = self._last.get(snapshot.provider)
        if last is None or last.time is None or snapshot.time is None or last.dominance is None:
            return False
        return snapshot.time <= last.time


def _ask(name: str, fetch: Fetch, session: requests.Session) -> ProviderReading:
    """Ask a provider; an error that nobody foresaw must not keep the others from being asked."""
    try:
        return fetch(session)
    except ProviderError:
        raise
    except Exception as error:
        logger.exception(f"Asking {name} failed")
        # Its text may hold anything, and goes to a person's telephone.
        raise ResponseError(f"{name}: expected an answer, found {type(error).__name__}") from error
