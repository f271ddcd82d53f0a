"""What a platform without `fcntl` has: Windows' `msvcrt` as far as it is used, or no locks."""

import os

LK_UNLCK, LK_NBLCK = 0, 2


class Msvcrt:
    """Locks single bytes, each by its position: https://docs.python.org/3/library/msvcrt.html."""

    LK_UNLCK, LK_NBLCK = LK_UNLCK, LK_NBLCK

    def __init__(self) -> None:
        self._holders: dict[tuple[int, int], int] = {}

    def locking(self, descriptor: int, mode: int, count: int) -> None:
        byte = (os.fstat(descriptor).st_ino, os.lseek(descriptor, 0, os.SEEK_CUR))
        assert count == 1
        if mode == LK_UNLCK:
            assert self._holders.pop(byte) == descriptor
        elif byte in self._holders:
            raise PermissionError(13, "Permission denied")
        else:
            self._holders[byte] = descriptor
