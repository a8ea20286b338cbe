"""What hands do becomes what each frame holds: no tap is lost, none is invented."""

from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.arcade.window.play.stick import Stick

CONTROLS = ("up", "right", "down", "left", "fire")


def test_a_tap_shorter_than_a_frame_is_held_for_one():
    stick = Stick()
    stick.press("fire")
    stick.release("fire")
    assert [stick.frame() for _ in range(3)] == [{"fire"}, frozenset(), frozenset()]


def test_two_taps_within_a_frame_are_two():
    stick = Stick()
    for _ in range(2):
        stick.press("fire")
        stick.release("fire")
    assert [stick.frame() for _ in range(5)] == [{"fire"}, set(), {"fire"}, set(), set()]


def test_what_is_held_stays_held_and_combines():
    stick = Stick()
    stick.press("up")
    assert stick.frame() == {"up"}
    stick.press("fire")
    assert stick.frame() == {"up", "fire"}
    stick.release("up")
    assert stick.frame() == {"fire"}
    stick.let_go()
    assert stick.frame() == set()


def test_of_two_opposite_directions_the_later_counts_and_the_other_comes_back():
    stick = Stick()
    stick.press("left")
    stick.frame()
    stick.press("right")
    assert stick.frame() == {"right"}
    stick.release("right")
    assert stick.frame() == {"left"}


hands = st.lists(st.tuples(st.sampled_from(CONTROLS), st.booleans()), max_size=40)


@given(st.lists(hands, max_size=6))
def test_every_press_of_a_button_shows_in_as_many_frames_as_there_were_presses(turns):
    stick, frames, down = Stick(), [], set()
    presses = dict.fromkeys(CONTROLS, 0)
    for turn in turns:
        for control, _ in turn[:8]:  # each change is a real one: what is up goes down, what is down goes up
            if control in down:
                stick.release(control)
                down.discard(control)
            else:
                stick.press(control)
                down.add(control)
                presses[control] += 1
        frames.append(stick.frame())
    while stick.waits:
        frames.append(stick.frame())
    rises = sum("fire" in now and "fire" not in before for before, now in zip([set(), *frames], frames, strict=False))
    assert rises == presses["fire"]
    assert ("fire" in stick.held) == ("fire" in down)
    for frame in frames:
        assert not {"up", "down"} <= frame
        assert not {"left", "right"} <= frame
