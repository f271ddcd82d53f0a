"""The stake of an entry, the excess of a position over its risk budget, and the live account.

manager.py          what a strategy's callbacks return, by the candle that had closed at a time
sizing.py           the calculations: stake, excess of a position, chandelier stop
protections.py      Freqtrade's own protections, with values that fit the strategy
account.py          the account against Freqtrade's records; live only
sent_orders.py      notes of the orders that Freqtrade sends, until the exchange answers
exchange_orders.py  orders as the exchange lists them, and whose they can be
lost_orders.py      orders of open trades whose response was lost, returned to Freqtrade
orphans.py          coins that no open trade accounts for
unserved.py         trades without their stop, or whose exit is refused
"""
