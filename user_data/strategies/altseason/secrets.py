"""Keys that nobody else may read, in Freqtrade's own list of them.

Freqtrade writes its configuration, without the secrets that it knows, into every backtest result;
a variable of the environment is a part of it by then.
"""

from freqtrade.configuration import config_secrets

OURS = ("altseason.dominance.coinmarketcap_key",)


def hide_secrets() -> None:
    """Have Freqtrade blank our keys, too, wherever it blanks its own."""
    # Not public, and there is no other way. A Freqtrade that keeps it elsewhere must not fail here.
    known: list[str] = getattr(config_secrets, "_SENSITIVE_KEYS", [])
    known.extend(key for key in OURS if key not in known)
