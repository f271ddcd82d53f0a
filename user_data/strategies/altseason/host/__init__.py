"""Every use of Freqtrade internals, a module for each.

Private attributes, names and texts of Freqtrade are used here and nowhere else in the plugin: this
folder shows what a new version of Freqtrade may break, and `tests/host` fails when it does. See the
table in docs/ARCHITECTURE.md. Elsewhere ruff refuses private members.

callbacks.py        how callbacks are called: an error in one is consent, and the trade is copied
candle_files.py     the names of candle files, and columns that a backtest adds to candles
configuration.py    how the configuration is parsed and read, and what is logged then
digest.py           the key of the backtest cache: a hash of the configuration, with unknown keys
exchange.py         the exchange behind a strategy: ccxt, the orders that are sent, their records
origins.py          the order in which the places of a value take precedence
parameters.py       parameters of classes, and where the content of the parameter file is kept
schema.py           the schema of the configuration
secrets.py          the list of settings that are redacted in results
strategy_errors.py  how errors of a strategy's callbacks are logged
version.py          the version of Freqtrade
"""
