"""Each note about the link is printed as a sentence, and a refused key ends the command."""

from __future__ import annotations

import pytest

from nobil_tui.headless.link_reporter import KeyRefusedError, LinkReporter
from nobil_tui.monitor.batch import Batch, LinkPhase, LinkState, Note, NoteKind, StreamCounts
from tests.for_each import for_each

LIVE = LinkState(LinkPhase.LIVE)


def reported(kind: NoteKind, text: str = "") -> list[str]:
    said: list[str] = []
    LinkReporter("a source", said.append).report(
        Batch(LIVE, [Note(0, kind, text)]), StreamCounts(unreadable=1)
    )
    return said


@for_each(
    ("kind", "text", "words"),
    [
        (NoteKind.CONNECTED, "", "Connected to a source."),
        (NoteKind.NOT_LIVE, "it is silent", "a source is not live: it is silent."),
        (NoteKind.LOST, "it broke", "Lost the link to a source: it broke. Retrying automatically."),
        (NoteKind.LEFT, "NOR_1 left the stream", "a source: NOR_1 left the stream."),
        (NoteKind.FULL, "too many", "a source: too many. The rest is ignored."),
        (NoteKind.UNREADABLE, "odd", "a source: ignored an unreadable frame (odd)."),
        (NoteKind.ENDED, "", "a source has ended."),
    ],
)
def test_report_prints_each_note(kind: NoteKind, text: str, words: str) -> None:
    assert reported(kind, text) == [words]


@for_each("kind", NoteKind)
def test_every_kind_of_note_is_known(kind: NoteKind) -> None:
    quiet = (NoteKind.REFUSED, NoteKind.LOGIN_REFUSED, NoteKind.RESTARTED, NoteKind.ALERT)
    assert bool(reported(kind, "words")) == (kind not in quiet)


def test_unreadable_frames_are_reported_at_powers_of_ten() -> None:
    said: list[str] = []
    reporter = LinkReporter("a source", said.append)
    for count in range(1, 1001):
        reporter.report(
            Batch(LIVE, [Note(0, NoteKind.UNREADABLE, str(count))]), StreamCounts(unreadable=count)
        )
    assert said == [
        "a source: ignored an unreadable frame (1).",
        "a source: ignored 10 unreadable frames (most recent: 10).",
        "a source: ignored 100 unreadable frames (most recent: 100).",
        "a source: ignored 1,000 unreadable frames (most recent: 1000).",
    ]


def test_raise_if_refused() -> None:
    reporter = LinkReporter("a source", lambda _: None)
    for phase in LinkPhase:
        if phase is not LinkPhase.REFUSED:
            reporter.raise_if_refused(LinkState(phase))
    with pytest.raises(KeyRefusedError, match=r"^a source refused the key \(HTTP 401\)\.$"):
        reporter.raise_if_refused(LinkState(LinkPhase.REFUSED, "HTTP 401"))
    with pytest.raises(KeyRefusedError, match=r"^nats does not accept the login\.$"):
        reporter.raise_if_refused(
            LinkState(LinkPhase.REFUSED, "nats does not accept the login", login=True)
        )


def test_a_refusal_that_is_retried_does_not_end_the_command() -> None:
    said: list[str] = []
    reporter = LinkReporter("a source", said.append)
    link = LinkState(LinkPhase.REFUSED, "HTTP 401", 1000)
    reporter.raise_if_refused(link)
    reporter.report(Batch(link, [Note(0, NoteKind.REFUSED, "HTTP 401")]), StreamCounts())
    assert said == [
        "a source refused the key (HTTP 401), which worked before. Retrying every few minutes."
    ]
    link = LinkState(LinkPhase.REFUSED, "nats does not accept the login", 1000, login=True)
    reporter.raise_if_refused(link)
    reporter.report(Batch(link, [Note(0, NoteKind.LOGIN_REFUSED, link.reason)]), StreamCounts())
    assert said[1:] == [f"{link.reason}, which worked before. Retrying every few minutes."]
