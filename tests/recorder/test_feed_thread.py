"""The one thread of a process that records, from its start to its end."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from altseason.recorder.feed import end_feed, start_feed
from tests.providers.serving import Provider
from tests.providers.world import Market
from tests.recorder.feeds import feed_threads
from tests.recorder.simulation import dominance_config, load_lines

pytestmark = pytest.mark.usefixtures("registry")


@pytest.fixture
def config(tmp_path: Path, live_market: Market, live_server: Provider) -> dict:
    return dominance_config(tmp_path, live_market.urls(live_server.url))


def open_in(folder: Path) -> list[str]:
    paths = [Path(file.path) for file in psutil.Process().open_files()]
    return [path.name for path in paths if path.parent == folder]


def test_reloading_the_configuration_keeps_one_thread_and_one_lock(
    config: dict, tmp_path: Path, wait_until: Callable[..., None]
):
    feeds = {start_feed({**config}) for _ in range(20)}
    assert len(feeds) == 1
    [thread] = feed_threads()
    assert thread.daemon
    wait_until(lambda: load_lines(tmp_path))
    assert open_in(tmp_path).count(".altseason-feed.lock") == 1


def test_folder_by_another_name_has_the_same_feed(config: dict, tmp_path: Path):
    other = tmp_path / "link"
    other.symlink_to(tmp_path)
    assert start_feed(config) is start_feed({**config, "datadir": other})
    assert len(feed_threads()) == 1


def test_feed_of_another_folder_ends_when_the_configuration_names_a_new_one(
    config: dict, tmp_path: Path, wait_until: Callable[..., None]
):
    first = start_feed(config)
    wait_until(lambda: load_lines(tmp_path))
    folder = tmp_path / "second"
    folder.mkdir()
    second = start_feed({**config, "datadir": folder})
    wait_until(lambda: len(feed_threads()) == 1)
    wait_until(lambda: load_lines(folder))
    assert open_in(tmp_path) == []
    assert start_feed({**config, "datadir": folder}) is second
    assert start_feed(config) is not first


def test_feed_that_is_stopped_leaves_no_thread_and_no_lock(
    config: dict, tmp_path: Path, wait_until: Callable[..., None]
):
    feed = start_feed(config)
    wait_until(lambda: load_lines(tmp_path))
    feed.stop()
    assert feed_threads() == []
    assert open_in(tmp_path) == []


def test_feed_that_is_not_wanted_any_more_ends_and_can_begin_again(
    config: dict, tmp_path: Path, wait_until: Callable[..., None]
):
    end_feed(config)
    first = start_feed(config)
    end_feed(config)
    wait_until(lambda: not feed_threads())
    assert open_in(tmp_path) == []
    assert start_feed(config) is not first
