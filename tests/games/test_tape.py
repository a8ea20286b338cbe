"""Whatever is taped comes back from any place, and takes little where little changes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.games.episode import Verdict
from grpo_arcade.games.tape import AT_FIRST, KEY_EVERY, Packer, Tape


def taped(things):
    packer, tape = Packer(), Tape()
    tape.extend([packer.pack(thing) for thing in things])
    return tape


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=40)), max_size=3 * KEY_EVERY), st.data())
def test_everything_comes_back_from_any_place_in_any_order(things, data):
    tape = taped(things)
    assert len(tape) == len(things)
    if things:
        for place in data.draw(st.lists(st.integers(0, len(things) - 1), max_size=20)):
            assert tape.at(place) == things[place]


def test_a_screen_that_hardly_changes_takes_little():
    screens = [bytes(i == at for i in range(33_600)) for at in range(100)]
    tape = taped(screens)
    assert tape.at(99) == screens[99]
    assert tape.size < 100 * 250


def test_its_maker_is_asked_once_in_a_while_and_never_for_more_than_there_will_be():
    asked = []
    tape = Tape(1_000, lambda shown, upto: asked.append((shown, upto)))
    for shown in range(0, 1_001):
        tape.want(shown, shown + 60)
    assert asked[0][1] > AT_FIRST
    assert len(asked) < 1_000 / 15 + 2
    assert asked[-1][1] == 1_001, "the one beyond the last, after which the verdict comes"
    tape.extend([], Verdict(None))
    tape.want(0, 2_000)
    assert asked[-1][1] == 1_001
