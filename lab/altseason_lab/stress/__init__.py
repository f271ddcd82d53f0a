"""What costs and delay leave of a backtest's profit.

grid.py      the costs and delays that are tried
breakeven.py the cost at which no profit is left
run.py       all of it, in order
report.py    what is printed
chart.py     the same as a page with a line chart
"""
