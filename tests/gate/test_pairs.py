import pytest

from altseason.gate.pairs import never_entered_because


@pytest.mark.parametrize(
    "pair",
    [
        "ETH/USDT",
        "ada/eur",
        "BNB/BTC",
        "SOL/USDT:USDT",
        "WBETH/USDT",
        "JUP/USDT",
        "SYRUP/USDT",
        "1INCH/USDT",
    ],
)
def test_altcoins_can_be_entered(pair: str):
    assert never_entered_because(pair) is None


@pytest.mark.parametrize("pair", ["BTC/USDT", "WBTC/USDT", "XBT/EUR", "cbBTC/USDC", "UBTC/USDT"])
def test_bitcoin_is_never_entered(pair: str):
    assert "Bitcoin" in str(never_entered_because(pair))


@pytest.mark.parametrize(
    "pair",
    ["USDC/USDT", "EUR/USDT", "DAI/USD", "FDUSD/USDT", "USDTB/USDT", "AXLUSDC/USDT", "MXN/USDT"],
)
def test_stablecoins_are_never_entered(pair: str):
    assert "currency" in str(never_entered_because(pair))


@pytest.mark.parametrize(
    "pair", ["BTCUP/USDT", "BTC3S/USDT", "ETHDOWN/USDT", "ADABULL/USDT", "BNB3L/USDT"]
)
def test_leveraged_tokens_are_never_entered(pair: str):
    assert "leveraged" in str(never_entered_because(pair))


@pytest.mark.parametrize("pair", ["PAXG/USDT", "XAUT/USDT"])
def test_metals_are_never_entered(pair: str):
    assert "metal" in str(never_entered_because(pair))
