"""Run a `docker compose run --rm SERVICE ...` line without an engine, as the service would run it.

Called with what follows `docker`, in the folder that holds docker-compose.yml. It checks that the
service is one that would do this, and runs its very command with its environment here: the folder
stands for /freqtrade in the image. Freqtrade itself runs through the sandbox, being offline.
"""

import os
import subprocess
import sys
from pathlib import Path

import yaml

WORKDIR = "/freqtrade"
IMAGE_ENTRYPOINT = ["freqtrade"]


def main(arguments: list[str]) -> int:
    if arguments[:3] != ["compose", "run", "--rm"]:
        sys.exit(f"unknown docker command: {arguments}")
    name, *words = arguments[3:]
    service = yaml.safe_load(Path("docker-compose.yml").read_text())["services"][name]
    if f"./user_data:{WORKDIR}/user_data" not in service["volumes"]:
        sys.exit(f"{name}: user_data is not mounted where the commands expect it")
    environment = {
        key: value.replace(WORKDIR, str(Path.cwd()))
        for key, value in service.get("environment", {}).items()
    }
    command = [*service.get("entrypoint", IMAGE_ENTRYPOINT), *words]
    if command[0] == "freqtrade":
        sandbox = ["-m", "altseason", "sandbox", "--datadir", "user_data/data/synthetic", "--"]
        command = [sys.executable, *sandbox, *command]
    elif command[0] == "python":
        command[0] = sys.executable
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
