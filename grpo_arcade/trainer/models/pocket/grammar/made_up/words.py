"""Words and names for made-up games: English words, names that nobody has ever seen, names in other scripts.

What a game held out from the model's making calls its fields and actions stands in :data:`HELD_OUT` and is never drawn,
so that a name found in its prompt can only have been copied.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from grpo_arcade.trainer.models.pocket.grammar.choice import pick


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


HELD_OUT = frozenset(
    _words(
        """screen grid position exit maze possible width height basket ball_column ball_row caught balls_left
STRAIGHT gopher gopher_x gopher_y gopher_dx gopher_dy"""
    )
)
"""Names of the games on which the skill with a game never seen is measured, where no game that is known has them."""

THINGS = _words(
    """agent anchor ant apple arrow beacon bee bird block boat bomb bottle box bridge bubble bucket bug bus camera
candle cannon car cart castle cat chest cloud coin comet core crab crane crate cursor cube diver dog door drone
drop duck eagle egg engine fan ferry fish flag flame fly fox frog gate gem ghost goal goat guard hammer hand
hawk heart hive hole hook horse island jet jewel key kite ladder lamp laser leaf lion lock log magnet mast mine
mirror moon mouse nest net nut orb owl paddle pearl pig pilot pipe planet plate player pod portal puck rabbit
racket rail raft rat ring river robot rock rocket rope rover sail seed shark shell shield ship shot sled spark
spider sponge star stone sub sun sword tank target tile torch tower track train tree truck tunnel turtle valve
wagon wall wave web wheel wind wolf worm zone"""
)
COUNTS = _words(
    """fuel lives score step time ticks energy health ammo heat speed level money points turns moves charge depth age
pressure stock size mass load hits wins misses round phase mode count total rank power angle wait left_over
queue"""
)
FAMILIAR = _words(
    """player enemy ball shot bomb bomb2 bomb3 bomber car this_car next_car gate gate2 tree block low middle high sue
inky pinky blinky item shadow"""
)
"""What the known games call the things that have places: in a made-up game one or two of them stand among strangers."""
FAMILIAR_COUNTS = _words(
    """bricks_left buckets lane seconds direction heading crashed gates_left at_top pins aliens player_points
enemy_points"""
)
TRAITS = _words(
    """red blue green old small large near far first second last low high fast slow left_hand inner outer main other
upper lower hot cold dark bright heavy light silver wild safe own my next"""
)
VERBS = _words(
    """push pull jump wait hold fire shoot rest turn grab throw dig climb dive drop lift open close sell buy pass skip
run walk brake boost charge dodge swap mark flip spin sail row land start stop draw fold raise call keep"""
)
OTHER_VERBS = _words(
    """moves falls drifts turns waits rolls rises sinks appears returns breaks opens counts grows shrinks slows stops
jumps bounces burns"""
)
FILLERS = (
    "always",
    "never",
    "sometimes",
    "slowly",
    "at once",
    "by chance",
    "on its own",
    "every second move",
    "after a while",
    "from the side",
    "as long as it can",
    "until the end",
    "without a break",
    "towards the middle",
    "away from the border",
)

WAYS = (
    ("LEFT", "RIGHT", "UP", "DOWN"),
    ("left", "right", "up", "down"),
    ("WEST", "EAST", "NORTH", "SOUTH"),
    ("west", "east", "north", "south"),
    ("Left", "Right", "Up", "Down"),
    ("L", "R", "U", "D"),
    ("A", "D", "W", "S"),
    ("W", "E", "N", "S"),
    ("MOVE_LEFT", "MOVE_RIGHT", "MOVE_UP", "MOVE_DOWN"),
    ("go left", "go right", "go up", "go down"),
    ("BACK", "FORTH", "RISE", "SINK"),
    ("MINUS", "PLUS", "LESS", "MORE"),
)
"""Left, right, up, down as games call them."""
RESTS = ("STAY", "WAIT", "NOOP", "NONE", "HOLD", "stay", "wait", "noop", "REST", "STOP", "PASS", "KEEP", "IDLE")
TURNS = (
    ("AHEAD", "LEFT", "RIGHT"),
    ("FORWARD", "TURN_LEFT", "TURN_RIGHT"),
    ("GO", "PORT", "STARBOARD"),
    ("on", "l", "r"),
)
"""Straight on, to the left, to the right, for games in which one has a heading."""

_SPELLINGS = _words(
    """ability above account across action address advance afternoon again against agree almost already although amount
ancient animal answer appear approach around article attack attempt average balance because become before behind
believe beneath between beyond bicycle birthday blanket border bottom branch breakfast breath brought building
business button calculate capital careful centre century certain chamber change chapter character charge cheese
children choice circle citizen climate closest clothes colour column comfort command common compass complete
condition consider contain continue control corner correct could country couple course cousin cover create cross
crowd current customer cycle damage danger daughter decide degree delight depend describe desert detail device
different difficult dinner direct discover distance divide double dragon during early earth easily edge
education effect eight either electric element enemy energy engine enough entire entrance equal escape evening
every exact example except excite exercise expect explain express extra factor family famous father
favour feather figure final finger finish flight flower follow foreign forest forget forward fraction freedom
freeze frequent friend fright further future garden gather general gentle glass gradual ground growth guess
habit handle happen harbour health heavy hidden history horizon hospital however hundred hungry identity imagine
impact important inch include increase indicate inside instant instead invent invite island journey judge juice
jungle justice kingdom kitchen kneel knife knight knowledge language laugh leader league leather length lesson
letter level library liquid listen little lonely lucky machine magic manage margin market matter maximum measure
medicine member memory message metal method middle might minimum minute mixture moment monkey month motion
mountain mouth movement multiply music mystery narrow nature nearest neither network neutral nibble night normal
north notice number obey object observe obtain ocean offer office often opinion opposite orange order origin
outside oxygen package palace paper parent particle passage pattern payment people perfect period phrase
physical picture piece pirate planet pleasure pocket poison police popular pottery powder practice prepare
present pressure pretty prevent prince problem process produce profit progress promise proper protect provide
public purpose quality quarter question quickly quiet quite radius rainbow random reach reason receive recent
record region remain remember remove repeat reply report require rescue result return reward rhythm right rough
round route sample sandwich scatter school science season second secret section select sentence separate serious
settle seven several shadow shallow shape shelter shoulder signal silence simple single situation sixth skeleton
smooth snow soldier solution sought source south speech sphere spread square stable stairs standard station
steam strange stream strength string strong student subject success sudden sugar suggest summer supply support
surface surprise switch symbol system talent target teach temperature terrible theatre thick thirty thought
thousand thread through throw thunder ticket together tomorrow tongue total touch toward trade traffic travel
treasure triangle trouble twelve twenty twice typical umbrella uncle under unit unknown upward useful usual
vacant valley value vapour variety vehicle velocity vertical vessel victory village visit visible voice volume
voyage waste weapon weather weight welcome western whether which whisper whole willow window winter wisdom
without wizard wonder worker worth wrist wrong yellow yesterday young zebra zero zigzag"""
)
"""English words from which names are pieced together; those of the held-out games are not among them."""
_ONSETS = _words("""b br c ch d dr f fl g gr h j k kl l m n p pl qu r s sh sk st t th tr v w z zw""")
_VOWELS = _words("""a e i o u a e i o ai ea oo y""")
_ENDINGS = ["", "", "", *["n", "r", "l", "s", "t", "x", "ck", "m", "nd", "sh", "p"]]
_SCRIPTS = (
    "абвгдежзиклмнопрстуфхцчшэюя",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "äöüßéèêñçåøæœîûàóí",
    "あいうえおかきくけこさしすせそたちつてとなにぬねのまみむめもらりるれろ",
    "位置速度球板左右上下行列目标敌人火水木金土石門車船星月日高低遠近",
    "가나다라마바사아자차카타파하고노도로모보소오조",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह",
)


def noun(rng: Random) -> str:
    """An English noun."""
    return rng.choice(THINGS)


def made_up(rng: Random) -> str:
    """A word that no language has."""
    return "".join(
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_ENDINGS) for _ in range(pick(rng, {1: 3, 2: 6, 3: 2}))
    )


def foreign(rng: Random) -> str:
    """A word in letters other than English ones."""
    letters = rng.choice(_SCRIPTS)
    return "".join(rng.choice(letters) for _ in range(rng.randint(2, 6)))


def cut(rng: Random) -> str:
    """Pieces of English words, joined: the spellings that words have which stand in no list here."""
    parts = []
    for _ in range(pick(rng, {1: 4, 2: 5, 3: 2})):
        word = rng.choice(_SPELLINGS)
        start = rng.randrange(len(word) - 1)
        parts.append(word[start : start + pick(rng, {2: 2, 3: 4, 4: 3, 5: 2, 7: 1})])
    joined = "".join(parts)
    return f"{joined}_{noun(rng)}" if rng.random() < 0.1 else f"{noun(rng)}_{joined}" if rng.random() < 0.1 else joined


def letters(rng: Random) -> str:
    """One to four letters and perhaps a digit, as in formulas."""
    text = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(pick(rng, {1: 3, 2: 4, 3: 2, 4: 1})))
    return text + (rng.choice("0123456789") if rng.random() < 0.3 else "")


def plain(rng: Random) -> str:
    """An English word, with another before it now and then."""
    word = rng.choice(THINGS)
    return f"{rng.choice(TRAITS)}_{word}" if rng.random() < 0.25 else word


def stem_maker(rng: Random) -> Callable[[Random], str]:
    """How one game makes its names: all of one kind. In every third game many begin as another one does."""
    kind = pick(rng, {plain: 30, cut: 28, made_up: 14, letters: 8, foreign: 12, _mixed: 8})
    return _confusable(kind) if rng.random() < 0.35 else kind


def _confusable(draw: Callable[[Random], str]) -> Callable[[Random], str]:
    begun: list[str] = []

    def drawn(rng: Random) -> str:
        name = draw(rng)
        if begun and rng.random() < 0.7:
            name = beginning_as(rng, rng.choice(begun), name)
        begun.append(name)
        return name

    return drawn


def beginning_as(rng: Random, name: str, other: str) -> str:
    """A name with the first letters of ``name`` that goes on in its own way, or as ``other`` ends: what a copied
    beginning leads to is then a choice.
    """
    shared = name[: pick(rng, {1: 5, 2: 3, 3: 2, 4: 1})]
    words = [word for word in THINGS if word.startswith(shared) and word != name]
    if words and rng.random() < 0.5:
        return rng.choice(words)
    return shared + other[rng.randrange(len(other)) :]


def _mixed(rng: Random) -> str:
    return pick(rng, {plain: 1, cut: 2, made_up: 1, foreign: 1})(rng)


def among_strangers(stem: Callable[[Random], str]) -> Callable[[Random], str]:
    """Names of which many are those of the known games' things, and the others are made by ``stem``."""
    return lambda rng: rng.choice(FAMILIAR) if rng.random() < 0.4 else stem(rng)


def count(rng: Random, stem: Callable[[Random], str], taken: set[str]) -> str:
    """What is counted: fuel, anything, or how many there are of a thing."""
    kind = pick(rng, {"usual": 50, "any": 28, "of": 16, "familiar": 6})
    if kind == "of" and taken:
        return f"{rng.choice(sorted(taken))}s{rng.choice(('', '', '_left', '_lost', '_made', '_in'))}"
    return rng.choice({"usual": COUNTS, "familiar": FAMILIAR_COUNTS}.get(kind) or (stem(rng),))


def case_maker(rng: Random) -> Callable[[str], str]:
    """How one game spells its names."""
    return pick(rng, {_as_is: 72, str.upper: 8, _camel: 12, str.capitalize: 8})


def _as_is(name: str) -> str:
    return name


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def distinct(rng: Random, draw: Callable[[Random], str], taken: set[str]) -> str:
    """A name that is not yet taken and that no held-out game has; it is taken then."""
    while True:
        name = draw(rng)
        if name and name not in taken and name not in HELD_OUT and '"' not in name:
            taken.add(name)
            return name


def sentence(rng: Random) -> str:
    """Something about the game, of which nothing follows."""
    filler = " ".join(rng.sample(FILLERS, rng.randint(0, 2)))
    tail = f" {filler}" if filler else ""
    return pick(
        rng,
        {
            f"The {plain(rng).replace('_', ' ')} {rng.choice(OTHER_VERBS)}{tail}.": 5,
            f"A {noun(rng)} {rng.choice(OTHER_VERBS)} when the {noun(rng)} {rng.choice(OTHER_VERBS)}.": 3,
            f"You {rng.choice(VERBS)} the {noun(rng)} before the {noun(rng)} {rng.choice(OTHER_VERBS)}{tail}.": 4,
            f"Each {noun(rng)} gives {rng.choice((1, 2, 5, 10, 50, 100))} points.": 3,
            f"It ends after {rng.choice((20, 50, 100, 200, 500, 1000))} moves.": 3,
            f"A {made_up(rng)} costs a {noun(rng)}{tail}, and {rng.choice(OTHER_VERBS)}.": 2,
            f"Every {noun(rng)} {rng.choice(OTHER_VERBS)} one {noun(rng)} a move; a {noun(rng)} kills it.": 2,
        },
    )


def sentences(rng: Random, most: int = 3) -> str:
    """None to ``most`` sentences."""
    return " ".join(sentence(rng) for _ in range(rng.randint(0, most)))


def goal(rng: Random) -> str:
    """What to play for: after "plays ... and"."""
    return pick(
        rng,
        {
            "wins": 3,
            f"reaches the {noun(rng)}": 3,
            f"has the {noun(rng)} near the {noun(rng)} when it {rng.choice(OTHER_VERBS)}": 3,
            f"gets {rng.randint(2, 30)} {noun(rng)}s": 3,
            "scores as many points as it can": 3,
            f"keeps the {noun(rng)} from the {noun(rng)}": 2,
            f"{rng.choice(OTHER_VERBS)} in as few steps as it can": 1,
        },
    )
