"""Download a provider's history as dominance candles, so that no file has to be imported.

shares.py    market caps → Bitcoin's share, day by day
download.py  a plan → calls, none made twice on one day → stored candles
long.py      CoinMarketCap's dominance since 2013, in a few calls → stored candles
"""
