"""Bitcoin's dominance as an ordinary Freqtrade candle pair, and the rules that read it.

This package runs in Freqtrade's official image without further packages. It is found because it
lies in the strategies folder, beside the strategies that import it.
"""

import sys
from pathlib import Path

__version__ = "0.1.0"

# Freqtrade drops the strategies folder from sys.path after loading a strategy, and the workers of
# hyperopt inherit that path: without this they could not import this package.
_FOLDER = str(Path(__file__).parent.parent)
if _FOLDER not in sys.path[1:]:
    sys.path.append(_FOLDER)
