"""A digest of all that a backtest depends on, but that Freqtrade's cache ignores.

Freqtrade loads a repeated backtest from its cache if the configuration, the parameter file and the
strategy's own file are unchanged. With this digest in the configuration, the backtest is run again
after a change of dominance candles, of this package, or of parent classes in other files.
"""

import hashlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

CONFIG_KEY = "altseason_digest"
_PACKAGE = Path(__file__).parent.parent


def calculate_digest(strategy_class: type, data_files: Iterable[Path]) -> str:
    """Return a hash of our package, the files of a strategy's parent classes, and data files.

    A data file that does not exist counts as an empty one.
    """
    digest = hashlib.sha256()
    for path in (*_source_files(strategy_class), *data_files):
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path.name}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()


def _source_files(strategy_class: type) -> Iterator[Path]:
    yield from sorted(_PACKAGE.rglob("*.py"))
    for parent in strategy_class.__mro__[1:]:
        module = sys.modules.get(parent.__module__)
        file = getattr(module, "__file__", None)
        if file and not parent.__module__.startswith("freqtrade."):
            yield Path(file)
