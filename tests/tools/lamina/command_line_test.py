"""Exit codes and messages of the command line: 0, or 1 and 2 with exactly one line on standard error."""
import subprocess
import sys

CLI = sys.argv[1]


def call(*arguments):
    return subprocess.run([CLI, *arguments], capture_output=True, text=True, timeout=60)


def refused(code, *arguments, mention=""):
    result = call(*arguments)
    assert result.returncode == code, (arguments, result)
    assert len(result.stderr.splitlines()) == 1, (arguments, result.stderr)
    assert mention in result.stderr, (arguments, result.stderr)
    assert result.stdout == "", (arguments, result.stdout)


def works(*arguments, mention=""):
    result = call(*arguments)
    assert result.returncode == 0, (arguments, result)
    assert result.stderr == "", (arguments, result.stderr)
    assert mention in result.stdout, (arguments, result.stdout)


refused(2)
refused(2, "frobnicate", mention="frobnicate")
refused(2, "--frobnicate")
refused(2, "devices", "--frobnicate", mention="--frobnicate")
refused(2, "devices", "--json", mention="--json")
for command in "summary plot run grad train convert compile bench devices".split():
    works("--help", mention=command)
    works(command, "--help", mention="--help")
refused(2, "run", "model.keras", "-i", "x.npz", mention="--output")
refused(2, "run", "model.keras", "-i", "x.npz", "-o", mention="--output")
refused(2, "run", "model.keras", "-i", "x.npz", "-o", "y.npz", "--threads", "all", mention="--threads")
refused(1, "run", "nothing.keras", "-i", "x.npz", "-o", "y.npz", mention="nothing.keras")
works("--version")
