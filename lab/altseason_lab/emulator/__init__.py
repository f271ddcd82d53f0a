"""The exchange emulator: an HTTP server on 127.0.0.1 that behaves like Binance spot.

It lets the real Freqtrade and the real ccxt run without a network, on candles from a folder. It is
for rehearsals: it has no queue, no slippage and no other traders, so what works here can still fail
on an exchange, and results here say nothing about results there.
"""
