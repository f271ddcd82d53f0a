"""Write the figures of docs/reliability.json into docs/reliability.md.

python -m reliability.document
"""

from typing import Any

from reliability.report import ROOT, load_report

DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- reliability.json -->", "<!-- /reliability.json -->"


def describe(report: dict[str, Any]) -> str:
    """Return a table of all parts with scenarios, with their origin, and the result of a soak."""
    parts = [part for _, part in sorted(report.items()) if "scenarios" in part]
    rows = [
        f"| {row['what']} | {row['tried']} | {row['survived']} | {row['lost']} |"
        for part in parts
        for row in part["scenarios"].values()
    ]
    origins = [f"`{part['command']}` at commit {part['commit']}" for part in parts]
    return "\n".join(
        [
            "| | tried | survived | lost |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            f"Counted by {', '.join(origins)}.",
            *(describe_soak(report["soak"]) if "soak" in report else []),
        ]
    )


def describe_soak(part: dict[str, Any]) -> list[str]:
    """Return a table of how live trading compares to a backtest, and what dead providers cost."""
    month, latency = part["month"], part["latency"]
    calls, bot = latency["bot_loop_start"], latency["bot"]
    hanging, answering = bot["hanging_providers"], bot["answering_providers"]
    differing = f"{month['candles_differing']} of {month['candles_compared']}"
    timed = {
        ", 99th percentile, without recording": "without_feed",
        " with providers that never answer": "hanging_providers",
        " with providers that refuse connections": "refusing_providers",
    }
    rows = {
        "candles whose `enter_long`, `exit_long` or `alt_season` differs": differing,
        "entries in both": month["entries_in_both"],
        "entries in one, for a known cause": sum(month["entries_explained"].values()),
        "entries in one, unexplained": month["entries_unexplained"],
        "entries while the gate was closed": month["entries_while_the_gate_was_closed"],
        **{
            f"`bot_loop_start`{words}": f"{calls[name]['p99_ms']} ms"
            for words, name in timed.items()
            if name in calls
        },
        f"a loop of {bot['throttle_s']} s, with providers that answer": _period(answering),
        "that loop with providers that never answer": _period(hanging),
        "a stop-loss then, after the price crossed it": f"{hanging['stop_loss_after_s']} s",
    }
    days = f"{month['from'][:10]} to {month['to'][:10]}"
    return [
        "",
        f"| a real dry run of the sample, {days}, against a backtest on what it recorded | |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in rows.items()),
        "",
        f"Found by `{part['command']}` at commit {part['commit']}.",
    ]


def _period(found: dict[str, Any]) -> str:
    return f"{found['loop_period_s']['mean']} s"


def insert(text: str, figures: str) -> str:
    """Replace the text between the two comments with figures."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{figures}\n{END}{after}"


def main() -> None:
    """Update the document."""
    DOCUMENT.write_text(insert(DOCUMENT.read_text(), describe(load_report())))


if __name__ == "__main__":
    main()
