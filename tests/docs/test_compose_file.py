"""docker-compose.yml: each fact of it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from freqtrade import __version__ as freqtrade_version
from freqtrade.commands import Arguments

from tests.conftest import ROOT
from tests.docs import compose

FILE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / ".env.example"
# What runs until somebody stops it; the others end by themselves.
LONG_RUNNING = ["freqtrade", "recorder"]
SECRET = re.compile(r"(PASSWORD|KEY|SECRET|TOKEN|CHAT_ID)$")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text())


@pytest.fixture(scope="module")
def services(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return document["services"]


def test_file_is_valid_by_the_compose_specification():
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.compose-spec", FILE]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_specification_refuses_a_key_that_compose_does_not_know(tmp_path: Path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(FILE.read_text().replace("restart:", "restarts:"))
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.compose-spec", wrong]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "'restarts' was unexpected" in found.stdout


def test_services_use_the_image_of_the_version_we_test_with(services):
    images = {service["image"] for service in services.values()}
    assert images == {f"freqtradeorg/freqtrade:{freqtrade_version}"}


def test_services_mount_user_data_and_the_tools_the_lab_to_read(services):
    mounts = {name: service["volumes"] for name, service in services.items()}
    own = ["./user_data:/freqtrade/user_data"]
    tools = [*own, "./lab:/freqtrade/lab:ro"]
    assert mounts == {"freqtrade": own, "recorder": own, "altseason": tools}


def test_services_run_as_the_image_s_own_user_and_cannot_become_another(services):
    assert {service["user"] for service in services.values()} == {"1000:1000"}
    options = [service["security_opt"] for service in services.values()]
    assert options == [["no-new-privileges:true"]] * len(services)
    limits = [(service["cap_drop"], service["mem_limit"]) for service in services.values()]
    assert limits == [(["ALL"], "4g")] * len(services)
    assert not any(
        service.get("privileged") or service.get("cap_add") for service in services.values()
    )


def test_only_the_bot_has_a_port_and_only_for_this_machine(services):
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {"freqtrade": ["127.0.0.1:8080:8080"]}
    assert not any("network_mode" in service for service in services.values())


def test_long_running_services_restart_are_checked_and_may_end_in_peace(services):
    assert [name for name, service in services.items() if "restart" in service] == LONG_RUNNING
    for name in LONG_RUNNING:
        assert services[name]["restart"] == "unless-stopped"
        assert services[name]["stop_grace_period"] in ("1m", "30s")
        # Python as process 1 would not hear SIGTERM.
        assert services[name]["init"] is True
        health = services[name]["healthcheck"]
        assert set(health) == {"test", "interval", "timeout", "retries", "start_period"}
        assert pd.Timedelta(health["timeout"]) < pd.Timedelta(health["interval"])


def test_plain_up_starts_the_bot_alone(document):
    assert compose.find_started(document, "") == ["freqtrade"]
    assert compose.find_started(document, "recorder") == ["freqtrade", "recorder"]


def test_secrets_are_handed_through_and_have_no_value_in_the_file(services):
    for service in services.values():
        for name, value in service["environment"].items():
            assert value is None or not SECRET.search(name), name
    # Nobody but the bot sees the keys of an exchange or a chat.
    for name in ("recorder", "altseason"):
        assert set(services[name]["environment"]) == {
            "PYTHONPATH",
            "FREQTRADE__COINGECKO__API_KEY",
            "FREQTRADE__ALTSEASON__DOMINANCE__COINMARKETCAP_KEY",
        }


def test_env_example_explains_every_variable_and_no_other(services):
    interpolated = set(re.findall(r"\$\{(\w+)", FILE.read_text()))
    handed = {
        name
        for service in services.values()
        for name, value in service["environment"].items()
        if value is None
    }
    named = re.findall(r"^#?(\w+)=", EXAMPLE.read_text(), re.M)
    assert sorted(named) == sorted(interpolated | handed)


def test_env_example_sets_nothing_as_it_is():
    assert compose.read_variables(EXAMPLE) == {}


def test_commands_are_ones_that_freqtrade_parses_with_files_that_are_there(home: Path):
    found = compose.load_services()
    options = Arguments(found["freqtrade"].command).get_parsed_arg()
    assert options["command"] == "trade"
    assert options["config"] == [
        "user_data/config.json",
        "user_data/overlays/frequi.json",
        "user_data/overlays/dry_run.json",
    ]
    assert all(Path(name).is_file() for name in options["config"])
    assert found["recorder"].command == ["dominance", "record", "-c", "user_data/config.json"]


def test_variables_choose_mode_and_exchange(home: Path):
    (home / ".env").write_text(
        'TRADING_MODE=live\nOVERLAYS="-c user_data/overlays/kraken.json"\n'
        "FREQTRADE__EXCHANGE__KEY=abc\n"
    )
    found = compose.load_services()
    words = found["freqtrade"].command
    assert words[-4:] == [
        "-c",
        "user_data/overlays/live.json",
        "-c",
        "user_data/overlays/kraken.json",
    ]
    assert found["recorder"].command[-1] == "user_data/overlays/kraken.json"
    assert "user_data/overlays/kraken.json" in found["recorder"].health[-1]
    assert found["freqtrade"].environment["FREQTRADE__EXCHANGE__KEY"] == "abc"
    assert "FREQTRADE__EXCHANGE__SECRET" not in found["freqtrade"].environment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "a"),
        ("${A:-b}", "a"),
        ("${EMPTY:-b}", "b"),
        ("${NONE:-b}", "b"),
        ("${NONE}", ""),
        ("$$A", "$A"),
        ("x ${A} ${NONE:-y}", "x a y"),
    ],
)
def test_interpolation_is_that_of_compose(text: str, expected: str):
    # https://docs.docker.com/reference/compose-file/interpolation/
    assert compose.interpolate([text], {"A": "a", "EMPTY": ""}) == [expected]


def test_interpolation_refuses_what_we_do_not_use():
    for text in ("${A:?message}", "$A", "${A:-${B}}"):
        with pytest.raises(SystemExit):
            compose.interpolate(text, {"A": "a"})
