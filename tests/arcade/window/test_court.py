"""One court for several: real programs in the sandbox, real consoles and boards, models of this machine."""

import threading

import pygame
import pytest

from grpo_arcade.arcade.players.player import YOU
from grpo_arcade.arcade.window.court.contest import REWRITES
from grpo_arcade.arcade.window.court.court import Court
from grpo_arcade.arcade.window.court.series import Series
from grpo_arcade.arcade.window.home.recordings import RecordingShelf
from grpo_arcade.arcade.window.home.shelf import look
from grpo_arcade.arcade.window.replay.export import Export
from grpo_arcade.arcade.window.replay.replay import ReplayScene
from grpo_arcade.arcade.window.versus.versus import VersusScene
from grpo_arcade.games import Outcome
from grpo_arcade.recordings import load, verify

from ..test_endpoint import serving, streamed

FIRST_COLUMN = "def strategy(board):\n    return next(c for c in range(7) if board[0][c] == 0)\n"
FOLLOW = 'def strategy(state):\n    return "UP" if state["ball_y"] < state["player_y"] + 6 else "DOWN"\n'


@pytest.fixture
def programs(tmp_path):
    """Files with strategies, by name."""

    def made(**sources):
        for name, source in sources.items():
            (tmp_path / f"{name}.py").write_text(source)
        return [str(tmp_path / f"{name}.py") for name in sources]

    return made


@pytest.fixture
def base(app):
    app.open(VersusScene(app))
    return app


def court(app, hands, game, *players, options=None, **how):
    scene = Court(app, game, options or {}, players, **{"seed": 4, **how})
    app.open(scene)
    hands.turns(4)
    return scene


def kept(app):
    return [load(path) for path in sorted(app.files.folder("recordings").iterdir())]


def drop(hands, scene, column):
    """Choose a column with the mouse, once it is this person's turn."""
    hands.until(lambda: scene.at(scene.game.to_move).hands is not None and not scene._resting)
    left, top, width, height = scene.view.picture(scene.game).place_of(scene.view.board.size, column)
    hands.click((scene.view.board.left + left + width // 2, scene.view.board.top + top + height // 2))


def test_a_person_beats_a_program_at_connect_four_and_the_game_is_kept_with_both_seats(base, hands, programs):
    scene = court(base, hands, "connect-four", YOU, *programs(first=FIRST_COLUMN))
    hands.until(lambda: scene.ready)
    for column in (6, 6, 6, 6):
        drop(hands, scene, column)
        hands.until(lambda: scene.round.over or scene.game.to_move == 0)
    hands.until(lambda: scene.round.over)
    assert (scene.round.outcome(0), scene.round.outcome(1)) == (Outcome.WON, Outcome.LOST)
    hands.until(lambda: scene._shown().plate is not None)
    assert scene._shown().plate.words == "You win"
    (episode,) = kept(base)
    verify(episode)
    assert [(seat.player, seat.outcome) for seat in episode.seats] == [("a person", "won"), ("first", "lost")]
    assert not episode.seats[0].source_sha256
    assert len(episode.seats[1].source_sha256) == 64
    hands.press("l")
    assert isinstance(base.scene, ReplayScene)
    hands.until(lambda: base.scene.replay.verdict)
    assert base.scene.replay.verdict.genuine
    hands.press("escape", "g")
    assert isinstance(base.scene, Export)


def test_two_persons_take_turns_by_keys_and_the_best_of_three_is_decided_by_two(base, hands, tmp_path):
    scene = court(base, hands, "connect-four", YOU, YOU, best_of=3)
    for game in range(2):
        assert scene.round.seed == 4 + game
        hands.until(lambda: not scene.round.over)
        while not scene.round.over:
            side = scene.at(scene.game.to_move)
            first, before = side is scene.sides[0], scene.game.plies
            hands.press(*(["a" if first else "right"] * 7))
            if not first and before // 2 % 2:
                hands.press("left")
            hands.press("s" if first else "down")
            hands.until(lambda before=before: scene.game.plies > before)
            assert scene.game.wasted == 0
        assert scene.contest.series.played == game + 1
        if not scene.contest.series.decided:
            scene._next_in = 0.01
            hands.until(lambda: not scene.round.over)
    assert (scene.contest.series.decided, scene.contest.series.won) == (True, [2, 0])
    assert scene._shown().plate.words == "You, W A S D win the match"
    assert {episode.seed for episode in kept(base)} == {4, 5}
    # One film is of the whole match, and may be cut anywhere in it.
    hands.press("g")
    film = base.scene
    assert isinstance(film, Export)
    one, other = (episode.moves for episode in film.plan().episodes)
    assert (film.plan().in_turn, film.end) == (True, one + other)
    film._change_range(1, one - 1)
    assert (len(film.plan().episodes), film.plan().moves) == (1, (one - 1,))
    hands.turns(2)
    hands.press("escape")
    # They are one match among the recordings.
    shelf = RecordingShelf(base)
    shelf.show(look(tmp_path, base.files.folder("recordings")).recordings)
    (row,) = shelf.rows()
    assert "Connect Four · 2 games" in row.words
    assert row.note == "2 : 0"
    shelf.rename(shelf.of(row.key), "against myself")
    shelf.show(look(tmp_path, base.files.folder("recordings")).recordings)
    (row,) = shelf.rows()
    assert row.words.startswith("against myself")
    row.choose()
    assert isinstance(base.scene, ReplayScene)
    assert [episode.seed for episode in base.scene.episodes] == [4, 5]


def test_a_console_goes_on_at_its_pace_and_a_program_decides_at_every_fourth_frame_as_it_is_measured(
    base, hands, programs
):
    scene = court(base, hands, "atari/pong", YOU, *programs(follow=FOLLOW))
    hands.until(lambda: scene.ready)
    assert scene.game.plies == 0
    assert scene._shown().plate.words == "Ready"
    asked = []
    seen = scene.game.seat_observation
    scene.game.seat_observation = lambda seat: asked.append((scene.game.plies, seat)) or seen(seat)
    hands.press("w", up=False)
    hands.until(lambda: scene.game.plies > 200)
    hands.press("p")
    assert {seat for _, seat in asked} == {1}
    assert [plies for plies, _ in asked] == list(range(4, scene.game.plies + 1, 4))
    yours, theirs = scene.round.actions[::2], scene.round.actions[1::2]
    assert set(yours[8:]) == {scene.game.controls[frozenset({"up"})]}
    assert all(len(set(theirs[ply : ply + 4])) == 1 for ply in range(0, len(theirs) - 3, 4))
    verify(scene.contest.episode())
    plies = scene.game.plies
    hands.turns(20)
    assert scene.game.plies == plies
    hands.press("escape")
    (episode,) = kept(base)
    assert episode.moves == plies
    assert [seat.outcome for seat in episode.seats] == [Outcome.UNFINISHED] * 2


def test_what_moves_has_the_same_speed_for_a_program_whether_a_person_plays_or_not():
    from grpo_arcade.games import make

    fine = {"frame_skip": 1, "repeat_action_probability": 0.0}
    measured = make("atari/boxing", players=2, repeat_action_probability=0.0)
    live = make("atari/boxing", players=2, **fine)
    live.decide_every(4)
    for game in (measured, live):
        game.reset(3)
    seen = set()
    for step in range(60):
        actions = measured.aliases["RIGHT"], measured.aliases[("DOWN", "LEFT")[step % 2]]
        measured.step_seats(actions)
        for _ in range(4):
            live.step_seats(actions)
        for seat in (0, 1):
            assert live.seat_observation(seat) == measured.seat_observation(seat)
            seen |= {value for name, value in live.seat_observation(seat).items() if name.endswith(("_dx", "_dy"))}
    assert len(seen) > 2


def test_two_persons_hold_their_own_keys_and_pads_at_once(base, hands):
    scene = court(base, hands, "atari/pong", YOU, YOU)
    assert [side.name for side in scene.sides] == ["You, arrows", "You, W A S D"]
    hands.press("w", pygame.K_DOWN, up=False)
    hands.until(lambda: scene.game.plies > 20)
    controls = scene.game.controls
    assert scene.round.actions[-2:] == bytes([controls[frozenset({"down"})], controls[frozenset({"up"})]])
    for key in (pygame.K_w, pygame.K_DOWN):
        pygame.event.post(pygame.event.Event(pygame.KEYUP, key=key, mod=0, scancode=0))
    base.inputs._pads = {0: object(), 7: object()}
    for pad in (0, 7):
        kind = pygame.CONTROLLERBUTTONDOWN
        button = pygame.CONTROLLER_BUTTON_DPAD_DOWN if pad == 0 else pygame.CONTROLLER_BUTTON_DPAD_UP
        pygame.event.post(pygame.event.Event(kind, button=button, instance_id=pad))
    plies = scene.game.plies
    hands.until(lambda: scene.game.plies > plies + 10)
    base.inputs._pads = {}
    assert scene.round.actions[-2:] == bytes([controls[frozenset({"up"})], controls[frozenset({"down"})]])


def test_a_program_that_fails_loses_its_game_and_says_why(base, hands, programs):
    scene = court(base, hands, "connect-four", *programs(bad="def strategy(board):\n    return 1 // 0\n"), "random")
    hands.until(lambda: scene.round.over)
    assert (scene.round.outcome(0), scene.round.outcome(1)) == (Outcome.CRASHED, Outcome.WON)
    assert any("bad has lost this game: ZeroDivisionError" in line for line in hands.said)
    hands.turns(2)
    verify(kept(base)[0])


def test_a_program_that_makes_no_possible_move_again_and_again_loses_and_the_other_one_wins(base, hands, programs):
    stubborn = "def strategy(board):\n    return 0\n"
    scene = court(base, hands, "connect-four", *programs(stubborn=stubborn, first=FIRST_COLUMN), best_of=3)
    scene.speed = 4.0
    hands.until(lambda: scene.round.over)
    assert (scene.round.outcome(0), scene.round.outcome(1)) == (Outcome.STUCK, Outcome.WON)
    assert scene.contest.series.won == [0, 1]
    hands.until(lambda: scene._shown().plate is not None)
    assert scene._shown().plate.words == "first wins"
    assert "stubborn: no move that could be made" in scene._shown().plate.line
    verify(kept(base)[0])


def test_a_model_writes_another_program_while_its_first_plays_which_takes_over_in_the_next_game(base, hands):
    fails_later = "[0][sum(abs(cell) for row in board for cell in row) > 4]"
    first, second = (f"```python\ndef strategy(board):\n    return {what}\n```" for what in (fails_later, 1))
    with serving(streamed(first), streamed(second)) as server:
        how = {"best_of": 3, "rewrites": REWRITES[1]}
        scene = court(base, hands, "connect-four", server.url, "one-ply", **how)
        rival = scene.sides[0].rival
        hands.until(lambda: scene.ready)
        assert "return [0]" in scene._shown().seats[0].code
        hands.until(lambda: scene.contest.series.played == 1)
        assert scene.contest.series.won == [0, 1]
        scene._next_in = 300.0  # the next game begins once we have seen this
        hands.until(lambda: rival.waits)
        scene._next_in = 0.01
        hands.until(lambda: scene.contest.series.played == 1 and not scene.round.over)
        assert "return 1" in rival.source
        assert any("now plays by program 2" in line for line in hands.said)
        assert [order["seed"] for _, order, _ in server.asked] == [0, 1]


NOTHING = 'def strategy(state):\n    return "NOOP"\n'


def fenced(source):
    return f"```python\n{source}```"


class ScriptedWriter:
    """Stands where the window's resident writer is asked; says what it is given, once it is let."""

    def __init__(self, *completions):
        self.completions, self.orders, self.left = list(completions), [], 0
        self.may = threading.Semaphore(1)

    def messages(self, order, waiting):
        self.orders.append(order)
        completion = self.completions[len(self.orders) - 1]
        try:
            yield {"token": completion[:20]}
            while not self.may.acquire(timeout=0.01):
                waiting()
            yield {"completion": completion}
        finally:
            self.left += 1

    def close(self):
        self.may.release()


def test_a_model_that_has_lost_a_point_writes_on_while_its_first_program_plays_and_the_next_takes_over_at_a_point(
    base, hands, programs
):
    second = FOLLOW + "# another\n"
    with serving(streamed(fenced(NOTHING)), streamed(fenced(second))) as server:
        how = {"rewrites": REWRITES[2], "options": {"players": 2}}
        scene = court(base, hands, "atari/pong", *programs(follow=FOLLOW), server.url, **how)
        scene.speed = 4.0
        rival = scene.sides[1].rival
        hands.until(lambda: rival.attempt == 1)
        assert (scene.round.points(0), rival.number) == (1, 1)
        # A film is looked at while the answer comes; the match waits, and everybody is still there afterwards.
        hands.press("g")
        assert isinstance(base.scene, Export)
        plies, mind = scene.game.plies, scene.sides[0].rival.mind
        hands.until(lambda: rival.waits)
        hands.press("escape")
        hands.turns(3)
        assert scene.sides[0].rival.mind is mind
        assert scene.game.plies == plies
        assert "program 2 takes over at the next point" in scene._shown().seats[1].said
        assert scene._shown().plate.words == "Paused"
        hands.press("p")
        hands.until(lambda: rival.number == 2)
        assert scene.round.points(0) + scene.round.points(1) == 2
        assert rival.source == second
        assert scene._shown().seats[1].code == second.rstrip("\n")
        assert not rival.asked, "it is the first program that has lost this point"
        assert any("now plays by program 2" in line for line in hands.said)
        assert "program 2" in scene._shown().seats[1].said
        plies = scene.game.plies
        hands.until(lambda: scene.game.plies > plies + 12)
        hands.press("escape")
        (episode,) = kept(base)
        verify(episode)
        assert [len(seat.source_sha256) for seat in episode.seats] == [64, 0]
        assert [order["seed"] for _, order, _ in server.asked] == [0, 1]


@pytest.mark.soak
@pytest.mark.parametrize(
    ("game", "how"),
    [
        ("atari/pong", {"rewrites": REWRITES[2], "options": {"players": 2}}),
        ("connect-four", {"rewrites": REWRITES[1], "best_of": 7}),
    ],
)
def test_the_shipped_model_writes_itself_anew_between_points_and_every_program_of_it_plays(base, hands, game, how):
    scene = court(base, hands, game, "pocket", "pocket", **how)
    hands.until(lambda: scene.ready)
    assert base.writer.pid is not None  # one process, which keeps the weights for both
    scene.speed = 8.0
    rivals = [side.rival for side in scene.sides]
    programs = {rival.source for rival in rivals}

    def went_on():
        programs.update(rival.source for rival in rivals)
        if scene.contest.series.decided and scene.round.over:
            return True
        return len(programs) >= 4

    hands.until(went_on, 900.0)
    assert len(programs) >= 4 or scene.contest.series.decided
    assert max(rival.number for rival in rivals) >= 2
    for rival in rivals:
        assert rival.state in ("ready", "waiting", "writing", "loading"), rival.error
        assert "def strategy" in rival.source
    shown = [seat.code for seat in scene._shown().seats]
    assert all(shown)
    hands.press("escape")
    for episode in kept(base):
        verify(episode)
        assert all(len(seat.source_sha256) in (0, 64) for seat in episode.seats)
    base.shut()
    assert base.writer.pid is None


def test_sides_are_changed_and_the_court_is_left_while_a_model_writes_and_nothing_is_lost_or_left_behind(base, hands):
    base.writer.close()
    base.writer = writer = ScriptedWriter(*(fenced(FIRST_COLUMN + f"# {number}\n") for number in range(3)))
    scene = court(base, hands, "connect-four", "pocket", YOU, best_of=3)
    rival = scene.sides[0].rival
    hands.until(lambda: scene.ready)
    hands.press("m")
    hands.until(lambda: rival.state == "writing")
    hands.press("x")
    assert scene.contest.seating == (1, 0)
    assert rival.asked
    assert rival.number == 1
    writer.may.release()
    hands.until(lambda: rival.waits)
    assert "takes over at the next game" in scene._shown().seats[1].said
    hands.press("r")
    assert (rival.number, rival.source) == (2, FIRST_COLUMN + "# 1\n")
    assert any("pocket now plays by program 2" in line for line in hands.said)
    hands.press("m")
    hands.until(lambda: rival.state == "writing")
    hands.press("escape")
    assert base.scene is not scene
    hands.until(lambda: writer.left == 3)
    hands.turns(3)
    assert not any("no other program" in line for line in hands.said)
    assert [order["seed"] for order in writer.orders] == [0, 1, 2]


def test_who_has_no_other_program_plays_on_with_the_one_that_is_called_by_its_number(base, hands):
    base.writer.close()
    base.writer = ScriptedWriter(fenced(FIRST_COLUMN), "no program at all")
    base.writer.may.release()
    scene = court(base, hands, "connect-four", "pocket", YOU)
    rival = scene.sides[0].rival
    hands.until(lambda: scene.ready)
    hands.press("m")
    hands.until(lambda: rival.attempt == 1 and not rival.asked)
    assert any("has no other program" in line for line in hands.said)
    assert scene._shown().seats[0].said.startswith("program 1")
    assert scene._shown().seats[0].code == FIRST_COLUMN.rstrip("\n")


def test_both_programs_stand_beside_the_court_at_every_size(base, hands, programs):
    scene = court(base, hands, "atari/boxing", *programs(one=FOLLOW, two=FOLLOW + "# two\n"), options={"players": 2})
    hands.until(lambda: scene.ready)
    for size in ((1280, 800), (320, 240), (1920, 1080)):
        hands.resize(size)
        base.redraw()
        hands.turns(2)
        for place in scene.view.places:
            assert scene.area.contains(place.rect)
            assert not place.rect.colliderect(scene.view.board)
        assert scene.area.contains(scene.view.board)
    assert [place.code.text.count("# two") for place in scene.view.places] == [0, 1]


@pytest.mark.parametrize(
    ("game", "players", "said"),
    [
        ("2048", (YOU, "random"), "2048 is for one player only"),
        ("atari/breakout", (YOU, "random"), "atari/breakout is for one player only"),
        ("connect-four", (YOU, "random", "random"), r"connect-four has 2 seats \(red, yellow\), and 3 players"),
        ("connect-four", (YOU, "nosuch"), "no player is called 'nosuch'"),
    ],
)
def test_what_cannot_be_played_is_one_line(app, game, players, said):
    with pytest.raises(ValueError, match=said):
        Court(app, game, {}, players)


def test_four_seats_have_keys_for_two_persons(app):
    with pytest.raises(ValueError, match="2 persons can play here"):
        Court(app, "atari/pong", {"players": 4}, [YOU, YOU, YOU, "random"])
    scene = Court(app, "atari/pong", {"players": 4}, [YOU, "random", "random", YOU])
    assert scene.view.columns == ([1, 3], [0, 2])


def test_versus_is_one_court_where_the_game_has_several_seats_and_a_board_each_where_it_has_not(app, hands):
    scene = VersusScene(app, "connect-four")
    app.open(scene)
    hands.turns(3)

    def shown():
        return {item.label: item.value for item in scene._focus.items}

    assert shown()["Played on"] == "one court"
    assert {"Red", "Yellow", "Best of", "Sides"} <= shown().keys()
    scene._put(1, YOU)
    scene._change_court(1)
    assert shown()["Played on"] == "a board each"
    assert scene.players.count(YOU) == 1
    scene._change_court(1)
    scene._put(1, "alpha-beta")
    scene._start()
    assert isinstance(app.scene, Court)
    assert [side.name for side in app.scene.sides] == ["You", "alpha-beta"]


def test_the_best_of_so_many_is_decided_once_nobody_can_catch_up():
    series = Series(2, 5, changes=True)
    assert series.seating() == (0, 1)
    series.note([0])
    assert series.seating() == (1, 0)
    series.note([])
    assert not series.decided
    series.note([0])
    assert not series.decided
    series.note([0])
    assert (series.decided, series.won, series.winners()) == (True, [3, 0], [0])
    assert Series(2, 1, shift=1).seating() == (1, 0)
