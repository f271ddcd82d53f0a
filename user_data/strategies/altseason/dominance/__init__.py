"""Store Bitcoin's dominance as candles.

candles.py    readings → candles, and what a valid candle is
store.py      the candles on disk, by Freqtrade's data handlers; nothing stored is ever shortened
convention.py which provider's dominance the candles are
outliers.py   days that jump and come back
importer.py   a file's readings → the store
locking.py    file locks on every platform
synthetic.py  marks a folder whose candles are synthetic
"""
