"""The exchange emulator: an HTTP server on 127.0.0.1 that answers like Binance spot.

It lets the real Freqtrade and the real ccxt run without a network, on candles from a folder. It is
a tool to rehearse with: it knows no queue, no slippage and no other trader, so what works here can
still fail on an exchange, and no result on it says what an exchange would have given.
"""
