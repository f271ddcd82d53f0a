"""What a model of meta-labels is worth: entries predicted out of sample, and how good that was.

folds.py   which entries are predicted by which others
walk.py    the predictions, fold by fold; importances, and placebos of shuffled labels
scores.py  how good they are, and how sure that is
run.py     all of it
"""
