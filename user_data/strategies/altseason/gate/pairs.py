"""Which pairs are no altcoins, and so never entered."""

import re

# Bitcoin itself, and the tokens that stand for one: their rise is dominance, not alt season.
BITCOIN = frozenset(
    "BTC XBT BTCB CBBTC FBTC HBTC KBTC LBTC PUMPBTC RENBTC SOLVBTC TBTC UBTC UNIBTC WBTC "
    "ZBTC".split()
)
# Coins and currencies that follow a currency's price: there is no momentum to trade in them.
STABLE = frozenset(
    "AEUR AUD BFUSD BRL BUSD CHF CRVUSD DAI EUR EURC EURCV EURI EURQ EURR EURS EURT FDUSD FRAX GBP "
    "GHO GUSD JPY LUSD MIM PAX PYUSD RLUSD SUSD SUSDE TRY TUSD U USD USD0 USD1 USDC USDD USDE USDF "
    "USDG USDJ USDK USDP USDQ USDR USDS USDT USDX USDY UST USTC VAI XSGD XUSD ZUSD".split()
)


# Tokens of a metal.
METAL = frozenset("KAG KAU PAXG XAUM XAUT".split())
FIAT = frozenset(
    "AED ARS BIDR BKRW BVND CAD COP CZK DKK HKD HUF IDR IDRT INR KRW KZT MXN NGN NOK NZD PLN RON "
    "RUB SAR SEK SGD THB UAH VND ZAR".split()
)
# Leveraged tokens, such as BTC3S and ETHDOWN; JUP and SYRUP are coins.
LEVERAGED = re.compile(
    r"[A-Z]{2,}[2-9][LS]|(BTC|ETH|BNB|SOL|ADA|XRP|DOGE|DOT|LINK|LTC|BCH|EOS|TRX|XLM|XTZ|UNI|AAVE|FIL"
    r"|SUSHI|SXP|YFI|1INCH)(UP|DOWN|BULL|BEAR|HEDGE|HALF)"
)


def never_entered_because(pair: str) -> str | None:
    """Return the reason why a pair is never entered, or None for an altcoin.

    :param pair: as Freqtrade names it, such as "ETH/USDT".
    """
    base = pair.partition("/")[0].upper()
    if base in BITCOIN:
        return f"{base} stands for Bitcoin itself, which is no altcoin"
    if base in STABLE or base in FIAT or "USD" in base:
        return f"{base} follows a currency, not the market"
    if base in METAL:
        return f"{base} follows a metal, not the market"
    if LEVERAGED.fullmatch(base):
        return f"{base} is a leveraged token, whose price decays"
    return None
