"""A provider's history → dominance candles, where no file has to be imported.

shares.py    market caps → Bitcoin's share, day by day
cache.py     the series that were fetched already today
download.py  which calls are made, in which order
fill.py      what was downloaded → the store
"""
