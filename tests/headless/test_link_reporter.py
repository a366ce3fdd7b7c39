from __future__ import annotations

import pytest

from nobil_tui.headless.link_reporter import KeyRefusedError, Teller
from nobil_tui.monitor.batch import Batch, LinkPhase, LinkState, Note, NoteKind, StreamCounts

LIVE = LinkState(LinkPhase.LIVE)


def told(kind: NoteKind, text: str = "") -> list[str]:
    said: list[str] = []
    Teller("a source", said.append).tell(Batch(LIVE, [Note(0, kind, text)]), StreamCounts(unreadable=1))
    return said


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (NoteKind.CONNECTED, "", "Connected to a source."),
        (NoteKind.LOST, "it broke", "No link to a source: it broke. It is tried again by itself."),
        (NoteKind.LEFT, "NOR_1 left the stream", "a source: NOR_1 left the stream."),
        (NoteKind.UNREADABLE, "odd", "a source: A frame could not be read (odd)."),
        (NoteKind.ENDED, "", "a source has ended."),
    ],
)
def test_what_becomes_of_the_link_is_told(kind: NoteKind, text: str, words: str) -> None:
    assert told(kind, text) == [words]


def test_rubbish_is_told_seldom() -> None:
    said: list[str] = []
    teller = Teller("a source", said.append)
    for count in range(1, 1001):
        teller.tell(Batch(LIVE, [Note(0, NoteKind.UNREADABLE, str(count))]), StreamCounts(unreadable=count))
    assert said == [
        "a source: A frame could not be read (1).",
        "a source: 10 frames could not be read (the last one: 10).",
        "a source: 100 frames could not be read (the last one: 100).",
        "a source: 1,000 frames could not be read (the last one: 1000).",
    ]


def test_a_key_that_is_refused_ends_it() -> None:
    teller = Teller("a source", lambda _: None)
    for phase in LinkPhase:
        if phase is not LinkPhase.REFUSED:
            teller.stop_if_refused(LinkState(phase))
    with pytest.raises(KeyRefusedError, match=r"^a source does not take the key \(HTTP 401\)\.$"):
        teller.stop_if_refused(LinkState(LinkPhase.REFUSED, "HTTP 401"))
