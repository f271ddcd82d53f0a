"""Which pairs are no altcoins, and so never entered."""

# Bitcoin itself, and the tokens that stand for one: their rise is dominance, not alt season.
BITCOIN = frozenset(
    "BTC XBT BTCB CBBTC FBTC HBTC KBTC LBTC PUMPBTC RENBTC SOLVBTC TBTC UNIBTC WBTC".split()
)
# Coins and currencies that follow a currency's price: there is no momentum to trade in them.
STABLE = frozenset(
    "AEUR AUD BFUSD BRL BUSD CHF CRVUSD DAI EUR EURC EURCV EURI EURQ EURR EURS EURT FDUSD FRAX GBP "
    "GHO GUSD JPY LUSD MIM PAX PYUSD RLUSD SUSD SUSDE TRY TUSD U USD USD0 USD1 USDC USDD USDE USDF "
    "USDG USDJ USDK USDP USDQ USDR USDS USDT USDX USDY UST USTC VAI XSGD XUSD ZUSD".split()
)


def never_entered_because(pair: str) -> str | None:
    """Give the reason why a pair is never entered, or None for an altcoin.

    :param pair: as Freqtrade names it, such as "ETH/USDT".
    """
    base = pair.partition("/")[0].upper()
    if base in BITCOIN:
        return f"{base} stands for Bitcoin itself, which is no altcoin"
    if base in STABLE:
        return f"{base} follows a currency, not the market"
    return None
