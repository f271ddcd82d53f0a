"""Read the configuration and analyzed candles of a running bot by its REST API."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from altseason.errors import InputError
from altseason.host.schema import find_hint
from altseason.settings import without_login
from altseason.sources.errors import ResponseError, UnavailableError
from altseason.sources.http import fetch_response
from altseason.sources.responses import excerpt, parse_json
from altseason.sources.session import RequestPolicy, build_session

# How many candles are read, since conditions may look back.
LIMIT = 500
# No retries: somebody is waiting, and sees what is wrong.
POLICY = RequestPolicy(read_timeout=10, deadline=30, retries=0)
ADVICE = "enable api_server, as in user_data/overlays/frequi.json, or name it with --url"
LOGIN = (
    "; check username and password of api_server, in the configuration or in "
    "FREQTRADE__API_SERVER__USERNAME and FREQTRADE__API_SERVER__PASSWORD"
)


class RunningBot:
    """The REST API of a bot.

    :raises InputError: if nothing responds, if it is no bot, or if it refuses the user or password.
    """

    def __init__(self, config: dict[str, Any], url: str | None = None) -> None:
        settings = config.get("api_server") or {}
        address = (url or _build_url(settings)).rstrip("/")
        # For messages, without a login that it may contain.
        self.url = without_login(address)
        if urlsplit(address).scheme not in ("http", "https"):
            raise InputError(f"--url: expected one such as http://127.0.0.1:8080, found {self.url}")
        self._api = f"{address}/api/v1"
        self._headers = _build_login(settings)
        self._session = build_session(POLICY)
        self.strategy = self._find(self._fetch("show_config"), "strategy", str)
        # In another kind of name, Freqtrade would run the code that it may contain.
        if not self.strategy.isidentifier():
            raise self._refuse(f"the strategy {excerpt(self.strategy)}")

    def fetch_whitelist(self) -> list[str]:
        """Return the pairs of the bot's current whitelist."""
        pairs = self._find(self._fetch("whitelist"), "whitelist", list)
        if not all(isinstance(pair, str) and pair.isprintable() for pair in pairs):
            raise self._refuse(f"the pairs {excerpt(pairs)}")
        return list(pairs)

    def fetch_candles(self, pair: str, timeframe: str) -> pd.DataFrame:
        """Return the newest analyzed candles of a pair with all columns; empty without any."""
        asked = {"pair": pair, "timeframe": timeframe, "limit": str(LIMIT)}
        answer = self._fetch("pair_candles", asked)
        rows, columns = (self._find(answer, name, list) for name in ("data", "columns"))
        try:
            return _read_candles(rows, columns)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._refuse(f"candles of {pair} that cannot be read") from error

    def _fetch(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        try:
            answer = fetch_response(
                self._session, f"{self._api}/{path}", params=params, headers=self._headers
            )
            content = parse_json(f"{self.url}/api/v1/{path}", answer.body, answer.status)
        except UnavailableError as error:
            if "no connection" not in str(error):
                raise
            raise InputError(f"{self.url}: expected a running bot, found none; {ADVICE}") from error
        except ResponseError as error:
            # For example, the page of another server.
            raise InputError(f"{error}; is there a bot? {ADVICE}") from error
        reason = _find_reason(content, answer.status)
        if reason is None:
            return content
        raise InputError(
            f"{self.url}: expected a response of the bot, found: {reason}"
            f"{LOGIN if answer.status == 401 or 'Unauthorized' in reason else ''}"
        )

    def _find(self, content: Any, name: str, kind: type) -> Any:
        value = content.get(name) if isinstance(content, dict) else None
        if not isinstance(value, kind):
            raise self._refuse(f"a response without {name}: {excerpt(content)}")
        return value

    def _refuse(self, found: str) -> InputError:
        return InputError(f"{self.url}: expected a Freqtrade bot, found {found}; {ADVICE}")


def _find_reason(content: Any, status: int) -> str | None:
    """Return the bot's reason for refusing a request; None if it does not refuse it."""
    said = content if isinstance(content, dict) else {}
    reason = said.get("detail") or said.get("error")
    if reason is None:
        return None if status == 200 else f"status {status}"
    return "".join(letter if letter.isprintable() else " " for letter in str(reason))[:200]


def _read_candles(rows: list[Any], columns: list[Any]) -> pd.DataFrame:
    candles = pd.DataFrame(rows, columns=columns)
    for name in candles.columns:
        if name.startswith("date"):
            candles[name] = pd.to_datetime(candles[name], utc=True)
        elif candles[name].dtype == object and candles[name].isna().any():
            # JSON has None for what is no number.
            numbers = pd.to_numeric(candles[name], errors="coerce")
            is_numeric = numbers.isna().equals(candles[name].isna())
            candles[name] = numbers if is_numeric else candles[name]
    return candles


def _build_url(settings: dict[str, Any]) -> str:
    host = str(settings.get("listen_ip_address", "127.0.0.1"))
    # A bot that listens on all addresses can be reached here.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only compared
    port = settings.get("listen_port", 8080)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _build_login(settings: dict[str, Any]) -> dict[str, str]:
    user, password = (_read_login(settings, name) for name in ("username", "password"))
    if not (user and password):
        return {}
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def _read_login(settings: dict[str, Any], name: str) -> str:
    value = settings.get(name, "")
    if hint := find_hint(value):
        raise InputError(f"api_server.{name}: {hint}")
    return str(value)
