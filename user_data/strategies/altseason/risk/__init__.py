"""How much is at stake, and when it is too much; arithmetic apart from the strategy.

sizing.py       the stake of an entry, and what a grown position has too much
stops.py        the chandelier stop
known.py        ATR and close, as they were known at a time
protections.py  Freqtrade's own protections, with values that fit the strategy
orphans.py      coins that no trade explains
lost_orders.py  orders of open trades whose answer was lost, given back to Freqtrade
open_orders.py  orders that the exchange has and Freqtrade does not know
"""
