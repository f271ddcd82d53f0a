"""What costs and delay leave of a backtest's profit.

grid.py        the costs and delays that are tried
preparation.py the configuration of `freqtrade backtesting`, and what is refused
environment.py an environment that leads to an exchange emulator
breakeven.py   the cost at which nothing is earned any more
study.py       all of it, in order
report.py      what a person is told
picture.py     the same as a line chart, drawn by axes.py and svg.py
"""
