import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.foreign_text import LONGEST, clean, clean_piece, clean_source, log_line, one_line

safe = st.text(
    st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me", "Lo", "Zl", "Zp"]), max_size=60
)


@given(st.text(max_size=200) | st.text("\x1b[]0;m\x9b\x07\\P\r\n a", max_size=60))
def test_whatever_the_text_only_words_are_left(text):
    for shown in (clean(text), one_line(text), clean_piece(text), clean_source(text), log_line(text)):
        left = {sign for sign in shown if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
        assert left <= {"\n", "\t"}
    assert "\n" not in one_line(text)
    assert clean(clean(text)) == clean(text)


@given(safe)
def test_honest_words_stay_as_they_are(text):
    assert clean(text) == clean_source(text) == clean_piece(text) == text
    assert one_line(text) == " ".join(text.split())


def test_lines_end_and_marks_do_not_pile_up():
    assert len(clean("x" * 10_000)) == LONGEST + 1
    assert len(one_line("word " * 10_000, 80)) == 80
    assert len(clean("e" + "\u0301" * 1_000)) < 8
    assert clean_source("if x:\n\treturn " + "1" * 5_000).count("\t") == 1
