"""The lab's contacts with what Freqtrade does not promise, a module each.

backtests.py  Freqtrade's own `Backtesting`, again and again on candles loaded once
command.py    its command line: which commands read a configuration, and with which defaults
delay.py      signals that come later, by a method that is not to be overridden
stops.py      its exit reasons that are stops, and the slippage that it cannot trade there
overlay.py    the options by which its exchange object finds the emulator and nothing else
"""
