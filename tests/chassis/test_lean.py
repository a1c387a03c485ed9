"""A service is not made larger by command lines that it never shows."""

import subprocess
import sys


def test_services_import_no_terminal() -> None:
    # given the modules that routing imports, which are the most
    script = "import sys, services.router.app; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    # then nothing is there that draws on a terminal
    assert not {"rich", "prompt_toolkit", "cel.cli"} & set(modules.stdout.split())


def test_what_was_kept_out_can_be_imported_afterwards() -> None:
    script = "import chassis.logging, rich.console, services.router.ruleset, cel.cli; print(cel.cli.__file__)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip().endswith("cli.py")
