"""Learn which of the rules' entries reach their take-profit.

labels.py         how each entry ended, by the triple barrier, as Freqtrade would have executed it
features.py       what was known at an entry: at most 20 numbers, each with its reason
pool.py           the rows that a model is fitted to: entries of all pairs, with their weights
model.py          the fit of these rows
learner.py        connect a strategy with its model
configuration.py  check and complete FreqAI's section of the configuration
freqaimodels/     FreqAI's model class

This is meta-labeling: the rules propose entries, and a model estimates how likely each is to
succeed. After M. López de Prado, "Advances in Financial Machine Learning" (2018), chapters 3, 4
and 7.
"""
