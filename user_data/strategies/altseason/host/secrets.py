"""Keep secrets of the configuration out of the results that people share.

Freqtrade writes its configuration, environment variables included, into every backtest result, and
redacts the settings of a private list. That list lacks some of Freqtrade's own secrets, and all of
ours.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from freqtrade.configuration import config_secrets, sanitize_config
from freqtrade.enums import TRADE_MODES

from altseason.errors import AltSeasonError

# Settings that may hold a secret in any form; some of them are whole sections.
SETTINGS = (
    "altseason.dominance.coinmarketcap_key",
    "altseason.dominance.urls",
    "api_server.jwt_secret_key",
    "api_server.ws_token",
)
NAMES = re.compile(
    r"pass(word|phrase|wd)|secret|token|(api|private)[._-]?key|webhook_?url|authorization|credential"
    r"|chat_?id|wallet_?address|coinmarketcap_key|^(key|uid|login|account_?id)$",
    re.IGNORECASE,
)
# URLs with a login, or with a key as a parameter.
URLS = re.compile(r"://[^/?#\s]+@|[?&][^=&\s]*(key|token|secret|pass)[^=&\s]*=", re.IGNORECASE)
MARK = "a secret"


def hide_secrets(config: Mapping[str, Any]) -> None:
    """Make Freqtrade redact every secret of a configuration wherever it redacts its own.

    :raises AltSeasonError: if Freqtrade would not redact them, unless a bot trades: it writes no
        results, and must keep running for its exits.
    """
    wanted = list(dict.fromkeys([*SETTINGS, *find_secrets(config.get("original_config", config))]))
    # Private, but there is no other way.
    known = getattr(config_secrets, "_SENSITIVE_KEYS", None)
    if isinstance(known, list):
        known.extend(path for path in wanted if path not in known)
    shown = find_shown(wanted)
    if shown and config.get("runmode") not in TRADE_MODES:
        raise AltSeasonError(
            f"this version of Freqtrade would write {', '.join(shown)} into its results: use the "
            "version that this project requires, or remove the secrets from the configuration"
        )


def find_secrets(config: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the dotted paths of settings that hold a secret, judged by their names and values.

    A list that holds a secret is redacted as a whole, since a path cannot lead into it; so is a
    section with a secret whose name has a dot.
    """
    for name, value in config.items():
        path = f"{prefix}{name}"
        if path in SETTINGS or "." in name:
            continue
        if isinstance(value, Mapping):
            dotted = {key: part for key, part in value.items() if "." in key}
            if any(_holds_secret(key, part) for key, part in dotted.items()):
                yield path
            else:
                yield from find_secrets(value, f"{path}.")
        elif _holds_secret(name, value):
            yield path


def find_shown(paths: Iterable[str]) -> list[str]:
    """Return the settings that Freqtrade would not redact."""
    return [path for path in paths if MARK in repr(sanitize_config(_nest(path)))]


def _holds_secret(name: str, value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_secret(key, part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return any(_holds_secret(name, part) for part in value)
    if isinstance(value, bool) or value in (None, ""):
        return False
    return bool(NAMES.search(name) or (isinstance(value, str) and URLS.search(value)))


def _nest(path: str) -> dict[str, Any]:
    nested: Any = MARK
    for name in reversed(path.split(".")):
        nested = {name: nested}
    return dict(nested)
