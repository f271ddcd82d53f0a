"""How much is at stake, and when it is too much; arithmetic apart from the strategy.

sizing.py       the stake of an entry, the excess of a grown position, the chandelier stop
known.py        ATR and close, as they were known at a time
protections.py  Freqtrade's own protections, with values that fit the strategy
account.py      the account against what Freqtrade knows of it
orphans.py      coins that no trade explains
sent_orders.py  orders as Freqtrade sent them, and which order can only be one of these
lost_orders.py  orders of open trades whose response was lost, given back to Freqtrade
unserved.py     trades without their stop, or whose exit is refused
holdings.py     what the account holds of a coin, beside what Freqtrade has recorded
"""
