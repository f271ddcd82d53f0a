"""Every command describes itself within the width of a terminal."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from altseason.cli import COMMANDS, build_parser, main
from altseason.invocation import altseason_command
from altseason.parser import format_examples
from tests.conftest import STRATEGIES

MAX_WIDTH = 80


def walk(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser, and those of its subcommands at any depth."""
    yield parser
    for group in groups(parser):
        for inner in group.choices.values():
            yield from walk(inner)


def groups(parser: argparse.ArgumentParser) -> list[argparse._SubParsersAction]:
    actions = parser._actions
    return [action for action in actions if isinstance(action, argparse._SubParsersAction)]


def find_parsers() -> list[argparse.ArgumentParser]:
    """The root parser, and that of each command when chosen, since only then it has options."""
    root = build_parser("")
    chosen = [groups(build_parser(name))[0].choices[name] for name in COMMANDS]
    return [root, *(inner for parser in chosen for inner in walk(parser))]


PARSERS = find_parsers()


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.prog)
@pytest.mark.parametrize("columns", ["80", "200"])
def test_help_has_a_description_and_fits_80_columns(
    parser: argparse.ArgumentParser, columns: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", columns)
    assert parser.description
    lines = parser.format_help().splitlines()
    assert [line for line in lines if len(line) > MAX_WIDTH] == []
    assert [
        action.dest for action in parser._actions if not action.help and not groups(parser)
    ] == []


@pytest.mark.parametrize(
    "words", [["why"], ["sandbox"], ["dominance", "import", "a.csv"]], ids=" ".join
)
def test_an_unknown_option_shows_the_usage_of_its_command(
    words: list[str], capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--no-such"])
    assert stopped.value.code == 2
    usage = capsys.readouterr().err
    command = altseason_command(" ".join(words[:2])) if len(words) > 1 else f"altseason {words[0]}"
    assert usage.startswith(f"usage: {command} ")


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.prog)
def test_no_heading_of_a_help_stands_twice(parser: argparse.ArgumentParser):
    headings = re.findall(r"^(\S.*):$", parser.format_help(), re.M)
    assert sorted(headings) == sorted(set(headings))


def test_long_examples_go_on_in_a_line_of_their_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("altseason.parser.altseason_command", lambda: "/a/long/path/to/altseason")
    examples = format_examples("stress --offline -d user_data/data/synthetic -- --timerange 2022-")
    assert examples.splitlines() == [
        "examples:",
        "  /a/long/path/to/altseason stress --offline -d user_data/data/synthetic -- \\",
        "      --timerange 2022-",
    ]


@pytest.mark.parametrize("words", [[], ["dominance"]], ids=" ".join)
def test_alone_it_lists_the_commands_with_a_line_each(
    words: list[str], capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    parser = next(one for one in PARSERS if one.prog == altseason_command(" ".join(words)))
    (group,) = groups(parser)
    for action in group._choices_actions:
        assert action.help
        found = [line for line in lines if line.split()[:1] == [action.dest]]
        assert [line.split(maxsplit=1)[1] for line in found] == [action.help]
    assert len(group._choices_actions) == len(group.choices)


def test_status_reads_the_gate_of_the_strategy_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    strategies = tmp_path / "strategies"
    strategies.mkdir()
    (strategies / "AltSeasonStrategy.py").symlink_to(STRATEGIES / "AltSeasonStrategy.py")
    (strategies / "Falling.py").write_text(
        "from AltSeasonStrategy import AltSeasonStrategy\n\n\n"
        'class Falling(AltSeasonStrategy):\n    buy_params = {"gate_mode": "falling"}\n'
    )
    folders = ["--userdir", str(tmp_path), "--datadir", str(tmp_path)]
    assert main(["dominance", "status", "--strategy", "Falling", "--json", *folders]) == 0
    assert '"mode": "falling"' in capsys.readouterr().out
    assert main(["dominance", "status", "--strategy", "NoSuch", *folders]) == 2
    assert "NoSuch" in capsys.readouterr().err
