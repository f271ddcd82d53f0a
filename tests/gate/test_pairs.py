import pytest

from altseason.gate.pairs import never_entered_because


@pytest.mark.parametrize("pair", ["ETH/USDT", "ada/eur", "BNB/BTC", "SOL/USDT:USDT", "WBETH/USDT"])
def test_altcoins_can_be_entered(pair: str):
    assert never_entered_because(pair) is None


@pytest.mark.parametrize("pair", ["BTC/USDT", "WBTC/USDT", "XBT/EUR", "cbBTC/USDC"])
def test_bitcoin_is_never_entered(pair: str):
    assert "Bitcoin" in str(never_entered_because(pair))


@pytest.mark.parametrize("pair", ["USDC/USDT", "EUR/USDT", "DAI/USD", "FDUSD/USDT"])
def test_stablecoins_are_never_entered(pair: str):
    assert "currency" in str(never_entered_because(pair))
