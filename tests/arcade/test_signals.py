"""A command that is killed politely ends as by Ctrl-C: one word, its own exit code, and nothing left behind."""

import signal
import subprocess
import sys
import time

ARCADE = [sys.executable, "-m", "grpo_arcade"]


def begun(words, cwd, ready):
    """The command in a session of its own, as soon as ``ready`` holds."""
    child = subprocess.Popen(
        [*ARCADE, *words], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not ready():
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    return child


def alive(session):
    """Processes of a session."""
    found = subprocess.run(["pgrep", "-s", str(session)], capture_output=True, text=True, check=False)
    return found.stdout.split()


def test_a_run_that_has_not_begun_to_learn_leaves_nothing_behind(tmp_path):
    outputs = tmp_path / "outputs"
    words = ["train", "--run-name", "one", "--output-dir", str(outputs)]
    child = begun(words, tmp_path, (outputs / "one" / "run.db").exists)
    try:
        child.terminate()
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (child.returncode, out) == (128 + signal.SIGTERM, "")
    assert err.splitlines()[-1] == "stopped"
    assert "Traceback" not in err
    assert not (outputs / "one").exists()
    assert alive(child.pid) == []


def test_who_was_told_not_to_mind_a_closed_terminal_does_not(tmp_path):
    program = (
        "import signal, os\n"
        "from grpo_arcade.arcade.signals import killed_politely\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with killed_politely():\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    print('goes on')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "goes on\n"
