"""Benchmarks: what the strategy, an import and a study cost, and whether the placebo test holds."""
