"""A running bot, asked by its REST API."""

import os
from typing import Any

import pandas as pd

from altseason.errors import InputError

# What conditions may look back to, in candles.
LIMIT = 500
ADVICE = "switch api_server on, as in user_data/overlays/frequi.json, or name it with --url"

LOGIN = (
    "; check username and password of api_server, in the configuration or in "
    "FREQTRADE__API_SERVER__USERNAME and FREQTRADE__API_SERVER__PASSWORD"
)


class RunningBot:
    """Reads from the REST API of a bot.

    :raises InputError: where none answers, or the user or the password is refused.
    """

    def __init__(self, config: dict[str, Any], url: str | None = None) -> None:
        # Freqtrade brings it, and only this needs it.
        from freqtrade_client.ft_rest_client import FtRestClient

        settings = config.get("api_server", {})
        self._url = url or _build_url(settings)
        user, password = (_read_secret(settings, name) for name in ("username", "password"))
        self._client = FtRestClient(self._url.rstrip("/"), user, password)
        self.strategy = str(self._checked(self._client.show_config())["strategy"])

    def fetch_whitelist(self) -> list[str]:
        """Return the pairs that the bot looks at now."""
        return list(self._checked(self._client.whitelist())["whitelist"])

    def fetch_candles(self, pair: str, timeframe: str) -> pd.DataFrame:
        """Return the newest analyzed candles of a pair with all columns; empty without any."""
        answer = self._checked(self._client.pair_candles(pair, timeframe, LIMIT))
        candles = pd.DataFrame(answer["data"], columns=answer["columns"])
        for name in candles.columns:
            if name.startswith("date"):
                candles[name] = pd.to_datetime(candles[name], utc=True)
            elif candles[name].dtype == object and candles[name].isna().any():
                # JSON has None for what is no number.
                numbers = pd.to_numeric(candles[name], errors="coerce")
                is_numeric = numbers.isna().equals(candles[name].isna())
                candles[name] = numbers if is_numeric else candles[name]
        return candles

    def _checked(self, answer: Any) -> dict[str, Any]:
        if isinstance(answer, dict) and "detail" not in answer and "error" not in answer:
            return answer
        if answer is None:
            raise InputError(f"{self._url}: expected a running bot, found none; {ADVICE}")
        reason = answer.get("detail") or answer.get("error") if isinstance(answer, dict) else answer
        hint = LOGIN if "Unauthorized" in str(reason) else ""
        raise InputError(
            f"{self._url}: expected an answer of the bot, found: {str(reason)[:200]}{hint}"
        )


def _build_url(settings: dict[str, Any]) -> str:
    host = settings.get("listen_ip_address", "127.0.0.1")
    # It listens everywhere, also here.
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  # only compared
    port = os.environ.get("FREQTRADE__API_SERVER__LISTEN_PORT") or settings.get("listen_port", 8080)
    return f"http://{host}:{port}"


def _read_secret(settings: dict[str, Any], name: str) -> str:
    return os.environ.get(f"FREQTRADE__API_SERVER__{name.upper()}") or str(settings.get(name, ""))
