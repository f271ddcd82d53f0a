"""Tools for the desk, beside the bot: sandbox, sample market, stress test, study, walk-forward.

They import the plugin, `altseason`; the plugin works without them.
"""
