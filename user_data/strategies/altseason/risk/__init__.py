"""The stake of an entry, the excess of a position over its risk budget, and the live account.

manager.py          apply the risk rules: what a strategy's callbacks return
sizing.py           the calculations: stake, excess of a position, chandelier stop
account.py          check a live account against Freqtrade's records
sent_orders.py      note the orders that Freqtrade sends, until the exchange responds
exchange_orders.py  orders as the exchange lists them, and whether they are the bot's
lost_orders.py      return orders whose response was lost to Freqtrade
orphans.py          find coins that no open trade accounts for
unserved.py         notify of trades without their stop, or whose exit is refused
"""
