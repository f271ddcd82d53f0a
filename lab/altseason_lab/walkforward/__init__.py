"""Walk-forward: parameters found by hyperopt on one stretch of time, and tested on the next.

windows.py    which stretches of time train, and which test
search.py     `freqtrade hyperopt` on the train part of each window, several at once
plateau.py    the middle of the best epochs, whose parameters are tested
backtests.py  backtests of a window, and their results joined
stability.py  how far a parameter moves from window to window
run.py        all of it, in order
trials.py     the trials that it adds to the ledger
report.py     what is printed
"""
