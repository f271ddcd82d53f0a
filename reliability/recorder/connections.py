"""Scenario: connections that fail, at each provider and each proxy, and a real outage."""

import time
from urllib.parse import urlsplit

import pandas as pd
import pytest

from altseason.recorder import poller
from reliability.recorder.counting import have_count
from reliability.recorder.oracle import Key
from reliability.recorder.rig import INTERVAL_SECONDS, QUICK, Rig, build_config, rigging
from reliability.recorder.walk import FALLBACKS, NAMES
from reliability.tally import Setting, Tally, Try
from tests.providers.proxies import PROXY_FAULTS, WAYS
from tests.providers.serving import Reply, serving
from tests.providers.world import global_body, reply

SMALL_FAILURES = ("drop", "truncated")
FAILURES = ("drop", "hang", "drip", "cut", "truncated", "slow head", "slow chunk")
# A time-out to connect and one to read, then the body; and some time for a busy machine.
MAX_STEP = QUICK.connect_timeout + QUICK.read_timeout + QUICK.deadline + 2
# After a change of the settings the recorder waits for the primary again.
POLLS_AFTER_CHANGE = 5
STEP_SECONDS = 0.05
NOBODY = "http://127.0.0.1:9"


def try_connections(setting: Setting, tally: Tally) -> None:
    """Break the connection in every way, then restore it."""
    is_full = setting.scale == "full"
    some = ("coingecko", setting.random.choice(FALLBACKS))
    for provider in NAMES if is_full else some:
        with rigging(setting.new_folder(provider), setting.random) as rig:
            have_count(rig, provider)
            for failure in FAILURES if is_full else SMALL_FAILURES:
                _try_failure(rig, provider, failure, tally)
            for name, url in _unreachable().items():
                _try_url(rig, provider, name, url, tally)
            with tally.trying(f"{provider}, all of it on disk") as this:
                rig.check(this)
    _try_outage(setting, tally)
    for way in WAYS[1:]:
        for provider in NAMES if is_full else (setting.random.choice(some),):
            _try_proxy(setting, provider, way, tally)


def _try_proxy(setting: Setting, provider: str, way: str, tally: Tally) -> None:
    """Break the connection behind a proxy, and the one to it."""
    is_full = setting.scale == "full"
    small = ("drip", setting.random.choice(PROXY_FAULTS))
    with rigging(setting.new_folder(f"{way} {provider}"), setting.random, way=way) as rig:
        have_count(rig, provider)
        for failure in FAILURES if is_full else small[:1]:
            _try_failure(rig, provider, failure, tally)
        for fault in PROXY_FAULTS if is_full else small[1:]:
            with tally.trying(f"{provider}, {way} that {fault}") as this:
                rig.reached.proxy.fault = fault
                try:
                    _expect_nothing(rig, this)
                finally:
                    rig.reached.proxy.fault = None
                rig.check_next(this, provider)
        with tally.trying(f"{provider}, {way} that is not there") as this:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("HTTP_PROXY", NOBODY)
                patch.setenv("HTTPS_PROXY", NOBODY)
                _expect_nothing(rig, this)
            rig.check_next(this, provider)
        with tally.trying(f"{provider}, {way}, all of it on disk") as this:
            rig.check(this)
            rig.check_way(this)


def _try_failure(rig: Rig, provider: str, failure: str, tally: Tally) -> None:
    with tally.trying(f"{provider}, {rig.way}, {failure}") as this:
        rig.walk.faults[provider] = _broken(rig, failure)
        try:
            _expect_nothing(rig, this)
        finally:
            del rig.walk.faults[provider]
        rig.check_next(this, provider)


def _expect_nothing(rig: Rig, this: Try) -> None:
    """Poll, and expect that nothing counts and that it does not take too long."""
    start = time.monotonic()
    counted = rig.counted()
    took = time.monotonic() - start
    this.lost += len(counted)
    this.expect(not counted, f"recorded was {counted}")
    this.expect(took < MAX_STEP, f"the step took {took:.1f} s")


def _broken(rig: Rig, failure: str) -> Reply:
    # Too long to drip to its end in time.
    body = reply(global_body(57.9, int(rig.clock().timestamp()))).body
    return Reply(body, way=failure)


def _unreachable() -> dict[str, str]:
    return {
        "no such host": "https://name.invalid/api",
        "nobody listens": "http://127.0.0.1:9",
        "no TLS": "https://127.0.0.1",
    }


def _try_url(rig: Rig, provider: str, name: str, url: str, tally: Tally) -> None:
    with tally.trying(f"{provider}, {name}") as this:
        good = rig.urls()
        rig.feed.configure(build_config(rig.folder, {**good, provider: url}))
        counted = rig.counted(POLLS_AFTER_CHANGE)
        rig.feed.configure(build_config(rig.folder, good))
        this.lost += len(counted)
        this.expect(not counted, f"recorded was {counted}")
        rig.check_next(this, provider, within=POLLS_AFTER_CHANGE)


def _try_outage(setting: Setting, tally: Tally) -> None:
    """Close the address of a provider for some real time."""
    seconds, speed = setting.choose(1, 60), setting.choose(3000, 60)
    wanted = poller.POLICY if setting.scale == "full" else QUICK
    with rigging(setting.new_folder("outage"), setting.random, wanted) as rig:
        address = serving(rig.walk.answer)
        server = address.__enter__()
        with tally.trying(f"an outage of {seconds} s") as this:
            rig.feed.configure(build_config(rig.folder, rig.walk.urls(server.url)))
            before = _live(rig, 3 * INTERVAL_SECONDS / speed, speed)
            address.__exit__(None, None, None)
            during = _live(rig, seconds, speed)
            with serving(rig.walk.answer, port=urlsplit(server.url).port or 0):
                after = _live(rig, 2 * INTERVAL_SECONDS / speed + 1, speed)
            this.expect(bool(before), "nothing was recorded before it")
            this.expect(not during, f"recorded was {during} while it lasted")
            this.expect(bool(after), "nothing was recorded within two polls after it")
            rig.check(this)


def _live(rig: Rig, seconds: float, speed: float) -> list[Key]:
    """Make steps for some real time, in which the recorder's clock runs faster."""
    before, began, start = len(rig.acknowledged), rig.clock(), time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        rig.clock.set(began + pd.Timedelta(seconds=passed * speed))
        rig.feed.step()
        time.sleep(STEP_SECONDS)
    return rig.acknowledged[before:]
