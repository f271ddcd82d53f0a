"""Every contact with what Freqtrade does not promise, a module each.

Private attributes, names and texts of Freqtrade are used here and nowhere else in the plugin: this
folder shows what a new version of Freqtrade may break, and `tests/host` fails when it does. See the
table in docs/ARCHITECTURE.md. Elsewhere ruff refuses private members.

version.py        the versions of Freqtrade that this was tested with
callbacks.py      an error in a callback is consent to an entry; a trade is copied for each callback
candle_files.py   the name of a candle file, and columns that a backtest adds to candles
configuration.py  Freqtrade's own parser and reader of its configuration, and what they log
digest.py         the cache of backtests depends on the configuration, unknown keys included
exchange.py       the exchange behind a strategy: ccxt, the orders that are sent, their records
origins.py        which of Freqtrade's places each value is taken from
parameters.py     parameters belong to a class, and what the parameter file said is kept aside
schema.py         the schema of its configuration, whose errors print what was refused
secrets.py        the list of settings that Freqtrade leaves out of its results
"""
