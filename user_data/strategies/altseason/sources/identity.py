"""Check by their names whether values are Bitcoin's dominance or another series."""

import re
from collections.abc import Sequence

import pandas as pd

from altseason.errors import InputError
from altseason.sources.cells import is_empty
from altseason.sources.table import Table
from altseason.sources.times import looks_like_times

# Names that fit any series; then other names in the table show what it is.
GENERIC_NAMES = ("close", "price", "value", "last", "adj close")
BITCOIN_DOMINANCE = re.compile(
    r"btc[ ._-]?d(?![a-z])"
    r"|(btc|bitcoin)[ '_s-]*(market[ _]?)?(cap )?(dom(inan[a-z]+)?(?![a-z])|share)"
    r"|dominan[a-z]+[ _-]*(of |de |del |von |di )?(btc|bitcoins?)(?![a-z])"
    r"|(btc|bitcoin)[ _]?\(?(percentage|percent|%)|percentage[ ._-]*(btc|bitcoin)(?![a-z])"
    r"|^bitcoin_dominance_percentage$|btcdominance|bitcoindominance"
)
# A value derived from dominance, or the share of another sum of coins, is another series.
DERIVED = re.compile(
    r"(?<![a-z])(yesterday|prev(ious)?|last[ _](day|week|month)|change|chg|delta|diff|sma|ema|ma\d*"
    r"|rsi|avg|average|mean|median|forecast|predict(ed|ion)?|ex|excl(uding)?|without"
    r"|no[ _-]?stable(coin)?s?|with[ _-]?(eth|stable)|non|minus|inverse|inverted)(?![a-z])"
    r"|(?<!\d)(24[ _-]?h|(7|30)[ _-]?d)|^1(00)? ?-(?! ?(day|d(?![a-z])|h|week|month))"
)
DOMINANCE = re.compile(r"^((market[ _]?cap )?dominance|dom|dominance[ _]?\(?(%|percent|pct)\)?)$")
OTHERS = (
    "eth|ethereum|usdt|tether|usdc|bnb|sol|solana|xrp|ada|doge|ltc|trx|dai|others?|alts?|altcoins?"
    "|stables?|stablecoins?|total[23]?|defi"
)
# "ETH.D", "eth_dominance", "Ethereum-Dominanz", "XRP", a pair with a price, another index.
_OTHER_SERIES = re.compile(
    rf"(?<![a-z0-9])({OTHERS})([ ._-]*(d(?![a-z])|dom|share)|(?![a-z0-9]))"
    r"|(?<![a-z0-9])(?!btc)[a-z0-9]{2,10}\.d(?![a-z0-9])"
    r"|cryptocap[_: ]+(?!btc\.d)[a-z0-9.]+|btcdomusd|fear|greed|fng|altseason|season.?index"
    r"|(?<![a-z])(btc|eth|xbt|[a-z]{3,5})[-_/]?(usdt?|usdc|eur|busd|perp)(?![a-z])"
)
# Sums of other coins than all, and other coins than Bitcoin.
_OTHER_CAPS = re.compile(
    rf"(?<![a-z0-9])(total ?(\d\w*|es|defi)|(?!total(?![a-z0-9]))({OTHERS}))(?![a-z0-9])"
)
_SYMBOL_NAMES = ("symbol", "ticker", "name", "pair", "coin", "asset", "instrument", "slug", "index")
_PROVIDER_NAMES = ("provider", "source", "exchange", "api", "feed")
# A column with this many values holds links or remarks.
MANY_PROVIDERS = 20
COIN_TABLE = re.compile(
    r"^(market[ _]?cap(italization)?|cap|mcap|.*(circulating|total|max)[ _]?supply|supply)$"
)
_OTHER_TABLE = re.compile(r"value_classification|fear|greed|classification")
# The same in other languages, and in the names of files.
_SAYS_DOMINANCE = re.compile(
    r"domin[ai](?![a-z]*(ted|ting))|(?<![a-z])dom(?![a-z])|доминац|доминир|市占|占比|主导|支配|도미넌스|ドミナンス"
)
_DOMINANCE_WORD = re.compile(
    r"domin[^\W\d_]*|доминац[^\W\d_]*|доминир[^\W\d_]*|(比特币|비트코인|ビットコイン)?(市占|市值占比|占比|主导)率?"
    r"|(비트코인 ?)?(지배력?|도미넌스)|(ビットコイン)?ドミナンス"
)  # fmt: skip
# Words that may stand beside it and change nothing; any other word may make it another series.
_HARMLESS = frozenset(
    "1d btc bitcoin xbt биткоин биткоина cap caps chart close coingecko coinmarketcap cmc crypto"
    " cryptocap cryptocurrency current d daily das data de del der do dom du global high history in"
    " index la last latest level low market marketcap mcap of open pct per percent percentage perc"
    " por porcentaje pourcentage procent prozent rate ratio raw share the total tradingview usd"
    " value von".split()
)
# Shares of something else than market capitalization.
_OTHER_SHARE = re.compile(
    r"(social|volume|trading|hash ?rate|mining|pool|realized|open[ _-]?interest|futures|etf|dex)"
    r"[ _-]*(cap[ _-]*)?(domin|dom(?![a-z])|share)"
)
_SHARE = re.compile(r"(?<![a-z])(market[ _-]?)?share(?![a-z])")
# Above a table there may be text about many things.
_OTHER_TITLE = re.compile(
    rf"(?<![a-z0-9])({OTHERS})[ ._-]*(d(?![a-z])|dom|share)"
    r"|(?<![a-z0-9])(?!btc)[a-z0-9]{2,10}\.d(?![a-z0-9])|cryptocap[_: ]+(?!btc\.d)[a-z0-9.]+"
)
_VOLUME = re.compile(r"vol(ume|\.|$)(?!.* ma)")
INSIST = "if it is Bitcoin's dominance all the same, say so with --insist"


def find_other_series(table: Table, values: Sequence[str], *, is_chosen: bool) -> str | None:
    """Return the reason to take a table for another series; None without one.

    :param is_chosen: whether the user has named the column.
    """
    close, name = values[3], table.path.stem.lower()
    if not is_chosen and (match := DERIVED.search(BITCOIN_DOMINANCE.sub("", close))):
        return f"the column {close!r} has {match[0]!r} in its name"
    is_named = bool(BITCOIN_DOMINANCE.search(close))
    if not is_named and (companion := _find_companion(table, close, is_chosen=is_chosen)):
        return companion
    if not is_named and (match := _OTHER_SERIES.search(close)):
        return f"the column {close!r} is named as {match[0]!r}"
    if not is_chosen and (unknown := find_unknown_word(close)):
        return f"the column {close!r} has {unknown!r} in its name"
    is_named_so = is_named or BITCOIN_DOMINANCE.search(name)
    if not is_named_so and (match := _OTHER_SERIES.search(name)):
        return f"the file's name has {match[0]!r} in it"
    if match := _OTHER_SHARE.search(f"{name} {table.title}"):
        return f"the file's name or the text above the table has {match[0]!r} in it"
    is_titled_so = is_named or BITCOIN_DOMINANCE.search(table.title)
    if not is_titled_so and (match := _OTHER_TITLE.search(table.title)):
        return f"the text above the table has {match[0]!r} in it"
    return None


def find_unknown_word(name: str) -> str | None:
    """Return a word that makes another series of what is named dominance, such as "rank"."""
    if not (_SAYS_DOMINANCE.search(name) or BITCOIN_DOMINANCE.search(name) or _SHARE.search(name)):
        return None
    rest = _DOMINANCE_WORD.sub(" ", BITCOIN_DOMINANCE.sub(" ", name))
    return next((w for w in re.findall(r"[^\W_]+", rest) if w not in _HARMLESS), None)


def _find_companion(table: Table, close: str, *, is_chosen: bool) -> str | None:
    """Return why the columns beside a value make it another series; None where they do not."""
    if is_chosen and close not in GENERIC_NAMES:
        return None
    companions = [column for column in table.columns if COIN_TABLE.match(column)]
    if companions and not DOMINANCE.match(close):
        return (
            f"{close!r} beside {companions[0]!r} is a coin's price (dominance can be calculated "
            f"from the market caps of Bitcoin and of all coins, with `--total FILE`)"
        )
    is_price = close in ("price", "adj close") and "change %" not in table.columns
    if is_price and not BITCOIN_DOMINANCE.search(table.path.stem.lower()):
        return f"the column {close!r} is named as a price"
    others = [column for column in table.columns if _OTHER_TABLE.search(column)]
    return f"the column {others[0]!r} belongs to another index" if others else None


def says_bitcoin_dominance(table: Table, values: Sequence[str]) -> bool:
    """Return whether a name, a symbol or the text above the table means Bitcoin's dominance.

    Reasons against it have been checked before.
    """
    symbols = find_symbols(table)
    names = [values[3], table.path.stem.lower(), table.title, *(symbols[1] if symbols else [])]
    column = values[3]
    return bool(_SHARE.search(column) or BITCOIN_DOMINANCE.search(column)) or any(
        is_bitcoin(name) or _SAYS_DOMINANCE.search(name.lower()) for name in names
    )


def is_traded(table: Table) -> bool:
    """Return whether a table has the volumes of something that is traded."""
    names = [name for name in table.columns if _VOLUME.search(name) and name not in table.repeated]
    return any(table.text(name)[lambda text: ~is_empty(text)].nunique() > 1 for name in names)


def refuse_unsaid(
    table: Table, values: Sequence[str], closes: "pd.Series[float]", *, has_volume: bool
) -> str:
    """Refuse values that nothing names as Bitcoin's dominance.

    Lists without any name are read, and so are candles without volumes, as in a chart of dominance.

    :return: a note for the user about those.
    :raises InputError: for any others, which could be the price of a calm coin.
    """
    found = f"{closes.min():.2f} to {closes.max():.2f} % in {values[3]!r}"
    if has_volume or (len(set(values)) == 1 and not table.names_missing):
        raise InputError(
            f"{table.path}: expected a name that says Bitcoin's dominance, found only the values "
            f"({found}); nothing was imported. If they are Bitcoin's dominance, say so with "
            f"--column {values[3]!r} or --insist"
        )
    return f"No name says that this is Bitcoin's dominance ({found}). Check that it is."


def find_symbols(table: Table) -> tuple[str, list[str]] | None:
    """Return the column that names the series of each row, and the symbols in it."""
    for name in _SYMBOL_NAMES:
        if name in table.columns and name not in table.repeated:
            text = table.text(name)
            symbols = [str(symbol) for symbol in text[~is_empty(text)].unique()[:1000]]
            is_number = any(re.fullmatch(r"[\d.]+", symbol) for symbol in symbols)
            if symbols and not is_number and not looks_like_times(table.head(name)):
                return name, symbols
    return None


def refuse_providers(table: Table) -> None:
    """Refuse a table of several providers, whose levels differ.

    :raises InputError: naming some of them.
    """
    for name in _PROVIDER_NAMES:
        if name in table.columns and name not in table.repeated:
            text = table.text(name)
            found = text[~is_empty(text)].unique()[:MANY_PROVIDERS]
            if 1 < len(found) < MANY_PROVIDERS:
                raise InputError(
                    f"{table.path}: expected one provider, since their levels differ, found "
                    f"several in column {name!r} ({', '.join(found[:3])}); keep the rows of one, "
                    f"or say with --insist that their levels are the same"
                )


def is_bitcoin(symbol: str) -> bool:
    """Return whether a symbol means Bitcoin's dominance."""
    text = symbol.lower()
    return bool(BITCOIN_DOMINANCE.search(text)) and not _OTHER_SERIES.search(
        BITCOIN_DOMINANCE.sub("", text)
    )


def find_cap_column(table: Table, whose: Sequence[str]) -> str | None:
    """Return the column with a market cap of one of these names ("btc", "total", ...)."""
    words = "|".join(whose)
    # TradingView names a compared chart "TOTAL, CRYPTOCAP: Close", and the main one by the file.
    pattern = re.compile(
        rf"^({words})[ _-]*(market)?[ _-]*(cap|mcap)(italization)?([ _(].*)?$"
        rf"|^({words}), ?cryptocap\b.*: close$|^cryptocap:({words})\b[^.]*: close$"
    )
    match = [name for name in table.columns if pattern.match(name)]
    is_main = re.search(rf"cryptocap[_: ]({words})(?![a-z0-9.])", table.path.stem.lower())
    if is_main and "close" in table.columns:
        match.append("close")
    return match[0] if len(match) == 1 else None


def find_other_cap(table: Table, column: str, *, is_total: bool) -> str | None:
    """Return the reason to take a market cap for another than Bitcoin's, or than the total."""
    symbols = find_symbols(table)
    if symbols is not None and len(symbols[1]) > 1:
        return f"the column {symbols[0]!r} has several symbols"
    # The name that is nearest to the values decides.
    for name in (column, *(symbols[1] if symbols else []), table.path.stem):
        text = name.lower()
        if not is_total and re.search(r"(?<![a-z])(btc|bitcoin)(?![a-z])", text):
            return None
        if match := _OTHER_CAPS.search(text) or (is_total and DERIVED.search(text)):
            return f"{name!r} has {match[0]!r} in it"
    return None
