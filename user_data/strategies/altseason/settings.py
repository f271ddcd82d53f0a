"""The `altseason` section of Freqtrade's configuration, validated when it is read."""

import re
from ipaddress import ip_address
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import pandas as pd
from freqtrade.enums import TradingMode
from freqtrade.exchange import timeframe_to_minutes
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from altseason.errors import SettingsError

SECTION = "altseason"
NEVER_SHOWN = {"coinmarketcap_key"}
DEFAULT_MAX_AGE_HOURS = {"1d": 36.0, "1h": 3.0}
# As ccxt can read it.
TIMEFRAME = re.compile(r"0*[1-9][0-9]*[smhdwMy]")
COIN = re.compile(r"[^\s/]+")


def is_loopback(url: str) -> bool:
    """Return whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def without_login(url: str) -> str:
    """Return an address without its user name and password."""
    login, at, rest = url.partition("://")[2].rpartition("@")
    return url.replace(f"{login}{at}{rest}", rest, 1) if at and "/" not in login else url


def _validate_url(url: str) -> str:
    # Plain HTTP would expose the key that a request carries.
    address = urlsplit(url)
    if not address.hostname or not (address.scheme == "https" or is_loopback(url)):
        raise ValueError("expected an address that begins with https://")
    return url


def is_sendable_key(key: str) -> bool:
    """Return whether a key can be sent in a header."""
    return key.isascii() and key.isprintable() and " " not in key


def _as_text(key: Any) -> Any:
    # Freqtrade reads an environment variable that is all digits as a number.
    return str(key) if type(key) is int else key


def _validate_key(key: str) -> str:
    if not is_sendable_key(key):
        raise ValueError("expected the key exactly as the provider shows it")
    return key


def _validate_coin(coin: str) -> str:
    if not COIN.fullmatch(coin):
        raise ValueError("expected the code of a coin, such as BNB")
    return coin.upper()


class _Section(BaseModel):
    # The input may hold a key, so pydantic's own error must not show it either.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


Key = Annotated[str, BeforeValidator(_as_text), AfterValidator(_validate_key), Field(repr=False)]
Url = Annotated[str, AfterValidator(_validate_url)]
Coin = Annotated[str, AfterValidator(_validate_coin)]


class UrlSettings(_Section):
    """Addresses to use instead of the providers' own, such as those of a mirror.

    Its fields are the table of providers: the default primary, then its fallbacks, the best first.
    Each is a module of that name in `altseason.sources` (see docs/ARCHITECTURE.md).
    """

    coingecko: Url | None = None
    coinmarketcap: Url | None = None
    coinpaprika: Url | None = None
    coinlore: Url | None = None
    defillama: Url | None = None


# DefiLlama has only stablecoins, no dominance.
PROVIDERS = tuple(name for name in UrlSettings.model_fields if name != "defillama")
# Only providers that have a history, so that a series can be theirs from end to end.
Primary = Literal["coingecko", "coinmarketcap"]
PRIMARIES: tuple[str, ...] = get_args(Primary)
DEFAULT_PROVIDER = PRIMARIES[0]
# Bitcoin's share of all crypto assets, and of all but the large stablecoins.
Pair = Literal["BTCD/USD", "BTCDX/USD"]
PAIRS: tuple[Pair, ...] = get_args(Pair)
DEFAULT_PAIR, WITHOUT_STABLECOINS = PAIRS


class DominanceSettings(_Section):
    """Which dominance candles the strategy reads, how old they may be, and who records new ones.

    :param pair: the pair that they are stored as.
    :param provider: the provider of the series; the other providers are its fallbacks.
    :param record: whether the bot records dominance while it trades.
    :param backfill: whether the bot also fetches missing days.
    """

    pair: Pair = "BTCD/USD"
    provider: Primary = "coingecko"
    timeframe: Literal["1d", "1h"] = "1d"
    max_age_hours: Annotated[float, Field(gt=0, le=24 * 366, allow_inf_nan=False)] | None = None
    record: bool = True
    backfill: bool = True
    coinmarketcap_key: Key = ""
    urls: UrlSettings = UrlSettings()

    @property
    def max_age(self) -> pd.Timedelta:
        """Return how long after the end of the newest real candle the gate may still be open."""
        hours = self.max_age_hours or DEFAULT_MAX_AGE_HOURS[self.timeframe]
        return pd.Timedelta(hours=hours)


class BreadthSettings(_Section):
    """Which coins the gate watches in its modes with breadth.

    :param coins: codes of coins, traded or not; empty for the coins of the whitelist.
    """

    coins: list[Coin] = []


class RiskSettings(_Section):
    """How stakes are sized, and which exits there are besides those of the strategy.

    :param risk_factor: the fraction of the equity that a trade may lose at its stop.
    :param atr_multiple: the minimum stop distance, in ATRs.
    :param kept_coins: codes of coins that the user holds on purpose, so that they are not reported.
    """

    sizing: bool = True
    risk_factor: Annotated[float, Field(gt=0, le=0.5, allow_inf_nan=False)] = 0.02
    atr_multiple: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 5.0
    atr_trailing: bool = False
    regime_exit: bool = False
    rebalancing: bool = False
    protections: bool = False
    kept_coins: list[Coin] = []

    @property
    def needs_atr(self) -> bool:
        """Return whether a rule needs the ATR."""
        return self.sizing or self.atr_trailing or self.rebalancing


class FreqaiSettings(_Section):
    """How `AltSeasonFreqAI` learns, and what it does where there is no prediction.

    :param without_model: whether to enter by the rules alone then, or not at all.
    :param model: a logistic regression, or trees, which need the package lightgbm.
    """

    without_model: Literal["rules", "nothing"] = "nothing"
    model: Literal["logistic", "lightgbm"] = "logistic"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


class Settings(_Section):
    """All settings of this project; all others are Freqtrade's.

    :param evidence_card: a file of `altseason study --card`, relative to the user data directory,
        with which a bot compares its trades; empty for none.
    """

    evidence_card: str = ""
    dominance: DominanceSettings = DominanceSettings()
    breadth: BreadthSettings = BreadthSettings()
    risk: RiskSettings = RiskSettings()
    freqai: FreqaiSettings = FreqaiSettings()


def load_settings(config: dict[str, Any]) -> Settings:
    """Read our section of Freqtrade's configuration.

    :raises SettingsError: in one line, for an unknown key, a wrong type or a wrong value.
    """
    try:
        return Settings.model_validate(config.get(SECTION, {}))
    except ValidationError as error:
        raise SettingsError(_describe(error)) from error


def validate_timeframes(settings: Settings, timeframe: str) -> None:
    """Refuse a strategy timeframe that our dominance candles cannot be merged into.

    :raises SettingsError: if it is longer than that of the dominance candles, or no timeframe.
    """
    longest = settings.dominance.timeframe
    if not TIMEFRAME.fullmatch(str(timeframe)):
        raise SettingsError(f"timeframe: expected one such as 1h, found {timeframe!r}")
    if timeframe_to_minutes(timeframe) > timeframe_to_minutes(longest):
        raise SettingsError(
            f"timeframe: expected {longest} or shorter, as {SECTION}.dominance.timeframe is "
            f"{longest}, found {timeframe}"
        )


def validate_trading_mode(config: dict[str, Any]) -> None:
    """Refuse margin and futures, since nothing here handles shorts, leverage or their orders.

    :raises SettingsError: in one line.
    """
    mode = config.get("trading_mode") or TradingMode.SPOT
    if mode != TradingMode.SPOT:
        raise SettingsError(
            f"trading_mode: this strategy trades on spot markets only, found {mode}; "
            f'set "trading_mode": "spot", and remove margin_mode'
        )


def _describe(error: ValidationError) -> str:
    problems = []
    for problem in error.errors(include_url=False):
        path = [str(part) for part in problem["loc"]]
        name = ".".join([SECTION, *path])
        if problem["type"] == "extra_forbidden":
            allowed = ", ".join(sorted(_section_at(path[:-1]).model_fields))
            problems.append(f"{name} is not known; allowed here: {allowed}")
        else:
            found = _show(problem["input"], path)
            # Pydantic puts this before the messages of our own validators, and names our classes.
            text = problem["msg"].removeprefix("Value error, ")
            text = re.sub(r" or instance of \w+$", "", text)
            problems.append(f"{name}: {text}, found {found}")
    return "; ".join(problems)


def _show(value: Any, path: list[str]) -> str:
    """Return the value that was found, unless it may hold a key."""
    if NEVER_SHOWN.intersection(path):
        return "another value"
    if isinstance(value, str) and "urls" in path:
        value = without_login(value)
    return type(value).__name__ if isinstance(value, dict | list) else repr(value)


def _section_at(path: list[str]) -> type[BaseModel]:
    section: type[BaseModel] = Settings
    for name in path:
        section = type(section.model_fields[name].get_default())
    return section
