"""The thread that records dominance: one in each process, until the process ends.

Freqtrade builds a new strategy for every `/reload_config` and tells the old one nothing, so the
thread belongs to this module.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from altseason.dominance.store import DominanceStore, open_store
from altseason.dominance.synthetic import is_synthetic
from altseason.errors import BusyError, InputError, StoredDataError
from altseason.host.configuration import data_directory
from altseason.notifications import Notifier
from altseason.recorder.backfill import Backfill
from altseason.recorder.backoff import Backoff
from altseason.recorder.claim import Claim
from altseason.recorder.poller import Poller, Providers, build_providers
from altseason.recorder.recording import INTERVAL, Recording
from altseason.settings import DominanceSettings, is_loopback, load_settings
from altseason.sources.coingecko import ApiAccess, load_access
from altseason.sources.reading import Clock, read_clock

logger = logging.getLogger(__name__)

STEP_SECONDS = 10.0
# After an unforeseen error.
FIRST_PAUSE = pd.Timedelta(minutes=1)
MAX_PAUSE = pd.Timedelta(hours=1)


class _Stopped(BaseException):
    """Ends a download that would go on for minutes."""


class Feed:
    """Record dominance in a data directory, or stand by while another process does.

    :param clock: decides what is due.
    :param sleep: waits a number of seconds between two steps; by default until it is stopped.
    :raises InputError: where the folder holds synthetic candles, and the provider is a real one.
    :raises StoredDataError: where the folder holds another provider's dominance.
    :raises OperationalException: where the configuration is wrong.
    """

    def __init__(
        self,
        config: dict[str, Any],
        *,
        clock: Clock = read_clock,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        datadir = data_directory(config)
        self.notifier = Notifier(logger)
        self.recording = Recording(datadir, open_store(config), clock)
        self._rebuild = Backoff(lambda: self.recording.rebuild(), clock, first=INTERVAL)
        self._step = Backoff(self.step, clock, first=FIRST_PAUSE, longest=MAX_PAUSE)
        self._failure: Exception | None = None
        self._clock = clock
        self._stopping = threading.Event()
        self._sleep = sleep or self._stopping.wait
        self._on_end: Callable[[], None] | None = None
        self._claim = Claim(datadir, self.recording.store.pair)
        self._polled: pd.Timestamp | None = None
        self._wanted: tuple[ApiAccess, DominanceSettings] | None = None
        self._in_use: Providers | None = None
        self._poller: Poller | None = None
        self._provider, self._seen_size = "", 0
        self._is_rebuilt = False
        self._configuring = threading.Lock()
        self._thread = threading.Thread(target=self.run, name="altseason-feed", daemon=True)
        self.configure(config)

    @property
    def is_polling(self) -> bool:
        """Return whether this process polls the providers."""
        return self._poller is not None

    def configure(self, config: dict[str, Any]) -> None:
        """Apply another configuration: keys, URLs, and whether to backfill.

        :raises OperationalException: where the configuration is wrong; nothing changes then.
        """
        datadir, access = data_directory(config), load_access(config)
        settings = load_settings(config).dominance
        store = open_store(config)
        url = getattr(settings.urls, settings.provider)
        if is_synthetic(datadir) and not is_loopback(url or ""):
            raise InputError(f"{datadir}: expected a folder for real candles, found synthetic ones")
        store.validate_provider()
        wanted = (access, settings)
        with self._configuring:
            if wanted != self._wanted:
                self._providers = build_providers(config, self._clock)
                if store.provider != self.recording.store.provider:
                    self._begin_series(store)
                self._provider = self._provider or self._providers.name
                self._backfill = Backfill(
                    config, self.recording.store, self.notifier, self._clock, self._go_on
                )
                self._wanted, self._poller = wanted, None

    def _begin_series(self, store: DominanceStore) -> None:
        """Record for the store of another provider from now on, in the same log."""
        log = self.recording.log
        self.recording = Recording(log.path.parent, store, self._clock)
        self.recording.log = log
        self._provider, self._seen_size, self._is_rebuilt = "", 0, False

    def start(self, on_end: Callable[[], None] | None = None) -> None:
        """Run in a thread of its own, which ends with the process.

        :param on_end: called by that thread at its end.
        """
        self._on_end = on_end
        self._thread.start()

    def stop(self, *, wait: bool = True, timeout: float | None = None) -> None:
        """End `run` after its step, and let another process poll.

        :param timeout: how many seconds to wait for it at most.
        """
        self._stopping.set()
        if wait and self._thread.is_alive():
            self._thread.join(timeout)

    def run(self) -> None:
        """Record until it is stopped."""
        try:
            while not self._stopping.is_set():
                self._try_step()
                self._sleep(STEP_SECONDS)
        finally:
            self.close()
            if self._on_end is not None:
                self._on_end()

    def close(self) -> None:
        """Let another process poll, and close the connections; `run` does so at its end."""
        self._claim.release()
        for providers in (self._providers, self._in_use):
            if providers is not None:
                providers.close()

    def _try_step(self) -> None:
        try:
            self._step()
        except Exception as error:
            # The thread must go on: nobody would notice its end, and dominance would go stale.
            if error is not self._failure:
                logger.exception("Recording dominance failed, trying again in a while")
            self._failure = error
            name = type(error).__name__
            self.notifier.raise_alert(
                "internal", f"Recording dominance failed: {name}; see the log"
            )
        else:
            self._failure = None
            self.notifier.clear("internal", "Recording dominance works again.")

    def step(self) -> None:
        """Do what is due: poll, store candles that have ended, notify, and fetch missing days."""
        if self.record() and self._wanted and self._wanted[1].backfill:
            with contextlib.suppress(_Stopped):
                self._backfill.run()

    def record(self) -> bool:
        """Do what is due except for missing days; return whether this process polls, and can."""
        try:
            is_ours = self._claim.take()
            if is_ours and self._is_due():
                self._poll()
            self.recording.settle()
            if not self._is_rebuilt:
                self._rebuild()
                self._is_rebuilt = True
            self._notify_provider()
        except (OSError, BusyError, StoredDataError) as error:
            self.notifier.raise_alert("folder", f"Dominance cannot be recorded: {error}")
            return False
        self.notifier.clear("folder", "Dominance can be recorded again.")
        return is_ours

    def _go_on(self, done: int, of: int) -> None:
        """Record what is due while a download waits for its turns."""
        if self._stopping.is_set():
            raise _Stopped
        self.record()

    def _is_due(self) -> bool:
        now = self._clock()
        if self._polled is None:
            self._polled = self._claim.load_poll_time()
        # A time in the future was written before the clock was set back.
        return self._polled is None or not pd.Timedelta(0) <= now - self._polled < INTERVAL

    def _poll(self) -> None:
        poller = self._prepare_poller()
        # Before the poll: one that makes the process end must not be repeated at once.
        self._polled = self._clock()
        self._claim.save_poll_time(self._polled)
        poller.poll()

    def _prepare_poller(self) -> Poller:
        with self._configuring:
            if self._poller is None:
                if self._in_use is not None:
                    self._in_use.close()
                self._in_use = self._providers
                self._poller = Poller(self.recording, self._in_use, self.notifier, self._clock)
            return self._poller

    def _notify_provider(self) -> None:
        """Notify when another provider's readings count, even where another process polls."""
        size = self.recording.log.size()
        if size == self._seen_size:
            return
        self._seen_size = size
        last = self.recording.load_last()
        if last is None or last.provider == self._provider:
            return
        self._provider = last.provider
        if last.offset is None:
            self.notifier.notify(f"Using {last.provider} again: {last.raw:.2f} %.")
        else:
            self.notifier.notify(
                f"{self._providers.name} is unreachable. Using {last.provider}: {last.raw:.2f} % "
                f"as reported, {last.dominance:.2f} % after calibration ({-last.offset:+.2f})."
            )


_feeds: dict[Path, Feed] = {}
_registering = threading.Lock()


def start_feed(config: dict[str, Any]) -> Feed:
    """Return the feed of a data directory, started if there was none in this process.

    A bot has one data directory, so the feed of another one, from before `/reload_config`, ends.

    :raises OperationalException: as `Feed` does.
    """
    folder = data_directory(config).resolve()
    with _registering:
        feed = _feeds.get(folder)
        if feed is not None and feed.recording.store.pair == load_settings(config).dominance.pair:
            feed.configure(config)
        else:
            of_other_pair, feed = feed, Feed(config)
            feed.start()
            _feeds[folder] = feed
            if of_other_pair is not None:
                of_other_pair.stop(wait=False)
        for other in [path for path in _feeds if path != folder]:
            _feeds.pop(other).stop(wait=False)
        return feed


def find_feed(config: dict[str, Any]) -> Feed | None:
    """Return the feed of a data directory that runs in this process; None if none does."""
    with _registering:
        return _feeds.get(data_directory(config).resolve())


def end_feed(config: dict[str, Any]) -> None:
    """End the feed of a data directory, if there is one, without waiting for its end."""
    with _registering:
        feed = _feeds.pop(data_directory(config).resolve(), None)
    if feed is not None:
        feed.stop(wait=False)
