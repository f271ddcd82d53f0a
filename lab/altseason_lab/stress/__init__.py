"""How much of a backtest's profit costs and delay leave.

grid.py   the costs and delays that are tried
run.py    the backtests, and the cost at which no profit is left
report.py what is printed
chart.py  the same as a page with a line chart
"""
