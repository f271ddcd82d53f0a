"""Scenario: readings that cannot be written, with a disk that is really full and permissions."""

import contextlib
import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reliability.recorder.child import NOBODY, Child, children, run_on_command
from reliability.recorder.clock import SharedClock
from reliability.recorder.oracle import LOG, check_candles, check_log
from reliability.recorder.rig import START
from reliability.recorder.walk import make_walk
from reliability.tally import Setting, Tally, Try
from tests.providers.serving import serving

DISK = "512k"
PAGE = 4096
HOURS_A_DAY = 24
# Where a long line does not fit, a short one may: then the problem ends, and begins again.
MAX_TOLD = 3
ROOT_USER = 0

Break = Callable[[Child, Path], None]


def try_folders(setting: Setting, tally: Tally) -> None:
    """Break each way at a random time, for hours and for days."""
    _try_way(setting, tally, "the log may not grow", setting.new_folder, _limit, _unlimit)
    _try_way(setting, tally, "the folder is read-only", setting.new_folder, _lock_up, _unlock)
    with _small_disks(setting) as new_disk:
        if new_disk is None:
            tally.notes.append("no disk may be mounted here, so that none was filled")
        else:
            _try_way(setting, tally, "the disk is full", new_disk, _fill, _empty)


def _try_way(
    setting: Setting,
    tally: Tally,
    name: str,
    new_folder: Callable[[str], Path],
    begin: Break,
    end: Break,
) -> None:
    for repetition in range(setting.choose(2, 20)):
        # Every other time for longer than the two days that are rebuilt each hour.
        hours = setting.random.uniform(2, 5) * HOURS_A_DAY if repetition % 2 else 0
        with tally.trying(f"{name}, for {hours:.0f} hours and some polls") as this:
            folder = new_folder(f"{name}-{repetition}".replace(" ", "-"))
            _live_through(this, setting, folder, hours, begin, end)


def _live_through(
    this: Try, setting: Setting, folder: Path, hours: float, begin: Break, end: Break
) -> None:
    clock = SharedClock(setting.folder / f"{folder.name}.clock", START)
    walk = make_walk(clock, setting.random)
    user = NOBODY if os.getuid() == ROOT_USER else None
    if user is not None:
        os.chown(folder, user, user)
        os.chown(clock.path, user, user)
    with serving(walk.answer) as server:
        child = Child(run_on_command, folder, walk.urls(server.url), clock.path, user)
        with children(child):
            child.command("poll", setting.random.randint(0, 12))
            child.command("collect")
            begin(child, folder)
            child.command("poll", setting.random.randint(1, 12))
            clock.sleep(hours * 3600)
            child.command("poll", setting.random.randint(1, 12))
            told = child.command("collect")
            end(child, folder)
            before = len(child.acknowledged)
            child.command("poll", 1)
            this.expect(len(child.acknowledged) > before, "it does not go on")
            child.command("poll", 6)
            told += child.command("collect")
        this.expect(bool(told), "nothing was told")
        most = max(map(told.count, told), default=0)
        this.expect(most <= MAX_TOLD, f"told {most} times: {told}")
        check_log(this, folder, child.acknowledged, walk.all_said())
        check_candles(this, folder, clock())


def _limit(child: Child, folder: Path) -> None:
    """Leave space for a part of a line."""
    log = folder / LOG
    child.command("limit", (log.stat().st_size if log.exists() else 0) + 100)


def _unlimit(child: Child, folder: Path) -> None:
    child.command("limit", None)


def _lock_up(child: Child, folder: Path) -> None:
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)


def _unlock(child: Child, folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)


def _fill(child: Child, folder: Path) -> None:
    """Write until there is no space for another page."""
    with (folder.parent / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(PAGE))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def _empty(child: Child, folder: Path) -> None:
    (folder.parent / "filler").unlink()


@contextmanager
def _small_disks(setting: Setting) -> Iterator[Callable[[str], Path] | None]:
    """Yield a function that creates a folder on a small disk; None if none can be mounted."""
    with contextlib.ExitStack() as mounted:

        def new_disk(name: str) -> Path:
            disk = setting.new_folder(f"disk-{name}")
            _mount(disk)
            mounted.callback(_unmount, disk)
            folder = disk / name
            folder.mkdir()
            return folder

        probe = setting.new_folder("disk-probe")
        try:
            _mount(probe)
        except (OSError, subprocess.CalledProcessError):
            yield None
            return
        _unmount(probe)
        yield new_disk


def _mount(folder: Path) -> None:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tmpfs", str(folder)],
        check=True,
        capture_output=True,
    )


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", str(folder)], check=True, capture_output=True)
