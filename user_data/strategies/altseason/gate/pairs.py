"""Which pairs are never entered, since they are no altcoins, and which ones a whitelist means."""

import re
from typing import Any

from freqtrade.data.history import get_datahandler
from freqtrade.enums import TradingMode
from freqtrade.plugins.pairlist.pairlist_helpers import expand_pairlist

from altseason.host.configuration import data_directory, data_format
from altseason.settings import PAIRS

# Bitcoin itself, and tokens that represent one: their rise raises dominance, and is no alt season.
BITCOIN = frozenset(
    "BTC XBT BTCB CBBTC FBTC HBTC KBTC LBTC PUMPBTC RENBTC SOLVBTC TBTC UBTC UNIBTC WBTC "
    "ZBTC".split()
)
# Currencies, and coins that follow the price of one: there is no momentum to trade in them.
STABLE = frozenset(
    "AEUR AUD BFUSD BRL BUSD CHF CRVUSD DAI EUR EURC EURCV EURI EURQ EURR EURS EURT FDUSD FRAX GBP "
    "GHO GUSD JPY LUSD MIM PAX PYUSD RLUSD SUSD SUSDE TRY TUSD U USD USD0 USD1 USDC USDD USDE USDF "
    "USDG USDJ USDK USDP USDQ USDR USDS USDT USDX USDY UST USTC VAI XSGD XUSD ZUSD".split()
)
# Tokens that represent a metal.
METAL = frozenset("KAG KAU PAXG XAUM XAUT".split())
FIAT = frozenset(
    "AED ARS BIDR BKRW BVND CAD COP CZK DKK HKD HUF IDR IDRT INR KRW KZT MXN NGN NOK NZD PLN RON "
    "RUB SAR SEK SGD THB UAH VND ZAR".split()
)
# Leveraged tokens, such as BTC3S and ETHDOWN, but no coins such as JUP and SYRUP.
LEVERAGED = re.compile(
    r"[A-Z]{2,}[2-9][LS]|(BTC|ETH|BNB|SOL|ADA|XRP|DOGE|DOT|LINK|LTC|BCH|EOS|TRX|XLM|XTZ|UNI|AAVE|FIL"
    r"|SUSHI|SXP|YFI|1INCH)(UP|DOWN|BULL|BEAR|HEDGE|HALF)"
)


def never_entered_because(pair: str) -> str | None:
    """Return why a pair is never entered; None for an altcoin.

    :param pair: as Freqtrade names it, such as "ETH/USDT".
    """
    base = pair.partition("/")[0].upper()
    if base in BITCOIN:
        return f"{base} represents Bitcoin, which is no altcoin"
    if base in STABLE or base in FIAT or "USD" in base:
        return f"{base} follows the price of a currency"
    if base in METAL:
        return f"{base} follows the price of a metal"
    if LEVERAGED.fullmatch(base):
        return f"{base} is a leveraged token, whose price decays"
    return None


def find_stored_pairs(config: dict[str, Any], timeframe: str) -> list[str]:
    """Return the pairs with stored candles of a timeframe; dominance is none of them."""
    datadir = data_directory(config)
    mode = config.get("trading_mode") or TradingMode.SPOT
    available = get_datahandler(datadir, data_format(config)).ohlcv_get_available_data(
        datadir, mode
    )
    return [pair for pair, stored, _ in available if stored == timeframe and pair not in PAIRS]


def expand_pairs(names: list[str], stored: list[str]) -> list[str]:
    """Return names of pairs with their regular expressions expanded, as in Freqtrade's whitelist.

    :param stored: the pairs that regular expressions may match.
    """
    try:
        return list(expand_pairlist(names, stored, keep_invalid=True))
    except ValueError:  # a name that is no valid regular expression
        return names
