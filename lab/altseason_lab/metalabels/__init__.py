"""What a model of meta-labels is worth: entries predicted out of sample, and scored.

folds.py   which entries are predicted by which others
walk.py    the predictions, fold by fold; importances, and placebos with shuffled labels
scores.py  how good the predictions are, and how certain that is
run.py     all of it
report.py  what is printed
page.py    the same as a section of a page
"""
