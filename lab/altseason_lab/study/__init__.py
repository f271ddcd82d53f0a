"""What the gate is worth: gate rules by windows by groups of pairs, in Freqtrade's own backtest.

grid.py     which cells there are
metrics.py  what is calculated of a cell, by Freqtrade's own functions
hold.py     what holding the coins, or Bitcoin, would have earned
lines.py    what the gate went by, day by day
placebo.py  the same dominance at wrong dates, and the test against it
cell.py     one cell, run in this process
run.py      all of it, in order
report.py   what is printed
verdict.py  what was found, in words
costs.py    what fees and slippage leave of it
models.py   the models of meta-labels that the strategy has, judged by `metalabels`
origin.py   what it was made by
page.py     the same as a page: scope_page.py is a section of it, figures.py and timelines.py draw
            its charts, glossary.py explains its words

contents.py   what a cell's result depends on
results.py    results, stored by that
execution.py  cells with their results, stored or run
process.py    what a process keeps from cell to cell
cluster.py    processes by Dask, here or wherever its workers are
scheduler.py  cells, handed out to them
"""
