"""Versus with real players: baselines, programs in the sandbox, the pocket model, and endpoints of this machine."""

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.arcade.players.player import YOU, RunChampion
from grpo_arcade.arcade.window.shell.scene import Dropped
from grpo_arcade.arcade.window.versus.match import Match
from grpo_arcade.arcade.window.versus.player_list import PlayerList
from grpo_arcade.arcade.window.versus.points import Course
from grpo_arcade.arcade.window.versus.versus import VersusScene
from grpo_arcade.games import Outcome
from grpo_arcade.recordings import load, verify

from ..test_endpoint import serving, streamed
from .conftest import Hands
from .made_runs import CRASHING, MadeRun

SMALL = {"size": 3, "target": 64}
ARROWS = (pygame.K_LEFT, pygame.K_DOWN, pygame.K_RIGHT, pygame.K_UP)


def match(app, hands, *players, ready=True, **how):
    scene = Match(app, "2048", SMALL, players, seed=11, **how)
    app.open(scene)
    hands.turns(2)
    if ready:
        hands.until(lambda: scene.ready)
    return scene


def rest(hands, scene):
    hands.until(lambda: scene.next_update() is None)


def play_on(hands, scene, moves=10_000):
    """Press arrows until the person's game is over, or that many of them moved something."""
    session = scene.person.session
    for press in range(4 * moves):
        if session.game.outcome is not None or len(session.actions) >= moves:
            return
        hands.press(ARROWS[press % 4])


def test_turn_by_turn_the_other_makes_as_many_moves_as_the_person(app, hands):
    scene = match(app, hands, YOU, "greedy")
    other = scene.seats[1]
    for moves in (1, 2, 7):
        play_on(hands, scene, moves)
        rest(hands, scene)
        assert len(scene.person.session.actions) == moves
        assert other.playback.game.plies == min(moves, len(other.playback.episode.actions))
    assert other.playback.episode.seed == scene.person.session.seed == 11


def test_in_real_time_the_others_begin_with_the_first_move_and_stop_while_paused(app, hands):
    scene = match(app, hands, YOU, "random", pace="real time")
    hands.turns(30)
    assert scene.seats[1].playback.ply == 0
    play_on(hands, scene, 1)
    hands.until(lambda: scene.seats[1].playback.ply >= 3)
    hands.press("p")
    rest(hands, scene)
    before = scene.seats[1].playback.ply
    hands.turns(30)
    assert scene.seats[1].playback.ply == before
    hands.press(".")
    assert scene.seats[1].playback.ply == before + 1
    assert len(scene.person.session.actions) == 1


def test_without_a_person_the_players_play_to_the_end_and_the_best_is_named(app, hands):
    scene = match(app, hands, "random", "greedy", "expectimax")
    for _ in range(6):
        hands.press("=")
    hands.until(lambda: scene.verdict)
    scores = {seat.name: seat.playback.episode.score for seat in scene.seats}
    ranked = sorted(scores.values())
    winner = max(scores, key=scores.get)
    assert scene.verdict == f"{winner} wins by {ranked[-1] - ranked[-2]:,.0f} points"
    assert all(seat.outcome is seat.playback.episode.outcome for seat in scene.seats)
    rest(hands, scene)
    assert hands.turns(20) == 0


def test_a_whole_game_is_played_lost_restarted_and_kept(app, hands):
    scene = match(app, hands, YOU, "random")
    play_on(hands, scene)
    assert scene.person.outcome in (Outcome.LOST, Outcome.WON)
    for _ in range(6):
        hands.press("=")
    hands.until(lambda: scene.verdict)
    (kept,) = app.files.folder("recordings").iterdir()
    episode = load(kept)
    verify(episode)
    assert (episode.seed, episode.score) == (11, scene.person.score)
    hands.press("r")
    assert (scene.seed, scene.person.score, scene.verdict) == (11, 0, "")
    assert scene.seats[1].playback.ply == 0
    hands.press("n")
    hands.until(lambda: scene.ready)
    assert scene.seed == scene.person.session.seed == scene.seats[1].playback.episode.seed != 11


def test_an_endpoint_writes_before_the_persons_eyes_then_plays_and_may_be_asked_again(app, hands):
    good = "```python\ndef strategy(board):\n    return 'WASD'[len(str(board)) % 4]\n```"
    with serving(streamed("I will not."), streamed(good), pause_s=0.02) as server:
        scene = match(app, hands, YOU, server.url, ready=False)
        seat = scene.seats[1]
        seen = set()

        def done():
            seen.add(scene.view.places[1].code.text)
            return scene.ready

        hands.until(done)
        assert {text for text in seen if text} <= {"I will not."[:n] for n in range(12)}
        assert len(seen) > 1
        rest(hands, scene)
        assert (seat.outcome, seat.contestant.performance.source) == (Outcome.NO_CODE, None)
        assert "no code" in scene.view.seat.said(seat)[0]
        play_on(hands, scene, 2)
        hands.press("m")
        hands.until(lambda: scene.ready)
        assert seat.contestant.performance.source == "def strategy(board):\n    return 'WASD'[len(str(board)) % 4]\n"
        assert [order["seed"] for _, order, _ in server.asked] == [0, 1]
        rest(hands, scene)
        assert seat.playback.ply == min(2, len(seat.playback.episode.actions))
        hands.press("n")
        hands.until(lambda: scene.ready)
        assert len(server.asked) == 2  # another seed is played with the strategy there is


def test_the_window_goes_on_while_a_model_thinks_and_leaving_ends_it(app, hands):
    with serving([*streamed("x" * 400)], pause_s=0.2) as server:
        below = VersusScene(app)
        app.open(below)
        scene = match(app, hands, YOU, server.url, ready=False)
        hands.until(lambda: scene.seats[1].contestant.state == "writing")
        play_on(hands, scene, 5)
        assert len(scene.person.session.actions) == 5
        task = scene.seats[1].contestant._task
        hands.press("escape")
        assert task.cancelled
        assert app.scene is below
        assert len(list(app.files.folder("recordings").iterdir())) == 1  # five moves are not lost either


def test_a_dead_endpoint_is_a_readable_line_on_its_board(app, hands):
    scene = match(app, hands, "random", "http://127.0.0.1:9/v1#llama")
    contestant = scene.seats[1].contestant
    assert (contestant.state, contestant.name) == ("failed", "llama")
    assert contestant.error == "nobody answers at 127.0.0.1:9; is the server running?"
    hands.until(lambda: scene.verdict)
    assert scene.verdict.startswith("random wins")


def test_files_champions_and_unknown_names(app, hands, tmp_path):
    program = tmp_path / "corner.py"
    program.write_text("def strategy(board):\n    return 'SA'[board[3][0] > 0]\n")
    crashing = tmp_path / "crashing.py"
    crashing.write_text(CRASHING)
    with MadeRun(tmp_path / "outputs", group=4) as run:
        run.step(1)
    champion = f"{run.folder}:champion"
    scene = match(app, hands, str(program), str(crashing), champion, "nosuch", "random")
    corner, crashed, best, nobody, _ = scene.seats
    assert corner.contestant.performance.source == program.read_text()
    assert crashed.contestant.performance.outcome is Outcome.CRASHED
    assert best.contestant.performance.source.startswith("def strategy")
    assert nobody.contestant.state == "failed"
    assert "no player is called 'nosuch'" in nobody.contestant.error
    scene._select(0)
    hands.press("c")
    assert corner.shows_code(scene.view.places[0].beside)
    assert scene.view.places[0].code.text == program.read_text().rstrip("\n")


def test_the_pocket_model_stays_loaded_and_writes_token_by_token_and_plays(app, hands):
    scene = Match(app, "2048", {}, [YOU, "pocket"], seed=5)
    app.open(scene)
    seat = scene.seats[1]
    contestant = seat.contestant

    def seen():
        lengths, states = set(), []

        def done():
            lengths.add(len(contestant.text))
            state = contestant.state, scene.view.seat.said(seat)[0].partition(" ")[0]
            if state not in states:
                states.append(state)
            return scene.ready

        hands.until(done, seconds=200)
        assert len(lengths) > 20
        return states

    first = seen()
    assert ("loading", "loading") in first
    assert first.index(("loading", "loading")) < first.index(("writing", "writing"))
    assert contestant.performance.episode.seed == 5
    assert contestant.performance.outcome in set(Outcome) - {Outcome.UNFINISHED}
    process, text = app.writer.pid, contestant.text
    hands.press("m")
    again = seen()
    assert ("loading", "loading") not in again
    assert ("writing", "writing") in again
    assert contestant.text != text
    assert app.writer.pid == process
    hands.press("m")
    hands.until(lambda: contestant.state == "writing")
    hands.press("escape")
    assert app.writer.pid == process  # it waits for the next match, and only what it wrote is given up
    app.shut()
    assert app.writer.pid is None


def test_two_to_six_players_at_most_one_of_them_a_person(app):
    for players in ([YOU], [YOU, YOU], ["random"] * 7):
        with pytest.raises(ValueError, match="two to six"):
            Match(app, "2048", {}, players)


@pytest.mark.parametrize("size", [(320, 240), (1280, 800), (3840, 2160)])
@pytest.mark.parametrize("count", [2, 3, 6])
def test_boards_fit_and_never_overlap(make_app, size, count):
    app = make_app(size)
    hands = Hands(app)
    scene = match(app, hands, *[YOU, *["random"] * (count - 1)], ready=False)
    for place in scene.view.places:
        assert scene.area.contains(place.rect)
        assert place.rect.contains(place.board)
        assert not any(place.rect.colliderect(other.rect) for other in scene.view.places if other is not place)
        assert not place.rect.colliderect(scene.view.side)
        assert not place.rect.colliderect(scene.view.chart.rect)
    assert scene.view.places[0].board.width >= 60


def test_the_room_below_two_boards_holds_the_points_of_both_move_by_move(make_app):
    app = make_app((800, 600))
    hands = Hands(app)
    scene = match(app, hands, YOU, "greedy")
    view = scene.view
    for size in ((1920, 1080), (1280, 800), (800, 600)):
        hands.resize(size)
        assert scene.area.contains(view.chart.rect)
        boards_end = max(place.board.bottom for place in view.places)
        assert view.chart.rect.top - boards_end < scene.area.height / 5
    before = pygame.surfarray.array2d(app.surface.subsurface(view.chart.rect))
    play_on(hands, scene, 5)
    rest(hands, scene)
    you, greedy = (seat.course.points for seat in scene.seats)
    assert you[0] == greedy[0] == (0.0, 0.0)
    assert you[-1] == (5, scene.person.session.game.score)
    assert greedy[-1] == (5, scene.seats[1].score)
    assert (before != pygame.surfarray.array2d(app.surface.subsurface(view.chart.rect))).any()
    hands.press("r")
    rest(hands, scene)
    assert [seat.course.points for seat in scene.seats] == [[(0.0, 0.0)], [(0.0, 0.0)]]


def test_a_consoles_boards_are_not_halved_for_the_code_beside_them(make_app, tmp_path):
    file = tmp_path / "still.py"
    file.write_text("def strategy(state):\n    return 'NOOP'\n")
    app = make_app((800, 600))
    scene = Match(app, "atari/pong", {"max_num_frames_per_episode": 8}, [YOU, str(file)], seed=5)
    app.open(scene)
    assert scene.view.places[0].board.width == 320
    assert not scene.view.side.width


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-50, 5000)), min_size=1, max_size=3000))
def test_a_course_of_points_ends_where_the_game_stands_and_never_grows_long(steps):
    course, at = Course(), 0
    for by, score in steps:
        at += by
        course.note(at, score)
    times = [time for time, _ in course.points]
    assert times == sorted(times)
    assert course.points[-1] == (at, score)
    assert len(course.points) <= 401
    assert course.points[0][0] == steps[0][0]
    course.note(at - 1, 7)
    assert course.points == [(at - 1, 7)]


def test_room_beside_the_boards_is_kept_for_a_strategy_that_can_be_read_and_for_nothing_else(app, hands, tmp_path):
    assert not match(app, hands, YOU, "random", ready=False).view.side.width
    file = tmp_path / "left.py"
    file.write_text("def strategy(board):\n    return 'A'\n")
    assert match(app, hands, YOU, str(file), ready=False).view.side.width


def open_list(scene, hands, place):
    while scene._focus.item.key != place:
        hands.press("up")
    hands.press("return")
    assert isinstance(scene.app.scene, PlayerList)
    return scene.app.scene


def test_text_is_pasted_into_the_players_field_by_its_keys_and_an_empty_clipboard_is_said(app, hands):
    scene = VersusScene(app)
    app.open(scene)
    hands.turns(3)  # where there is a real pointer, it says where it is
    field = open_list(scene, hands, 1)
    pygame.scrap.init()
    pygame.scrap.put("text/plain;charset=utf-8", " http://localhost:8080/v1\n#qwén ".encode())
    hands.press("v", mod=pygame.KMOD_CTRL)
    assert field.typed == "http://localhost:8080/v1 #qwén"
    hands.press(pygame.K_INSERT, mod=pygame.KMOD_SHIFT)
    assert field.typed.count("http") == 2
    hands.press("v")
    assert field.typed.endswith("v")
    pygame.scrap.put("text/plain;charset=utf-8", b" ")
    hands.press("v", mod=pygame.KMOD_META)
    assert hands.said[-1] == "There is no text to paste"


def test_players_are_chosen_from_a_list_in_plain_words_typed_dropped_and_remembered(app, hands, tmp_path):
    with MadeRun(tmp_path / "outputs", name="demo-2048", group=4) as run:
        run.step(1)
    scene = VersusScene(app)
    app.open(scene)
    hands.until(lambda: any("champion" in each.name for each in scene.candidates))
    assert scene.players == [YOU, "pocket"]
    lines = [each.line for each in scene.candidates]
    assert lines[0] == "You: at the keyboard"
    assert lines[1] == "pocket: the built-in 5 M model, writes Python"
    assert "random: a baseline, 1,08" in lines[2]
    assert (
        next(line for line in lines if "champion" in line)
        == f"champion of demo-2048: {run.champion:,.0f} points, a program"
    )
    while scene._focus.item.key != 1:
        hands.press("up")
    hands.press("right")
    assert scene.players == [YOU, "random"]
    found = open_list(scene, hands, 1)
    assert YOU not in [candidate.word for candidate in found.found]  # there is one of you
    assert found._focus.item.key == "random"
    for letter in "greez":
        hands.press(letter)
    assert [item.key for item in found._focus.items] == [("typed", "greez")]
    hands.press("backspace", "d", "y", "return")
    assert app.scene is scene
    assert scene.players == [YOU, "greedy"]
    while scene._focus.item.key != "count":
        hands.press("up")
    hands.press("right", "right")
    assert len(scene.players) == 4
    hands.press("left")
    program = tmp_path / "mine.py"
    program.write_text("def strategy(board):\n    return 'W'\n")
    scene.handle(Dropped(str(program)))
    assert scene.players[2] == str(program)
    empty = tmp_path / "empty.py"
    empty.write_text("print('hello')\n")
    pygame.event.post(pygame.event.Event(pygame.DROPFILE, file=str(empty)))
    hands.turns(1)
    assert hands.said[-1].startswith("empty.py: no code: ")
    while scene._focus.item.key != "start":
        hands.press("down")
    hands.press("return")
    assert isinstance(app.scene, Match)
    assert [seat.name for seat in app.scene.seats] == ["You", "greedy", "mine"]
    hands.press("escape")
    assert VersusScene(app).players == [YOU, "greedy", str(program)]


def test_whoever_is_typed_and_means_nobody_is_one_line_and_the_list_stays(app, hands):
    scene = VersusScene(app)
    app.open(scene)
    hands.turns(2)
    field = open_list(scene, hands, 1)
    for letter in "nosuch":
        hands.press(letter)
    hands.press("return")
    assert "no player is called 'nosuch'" in hands.said[-1]
    assert app.scene is field
    app.messages.dismiss()
    hands.press("escape")
    assert (app.scene, field.typed) == (field, "")
    hands.press("escape")
    assert app.scene is scene


def test_menus_go_round(app, hands):
    scene = VersusScene(app)
    app.open(scene)
    hands.turns(2)
    assert scene._focus.item.key == "start"
    hands.press("down")
    assert scene._focus.item.key == "game"
    hands.press("up", "up")
    assert scene._focus.item.key == "pace"


def test_a_second_person_and_a_bad_address_are_refused_with_a_line(app, hands):
    scene = VersusScene(app)
    app.open(scene)
    hands.turns(2)
    with pytest.raises(ValueError, match="one of you"):
        scene._put(1, YOU)
    with pytest.raises(ValueError, match="http://host:port/v1"):
        scene._put(1, "http://:80")
    assert scene.players == [YOU, "pocket"]


def test_a_word_means_the_same_in_the_window_as_on_the_command_line(app, hands, tmp_path):
    with MadeRun(tmp_path / "outputs", group=4) as run:
        run.step(1)
    scene = VersusScene(app)
    app.open(scene)
    hands.turns(2)
    scene._put(1, "latest:champion")
    named = next(value for key, _, value, _ in scene._rows() if key == 1)
    assert named.startswith(f"champion of {run.folder.name}: ")
    with pytest.raises(ValueError, match="no player is called 'nosuch'"):
        scene._put(1, "nosuch")
    assert scene.players == [YOU, "latest:champion"]
    (_, best) = match(app, hands, YOU, "latest:champion").seats
    assert best.contestant.player == RunChampion(tmp_path / "outputs" / run.folder.name)
    assert best.contestant.performance.source.startswith("def strategy")
