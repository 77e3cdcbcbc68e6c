"""`routebalance fleet up` as a process: what it prints and writes, and how it ends."""

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from pipeline.params import dump_fleet, load_fleet
from tests.fleet.serving import small_fleet

COMMAND = [sys.executable, "-c", "from pipeline.cli import main; main()", "fleet", "up"]


def test_a_fleet_comes_up_writes_its_endpoints_and_ends_on_sigterm(tmp_path: Path) -> None:
    file, written = tmp_path / "fleet.yaml", tmp_path / "up.yaml"
    dump_fleet(small_fleet(), file)
    command = [*COMMAND, str(file), "--port", "0", "--write", str(written)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(600):
            if written.exists():
                break
            time.sleep(0.1)
        endpoints = load_fleet(written).endpoints
        assert list(endpoints) == ["small-0", "small-1", "large-0"]
        with urllib.request.urlopen(endpoints["large-0"] + "/health") as answer:
            assert answer.status == 200
        # A port that is taken ends the second one in a sentence.
        again = subprocess.run([*COMMAND, str(written)], capture_output=True, text=True)
        assert again.returncode == 2
        assert again.stderr.startswith("error: small-0 cannot listen on 127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        printed = process.communicate(timeout=30)[0].splitlines()
        assert process.returncode == 0
    url = endpoints["small-0"]
    assert printed[0] == f"small-0  {url}  tier small  model emu-small  EMULATED"
