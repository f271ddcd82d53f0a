"""Providers on the loopback, and how the tests of their requests call them."""

import pandas as pd

from altseason.sources.coingecko import ApiAccess, fetch_global
from altseason.sources.session import RequestPolicy, build_session
from tests.providers.serving import Provider, Reply, Request

QUICK = RequestPolicy(
    connect_timeout=2, read_timeout=0.3, deadline=0.5, backoff=0.01, longest_wait=0.2
)


def ask(provider: Provider, policy: RequestPolicy = QUICK, **access: str) -> float:
    """Return the dominance that a server on the loopback gives."""
    with build_session(policy) as session:
        return fetch_global(session, ApiAccess(url=provider.url, **access)).dominance


def moment() -> pd.Timestamp:
    """Return the current time."""
    return pd.Timestamp.now(tz="UTC")


def fallback_answer(request: Request) -> Reply:
    """Respond as each of the fallbacks does."""
    now = moment()
    bodies = {
        "/v1/global-metrics/quotes/latest": '{"status":{"error_code":"0"},"data":'
        f'{{"btc_dominance":58.5,"last_updated":"{now.isoformat()}"}}}}',
        "/global": f'{{"bitcoin_dominance_percentage":58.5,"last_updated":{now.timestamp():.0f}}}',
        "/global/": '[{"btc_d":"58.50"}]',
    }
    return Reply(bodies[request.path].encode())
