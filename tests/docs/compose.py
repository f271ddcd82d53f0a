"""Run `docker compose` lines without an engine, as their services would run.

Called with what follows `docker`, in the folder that holds docker-compose.yml: that folder stands
for /freqtrade in the image, and .env is read from it. `run --rm SERVICE ...` runs the service's
very command with its environment. `up -d` starts the services that it would start, one by one,
waits until their health checks pass, and stops them again. Freqtrade itself runs through the
sandbox, being offline, and its API listens on a free port of this machine only.
"""

import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

WORKDIR = "/freqtrade"
MOUNT = f"./user_data:{WORKDIR}/user_data"
IMAGE_ENTRYPOINT = ["freqtrade"]
IMAGE_COMMAND = ["trade"]
API = "FREQTRADE__API_SERVER__LISTEN_"
API_PORT = "8080"
# What Freqtrade reads where no option names another; in the sandbox the served folder otherwise.
OWN_DATADIR = "user_data/data/binance"
PATHS = "PYTHONPATH"
# ${NAME}, ${NAME:-default} and $$; any other dollar is one that we do not use.
INTERPOLATED = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::-(?P<default>[^${}]*))?\}|)")
# Addresses in the tests' own environment stand for the internet, which containers see as well.
INTERNET = "FREQTRADE__ALTSEASON__DOMINANCE__URLS__"
# Who says that it takes longer to become healthy is not waited for.
PATIENCE = pd.Timedelta(minutes=5)


@dataclass(frozen=True)
class Service:
    """What a container of a service would be given.

    :param health: the words of its health check; none if it has none.
    :param start_period: how long it may take to become healthy.
    """

    name: str
    entrypoint: list[str]
    command: list[str]
    environment: dict[str, str]
    health: list[str]
    start_period: pd.Timedelta

    def start(self, words: list[str], port: int) -> subprocess.Popen[bytes]:
        """Start the container's process here, with its command or with other words."""
        return subprocess.Popen(localize([*self.entrypoint, *words]), env=self.local(port))

    def is_healthy(self, port: int) -> bool:
        """Run the health check here once."""
        words = [word.replace(API_PORT, str(port)) for word in self.health]
        # What it says goes to the engine, and not to the person.
        found = subprocess.run(
            localize(words), env=self.local(port), timeout=60, capture_output=True, check=False
        )
        return found.returncode == 0

    def local(self, port: int) -> dict[str, str]:
        """Return the environment with our own folder, address and port."""
        outside = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("FREQTRADE__") or name.startswith(INTERNET)
        }
        # `python` is the one that runs us, as the image has only one.
        path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        inside = {
            key: value.replace(WORKDIR, str(Path.cwd())) for key, value in self.environment.items()
        }
        # The tests' own folders come after the service's, as what is installed does in the image.
        folders = [path for path in (inside.get(PATHS), os.environ.get(PATHS)) if path]
        inside[PATHS] = os.pathsep.join(folders)
        if f"{API}IP_ADDRESS" in inside:
            inside |= {f"{API}IP_ADDRESS": "127.0.0.1", f"{API}PORT": str(port)}
        return {**outside, **path, **inside}


def main(arguments: list[str]) -> int:
    match arguments:
        case ["compose", "run", "--rm", name, *words]:
            service = load_services()[name]
            return service.start(words or service.command, find_free_port()).wait()
        case ["compose", "up", "-d", *names]:
            return run_up(names, profile="")
        case ["compose", "--profile", profile, "up", "-d", *names]:
            return run_up(names, profile)
        case ["compose", "logs" | "ps" | "stop" | "down", *_]:
            return 0  # nothing is left of what `up` started
    sys.exit(f"unknown docker command: {arguments}")


def run_up(names: list[str], profile: str) -> int:
    """Start services, see that they become healthy, and stop them; 1 if one does not."""
    services = load_services()
    started = names or find_started(read_file(), profile)
    healthy = [wait_until_healthy(services[name]) for name in started]
    return 0 if all(healthy) else 1


def wait_until_healthy(service: Service) -> bool:
    """Return whether a service gets healthy within its start period, and stop it."""
    port = find_free_port()
    process = service.start(service.command, port)
    try:
        # Somebody who needs hours only has to stay alive for a while.
        is_patient = service.start_period > PATIENCE
        end = time.monotonic() + (10 if is_patient else service.start_period.total_seconds())
        while time.monotonic() < end and process.poll() is None:
            if service.is_healthy(port):
                return process.poll() is None
            time.sleep(1)
        return is_patient and process.poll() is None
    finally:
        process.terminate()
        process.wait(60)


def find_started(compose: Mapping[str, Any], profile: str) -> list[str]:
    """Name the services that `up` starts: those without a profile, and those of the named one."""
    services = compose["services"]
    return [name for name in services if not (p := services[name].get("profiles")) or profile in p]


def load_services() -> dict[str, Service]:
    """Read docker-compose.yml and .env of the current folder."""
    variables = {**read_variables(Path(".env")), **os.environ}
    services = interpolate(read_file(), variables)["services"]
    return {name: read_service(name, services[name], variables) for name in services}


def read_file() -> dict[str, Any]:
    return dict(yaml.safe_load(Path("docker-compose.yml").read_text()))


def read_service(name: str, service: Mapping[str, Any], variables: Mapping[str, str]) -> Service:
    if MOUNT not in service["volumes"]:
        sys.exit(f"{name}: user_data is not mounted where the commands expect it")
    health = service.get("healthcheck", {})
    return Service(
        name,
        service.get("entrypoint", IMAGE_ENTRYPOINT),
        split(service.get("command", IMAGE_COMMAND)),
        {
            key: variables[key] if value is None else str(value)
            for key, value in service.get("environment", {}).items()
            # What has no value is handed through, if there is one outside.
            if value is not None or key in variables
        },
        read_health(health.get("test", [])),
        pd.Timedelta(health.get("start_period", "0s")),
    )


def read_health(test: list[str]) -> list[str]:
    if test and test[0] == "CMD-SHELL":
        return ["/bin/sh", "-c", *test[1:]]
    return test[1:]


def split(command: str | list[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else command


def read_variables(path: Path) -> dict[str, str]:
    """Read a .env file: NAME=value lines, values quoted if need be."""
    if not path.exists():
        return {}
    lines = [line.strip() for line in path.read_text().splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: " ".join(shlex.split(value)) for name, _, value in pairs}


def interpolate(value: Any, variables: Mapping[str, str]) -> Any:
    """Replace the variables in all strings of a parsed file, as compose does."""
    if isinstance(value, dict):
        return {key: interpolate(part, variables) for key, part in value.items()}
    if isinstance(value, list):
        return [interpolate(part, variables) for part in value]
    if not isinstance(value, str):
        return value

    def replace(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        if not found["name"]:
            sys.exit(f"expected ${{NAME}} or ${{NAME:-default}}, found {value!r}")
        return variables.get(found["name"], "") or found["default"] or ""

    return INTERPOLATED.sub(replace, value)


def localize(words: list[str]) -> list[str]:
    """Return the command line that does here what these words do in the image."""
    if words[0] == "freqtrade":
        sandbox = ["-m", "altseason", "sandbox", "--datadir", "my_candles", "--"]
        # A bot that trades has a folder of its own there.
        is_named = "--datadir" in words or "trade" in words
        return [sys.executable, *sandbox, *words, *([] if is_named else ["--datadir", OWN_DATADIR])]
    return [sys.executable, *words[1:]] if words[0] == "python" else words


def find_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
