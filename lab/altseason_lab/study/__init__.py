"""What the gate is worth: gate rules by windows by groups of pairs, in Freqtrade's own backtest.

grid.py        which cells there are
metrics.py     the figures of a cell, by Freqtrade's own functions
hold.py        what holding the coins, or Bitcoin, would have earned
placebo.py     the same dominance at wrong dates, and the rank of the true dates among them
difference.py  a gate's wallet against the ungated one's, day by day
cell.py        one cell, run in this process
run.py         all of it, in order
models.py      the models of meta-labels that the strategy has, judged by `metalabels`
selection.py   how much of the best result is luck, by the trials in the ledger
trials.py      the trials that a study adds to it
card.py        the evidence card for a bot
origin.py      what a report was made from
verdict.py     what was found, in words
report.py      what is printed
page.py        the same as a page: scope_page.py is a section of it, figures.py and timelines.py
               draw its charts

contents.py    what a cell's result depends on
results.py     results, stored by that
execution.py   cells with their results, stored or run
process.py     what a process keeps from cell to cell
cluster.py     processes by Dask, here or wherever its workers are
scheduler.py   cells, handed out to them
"""
