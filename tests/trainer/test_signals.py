"""What a signal does to a run, while it goes on and while it ends."""

import os
import signal

import pytest

from grpo_arcade.trainer.processes import ALONE, Processes
from grpo_arcade.trainer.signals import stopping

POLITE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Run:
    stop_asked = ""

    def __init__(self, processes):
        self.processes = processes


@pytest.fixture(autouse=True)
def handlers():
    before = {number: signal.getsignal(number) for number in POLITE}
    # Tests that were started by nohup have it ignored, which a run respects.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield before | {signal.SIGHUP: signal.SIG_DFL}
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", POLITE)
def test_a_polite_signal_stops_after_the_step_and_the_handlers_come_back(handlers, number):
    run, said = Run(ALONE), []
    with stopping(run, said.append):
        os.kill(os.getpid(), number)
    assert run.stop_asked == "interrupted"
    assert "finishing this step" in said[0]
    assert {number: signal.getsignal(number) for number in POLITE} == handlers


def test_a_second_ctrl_c_ends_at_once():
    run = Run(ALONE)
    run.stop_asked = "interrupted"
    with pytest.raises(KeyboardInterrupt), stopping(run, lambda line: None):
        os.kill(os.getpid(), signal.SIGINT)


def test_one_of_several_that_ends_in_an_error_is_not_cut_off_before_it_has_said_so():
    with pytest.raises(ValueError, match="lost"), stopping(Run(Processes(0, 2)), lambda line: None):
        raise ValueError("lost")
    os.kill(os.getpid(), signal.SIGTERM)


def test_who_said_that_a_closed_terminal_does_not_matter_is_believed():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    run = Run(ALONE)
    with stopping(run, lambda line: None):
        os.kill(os.getpid(), signal.SIGHUP)
    assert not run.stop_asked
