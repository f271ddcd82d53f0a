"""What is said where hyperopt fails."""

from pathlib import Path

import pytest

from altseason_lab.walkforward.search import find_error

LOGGED = "2026-11-27 00:00:00,000 - freqtrade - ERROR - "


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["2026-11-27 00:00:00,000 - freqtrade.main - INFO - hello", f"{LOGGED}No data found."],
            "No data found.",
        ),
        (
            [
                f"{LOGGED}Fatal exception!",
                "Traceback (most recent call last):",
                '  File "a.py", line 1, in <module>',
                "    raise ValueError(1)",
                '  File "/usr/lib/python3/dist-packages/b.py", line 2, in <module>',
                "ValueError: 1",
                "",
            ],
            "a.py, line 1: ValueError: 1",
        ),
        (
            [f"{LOGGED}Configuration error: no stake", "Please make sure to review the docs."],
            "Configuration error: no stake",
        ),
        (["freqtrade.exceptions.OperationalException: odd"], "freqtrade.exceptions.Operation"),
        (["nothing of the kind", "  the end  "], "the end"),
        ([], "it printed nothing"),
        ([f"{LOGGED}Fatal exception!"], "Fatal exception!"),
    ],
)
def test_last_line_that_names_an_error_is_found(tmp_path: Path, lines: list[str], expected: str):
    output = tmp_path / "output.txt"
    output.write_text("\n".join(lines))
    assert find_error(output).startswith(expected)
