"""Learning which of the rules' entries reach their take-profit: labels, features, the pooled fit.

labels.py      how each entry ended, by the triple barrier, as Freqtrade would have executed it
uniqueness.py  the weight of a row whose label shares its time with others
features.py    what was known at an entry: at most 20 numbers, each with its reason
pool.py        the rows of all pairs
model.py       the fit of these rows

Meta-labeling: the rules propose, a model says how likely the proposal is to succeed. After M. López
de Prado, "Advances in Financial Machine Learning" (2018), chapters 3, 4 and 7.
"""
