"""What a backtest has promised, beside what a bot trades.

card.py   what `altseason study --card` writes: a rule, its coins, and how it traded
watch.py  the comparison of a bot's closed trades with it
"""
