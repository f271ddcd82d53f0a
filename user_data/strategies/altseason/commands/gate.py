"""`altseason gate`: write a gated version of a user's strategy."""

import argparse
import difflib
import re
import tempfile
from pathlib import Path
from typing import Any

from freqtrade.enums import RunMode
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy

from altseason.errors import InputError
from altseason.gate.rule import GATING_MODES, GateRule
from altseason.host.configuration import load_configuration, quiet_freqtrade
from altseason.invocation import altseason_command
from altseason.output import show_text, tell
from altseason.parser import add_freqtrade_options, format_examples
from altseason.strategy import AltSeasonGate

DESCRIPTION = """\
Write a file with a strategy that is derived from one of yours, and enters only while the gate is
open. Your own file stays as it is; see docs/your-strategy.md.
"""
TEMPLATE = '''\
"""{parent}, entered only while Bitcoin's dominance allows altcoins."""

from altseason.strategy import AltSeasonGate
from {module} import {parent}


class {name}(AltSeasonGate, {parent}, mode="{mode}"):
    pass
'''


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add `altseason gate`."""
    parser = commands.add_parser(
        "gate",
        parents=[common],
        description=DESCRIPTION,
        epilog=format_examples("gate MyStrategy", "gate MyStrategy --mode level --name MyGated"),
    )
    parser.add_argument("parent", metavar="STRATEGY", help="the class to be gated")
    parser.add_argument(
        "--mode", choices=GATING_MODES, default="falling", help="of the gate (default: falling)"
    )
    parser.add_argument(
        "--name", help="name of the new class and its file (default: STRATEGYGated)"
    )
    add_freqtrade_options(parser, "strategy_path")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the file, and print how to run the strategy."""
    folder = _find_folder(options)
    file = _find_file(folder, options.parent)
    name = options.name or f"{options.parent}Gated"
    if not name.isidentifier():
        raise InputError(f"--name: expected the name of a class, found {name!r}")
    parent = _load(options, options.parent, folder)
    if isinstance(parent, AltSeasonGate):
        raise InputError(f"{file}: expected a strategy without a gate, found one that has it")
    target = folder / f"{name}.py"
    text = TEMPLATE.format(parent=options.parent, module=file.stem, name=name, mode=options.mode)
    try:
        with target.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        raise InputError(f"{target}: expected no such file, found one; use --name") from error
    try:
        _load(options, name, folder)
    except BaseException:
        target.unlink()
        raise
    if not (folder / "altseason").is_dir():
        tell(
            f"Copy the folder altseason beside {target.name}, or install it where your Freqtrade "
            f"runs: the new strategy imports it."
        )
    show_text(
        f"Wrote {target}.",
        # With two strategies, Freqtrade needs a timeframe for both.
        f"Try it: `freqtrade backtesting --strategy-list {options.parent} {name} --timeframe "
        f"{getattr(parent, 'timeframe', None) or '1h'}`.",
        *_describe_needs(GateRule(options.mode)),
    )
    return 0


def _describe_needs(rule: GateRule) -> list[str]:
    download, load = (
        altseason_command(f"dominance {words}") for words in ("download", "import FILE")
    )
    needs = []
    if rule.reads_dominance:
        needs.append(f"It needs dominance of the same time: `{download}`, or `{load}`.")
    if rule.has_breadth:
        needs.append(
            "It needs daily candles of Bitcoin and of the coins that it counts; a backtest names "
            "those that are missing."
        )
    return needs


def _find_folder(options: argparse.Namespace) -> Path:
    named = options.strategy_path
    folder = Path(named or Path(options.user_data_dir or "user_data") / "strategies")
    if not folder.is_dir():
        raise InputError(
            f"{folder}: expected the folder of your strategies, found none; name it with "
            f"--strategy-path, or its user_data with --userdir"
        )
    return folder


def _find_file(folder: Path, name: str) -> Path:
    """Return the file that defines a strategy; like Freqtrade, search for the text of its class."""
    defined: dict[str, Path] = {}
    for file in sorted(folder.glob("*.py")):
        text = file.read_text(encoding="utf-8", errors="replace")
        defined |= dict.fromkeys(re.findall(r"^class (\w+)\(", text, re.MULTILINE), file)
    if name not in defined:
        near = difflib.get_close_matches(name, defined, n=3) or sorted(defined)[:3]
        raise InputError(
            f"{folder}: expected a file with `class {name}(`, found "
            + (f"{', '.join(near)}" if near else "no strategy")
        )
    file = defined[name]
    if not file.stem.isidentifier():
        raise InputError(
            f"{file}: expected a name that Python can import, found {file.stem!r}; rename the file"
        )
    return file


def _load(options: argparse.Namespace, name: str, folder: Path) -> IStrategy:
    """Load a strategy as Freqtrade does.

    :raises InputError: in one line, if it cannot be loaded.
    """
    try:
        config = load_configuration(options)
    except InputError:  # enough for most constructors
        config = {"stake_currency": "USDT", "user_data_dir": folder.parent}
    with tempfile.TemporaryDirectory() as empty:
        config |= {
            "strategy": name,
            "strategy_path": str(folder),
            "datadir": Path(empty),
            "runmode": RunMode.OTHER,
        }
        try:
            with quiet_freqtrade():
                return StrategyResolver.load_strategy(config)
        except Exception as error:  # a user's code may raise anything
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(f"{name} cannot be loaded; nothing was written: {reason}") from error
