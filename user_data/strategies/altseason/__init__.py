"""Bitcoin's dominance as an ordinary Freqtrade candle pair, and the rules that read it.

This package runs in the official Freqtrade image as it is: it imports nothing that Freqtrade does
not bring, and it is found because Freqtrade and Python look in the strategies folder.
"""

__version__ = "0.1.0"
