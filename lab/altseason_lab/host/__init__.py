"""The lab's contacts with what Freqtrade does not promise, with a test each.

repeated.py     Freqtrade's own `Backtesting`, repeated on candles loaded once
backtests.py    the same with several costs and delays
command.py      its command line and configuration, with its defaults
delay.py        late signals, by a method that should not be overridden
hyperopt.py     its hyperopt as a command, its spaces and its stored epochs
parameters.py   values of parameters that no file overrides
predictions.py  FreqAI's stored predictions, kept apart for each backtest
stops.py        its exit reasons that are stops, and slippage at them
overlay.py      the settings by which its exchange object finds only the emulator
"""
