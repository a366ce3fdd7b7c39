"""Any bytes in any pieces: keys, clicks and pastes come out, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.tui.terminal_input import (
    ANSWER_PATIENCE,
    BURST_PATIENCE,
    MAX_PASTE,
    MIN_BURST,
    PASTE_PATIENCE,
    SEQUENCE_PATIENCE,
    Background,
    Paste,
    TerminalInput,
    Token,
)
from tests.for_each import for_each

PIECES = [
    *(bytes([value]) for value in range(256)),
    *(b"\x1b[A", b"\x1b[1;5C", b"\x1bOP", b"\x1b[<0;12;7M", b"\x1b[M !!", b"\x1b[M\xff\xfe\xfd"),
    *(b"\x1b[200~text\x1b[201~", b"\x1b[200~", b"\x1b[201~", "ø€🔌".encode(), b"\xc2\x9b3~"),
    *(b"\x1b]11;rgb:0/0/0\x07", b"\x1bP1+r\x1b\\", b"\x1b[?62;22c", b"\x1b[[A", b"\x1b[3$"),
    *(b"\x1b[1114112u", b"\x1b[" + b"9" * 99 + b"u", b"\x1b[97;5u", b"\x1b\x1b", b"\x1bq"),
]


def tokens_of(*reads: bytes, encoding: str = "utf-8", flush: bool = True) -> list[Token]:
    """Return the tokens of what is read in pieces; typed characters that follow each other are
    one."""
    source = TerminalInput(encoding)
    found = [token for data in reads for token in source.feed(data)]
    if flush:
        found += source.flush()
    return joined(found)


def joined(tokens: Iterable[Token]) -> list[Token]:
    result: list[Token] = []
    typed = False
    for token in tokens:
        was_typed, typed = typed, isinstance(token, str) and not token.startswith("\x1b")
        if typed and was_typed:
            result[-1] = f"{result[-1]}{token}"
        else:
            result.append(token)
    return result


@for_each(
    ("data", "expected"),
    [
        (b"jk\xc3\xb8", ["jkø"]),
        # Bytes of another character set, and a character that was cut.
        (b"a\xf8b\xc3c\xe2\x82d\xf0\x9f", ["abcd"]),
        (b"\xed\xa0\x80\xc0\x80\xf5", []),
        (b"\x1b", ["\x1b"]),
        (b"\x1b\x1b[A", ["\x1b", "\x1b[A"]),
        (b"\x1bq", ["\x1bq"]),
        (b"\x1b\xc3\xb8", ["\x1bø"]),
        (b"\x1b[1;5Cx", ["\x1b[1;5C", "x"]),
        (b"\x1bOPx", ["\x1bOP", "x"]),
        (b"\x1b[[Ax\x1b[3$", ["\x1b[[A", "x", "\x1b[3$"]),
        # A mouse report of X10, whose bytes are no characters.
        (b"\x1b[M \xff\xfex", ["\x1b[<0;223;222M", "x"]),
        (b"\x1b[M#!!\x1b[M`!!\x1b[M\x00\x00\x00", ["\x1b[<0;1;1m", "\x1b[<64;1;1M"]),
        # Controls of one byte, as a byte and as a character.
        (b"\x9bAx\x8fP", ["\x1b[A", "x", "\x1bOP"]),
        (b"\xc2\x9b24~\xc2\x85x", ["\x1b[24~", "x"]),
        # Answers to questions of other programs.
        (b"\x1b]11;rgb:0000/0000/0000\x1b\\q", ["q"]),
        (b"\x1b]52;c;cXE=\x07q\x1bP>|XTerm(390)\x1b\\\x1b_Gi=1;OK\x1b\\", ["q"]),
        # Alt with a key is no answer.
        (b"\x1b]x\x1bPx", ["\x1b]", "x", "\x1bP", "x"]),
        # Cut and broken sequences.
        (b"\x1b[1;2", []),
        (b"\x1b[1;\rq", ["\rq"]),
        (b"\x1b[M!\x1b[Aq", ["\x1b[A", "q"]),
        (b"\x1b[1;\x1b[Aq", ["\x1b[A", "q"]),
        (b"\x1b]0;never ended\rq", ["\rq"]),
        (b"\x1b[" + b"1;" * 500 + b"~q\x1b[" + b"9" * 500, ["q"]),
        (b"\x1b[<0;99999999999;1Mq", ["q"]),
        (b"\x1b[9999999u", ["\x1b[9999999u"]),
        # Pastes.
        (b"a\x1b[200~q\nq\x1b[201~b", ["a", Paste("q\nq"), "b"]),
        (b"\x1b[200~\x1b[3~\x00\x07\xf8\xc2\x9bq\x1b[201~", [Paste("[3~q")]),
        (b"\x1b[200~\x1b[201~\x1b[201~q", ["q"]),
    ],
)
def test_tokens(data: bytes, expected: list[Token]) -> None:
    assert tokens_of(data) == expected
    assert tokens_of(*(bytes([each]) for each in data)) == expected


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.data())
def test_pieces_make_no_difference(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    reads = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert tokens_of(*reads) == tokens_of(whole)


@given(st.binary(max_size=60), st.sampled_from(["utf-8", "iso8859-1", "cp1252", "ascii"]))
def test_any_bytes_give_characters_that_can_be_typed(data: bytes, encoding: str) -> None:
    for token in tokens_of(data, encoding=encoding):
        assert not isinstance(token, Background)
        text = token.text if isinstance(token, Paste) else token
        assert text
        assert not any("\x80" <= each <= "\x9f" or "\ud800" <= each <= "\udfff" for each in text)
        assert isinstance(token, Paste) or token.startswith("\x1b") or "\x1b" not in token


def test_the_character_set_of_the_terminal_is_read() -> None:
    assert tokens_of(b"\xf8\x1b\xe5\x9b3~", encoding="iso8859-1") == ["ø", "\x1bå", "\x1b[3~"]


def test_what_is_held_has_a_time() -> None:
    source = TerminalInput(escape_delay=0.1)
    assert source.patience is None
    for data, patience in (
        *(
            (b"q", None),
            (b"\x1b", 0.1),
            (b"[", SEQUENCE_PATIENCE),
            (b"1;", SEQUENCE_PATIENCE),
            (b"A", None),
        ),
        *((b"\xc3", SEQUENCE_PATIENCE), (b"\xb8", None), (b"\x1b[200~q", PASTE_PATIENCE)),
    ):
        [*source.feed(data)]
        assert source.patience == patience, data


def asked(*reads: bytes, pauses: bool = False) -> list[Token]:
    """Return the tokens of what is read after the question about the background; ``pauses``:
    nothing is read for longer than anything is waited for, except for the answer."""
    source = TerminalInput()
    source.expects_background = True
    found: list[Token] = []
    for data in reads:
        found += source.feed(data)
        if pauses and source.patience != ANSWER_PATIENCE:
            found += source.flush()
    assert source.expects_background is not any(isinstance(each, Background) for each in found)
    return joined(found)


def test_the_answer_about_the_background_is_read_in_any_pieces() -> None:
    white = Background(1, 1, 1)
    for answer, expected in (
        (b"\x1b]11;rgb:ffff/FFFF/ffff\x1b\\", white),
        (b"\x1b]11;rgb:f/ff/fff\x07", white),
        (b"\x1b]11;rgba:ffff/ffff/ffff/8000\x07", white),
        (b"\x1b]11;rgb:0000/8/80\x1b\\", Background(0, 8 / 15, 128 / 255)),
    ):
        for end in range(len(answer) + 1):
            reads = answer[:end], answer[end:] + b"q"
            assert asked(*reads) == [expected, "q"], end
            leaked = ["\x1b"] if end == 1 else []
            # An Escape alone is a key, but what follows it is no text.
            assert asked(*reads, pauses=True) == [*leaked, expected, "q"], end
        assert asked(*(bytes([each]) for each in b"j" + answer)) == ["j", expected]
        # What was not asked for, and what is answered twice.
        assert tokens_of(answer + b"q") == ["q"]
        assert asked(answer + answer + b"q") == [expected, "q"]


def test_other_answers_about_the_background_are_no_text() -> None:
    for answer in (
        *(b"\x1b]11;?\x1b\\", b"\x1b]11;#ffffff\x07", b"\x1b]11;rgb:fffff/ffff/ffff\x07"),
        *(b"\x1b]11;rgb:" + b"f/" * 9_000 + b"\x07", b"\x1b]10;rgb:0/0/0\x07", b"\x1b]11;\x07"),
        *(b"\x1b]11;rgb:g/g/g\x1b\\", b"\x1b]11;rgb:0/0\x07", b"\x1bP1$r0m\x1b\\"),
    ):
        assert asked(answer + b"q") == ["q"], answer
    # One that never ends takes no key with it, and Escape stays a key.
    assert asked(b"\x1b]11;rgb:ffff/ff", b"q") == ["q"]
    assert asked(b"\x1b", b"]", pauses=True) == ["\x1b", "]"]
    assert asked(b"\x1b", b"j", b"\x1b[A", pauses=True) == ["\x1b", "j", "\x1b[A"]


def test_dark_and_light_backgrounds() -> None:
    for colour, is_light in (((0, 0, 0), False), ((0.05, 0.07, 0.1), False), ((0, 0, 1), False)):
        assert Background(*colour).is_light is is_light
    for colour in ((1, 1, 1), (0.99, 0.96, 0.89), (1.0, 1.0, 0.0)):
        assert Background(*colour).is_light


def test_a_paste_that_pauses_goes_on() -> None:
    source = TerminalInput()
    assert [*source.feed(b"\x1b[200~first ")] == []
    assert [*source.flush()] == [Paste("first ")]
    assert source.patience is None
    assert [*source.feed(b"and many more words")] == []
    assert [*source.feed(b"\x1b[20")] == []
    assert [*source.feed(b"1~q")] == [Paste("and many more words"), "q"]


def test_a_paste_whose_end_is_lost_leaves_the_keys_alive() -> None:
    source = TerminalInput()
    assert [*source.feed(b"\x1b[200~lost")] == []
    assert [*source.flush()] == [Paste("lost")]
    assert [*source.feed(b"\x1b[A")] == ["\x1b[A"]
    assert [*source.feed(b"q")] == ["q"]


def test_a_paste_that_is_not_marked_runs_no_commands() -> None:
    """As in the console of Linux. It is recognized by its speed."""
    text = "queue for Tromsø, 'q' quits\r\n" * 400
    source = TerminalInput()
    data = text.encode()
    reads = [data[at : at + 3900] for at in range(0, len(data), 3900)]
    assert len(reads[-1]) < MIN_BURST
    found = [token for read in reads for token in source.feed(read)]
    assert all(isinstance(token, Paste) for token in found)
    assert "".join(token.text for token in found if isinstance(token, Paste)) == text
    # Until nothing comes for a moment, or a sequence.
    assert source.patience == BURST_PATIENCE
    assert [*source.flush()] == []
    assert source.patience is None
    assert [*source.feed(b"q")] == ["q"]
    some = bytes(range(32, 127)) * 10
    assert tokens_of(some + b"q\x1b[Aq") == [Paste(some.decode() + "q"), "\x1b[A", "q"]
    # Ctrl-C, what is typed, and a key that is held, stay keys.
    assert tokens_of(some + b"\x03q") == [Paste(some.decode()), "\x03q"]
    assert tokens_of(b"abcde" * 100) == ["abcde" * 100]
    assert tokens_of(b"jk" * 1000) == ["jk" * 1000]


def test_a_huge_paste_is_cut() -> None:
    [pasted] = tokens_of(b"\x1b[200~" + b"x" * (MAX_PASTE + 10), b"y" * 99 + b"\x1b[201~")
    assert pasted == Paste("x" * MAX_PASTE)
