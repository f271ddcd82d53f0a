"""The sample market: seeded synthetic candles, so that everything can be tried without a download.

It exists to exercise the software. It is drawn from market statistics and contains no known edge,
so results on it say nothing about real markets.
"""
