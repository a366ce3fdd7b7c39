"""A sink that is opened after the first stations were shown."""

from __future__ import annotations

import asyncio
import threading

from nobil_tui.base.tasks import cancel_and_wait
from nobil_tui.monitor.batch import Batch, LinkPhase, LinkState
from nobil_tui.session.deferred_sink import DeferredSink
from tests.conftest import START, FakeClock, guarded

LIVE = LinkState(LinkPhase.LIVE)


class Inner:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.taken: list[Batch] = []
        self.rest: list[Batch] = []
        self.entered = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()

    async def take(self, batch: Batch) -> float | None:
        self.entered.set()
        await self.go.wait()
        self.taken.append(batch)
        return 2.5

    def finish(self, batch: Batch) -> None:
        self.rest.append(batch)


def stations(*names: str) -> Batch:
    return Batch(LIVE, touched={*names}, alive_at=START)


async def test_it_is_opened_with_the_first_stations() -> None:
    inner, opened = Inner(), list[str]()

    def open_sink() -> Inner:
        opened.append(threading.current_thread().name)
        return inner

    sink = DeferredSink(open_sink, clock=FakeClock())
    assert await sink.take(Batch(LinkState(), raw_places=[7])) is None
    assert await sink.take(Batch(LIVE)) is None
    assert not opened
    assert await guarded(sink.take(stations("NOR_1"))) == 2.5
    assert await guarded(sink.take(stations("NOR_2"))) == 2.5
    assert len(opened) == 1
    assert opened != [threading.main_thread().name]
    first, second = inner.taken
    assert (first.link, first.raw_places, first.touched) == (LIVE, [7], {"NOR_1"})
    assert second.touched == {"NOR_2"}
    sink.finish(Batch(LIVE))
    assert len(inner.rest) == 1


async def test_the_delay_is_waited_for_once() -> None:
    inner, clock = Inner(), FakeClock()
    sink = DeferredSink(lambda: inner, delay=0.25, clock=clock)
    taking = asyncio.create_task(sink.take(stations("NOR_1")))
    await guarded(clock.asleep())
    assert not inner.taken
    clock.advance(0.25)
    await guarded(taking)
    await guarded(sink.take(stations("NOR_2")))
    assert [each.touched for each in inner.taken] == [{"NOR_1"}, {"NOR_2"}]


async def test_the_end_passes_on_what_came_before_it_was_open() -> None:
    inner, clock = Inner(), FakeClock()
    sink = DeferredSink(lambda: inner, delay=60.0, clock=clock)
    await sink.take(Batch(LIVE, raw_places=[7]))
    taking = asyncio.create_task(sink.take(stations("NOR_1")))
    await guarded(clock.asleep())
    await cancel_and_wait(taking)
    # As ``SinkRunner`` does, with what was not completed.
    sink.finish(stations("NOR_1"))
    (rest,) = inner.rest
    assert (rest.raw_places, rest.touched) == ([7], {"NOR_1"})


async def test_a_take_that_was_cancelled_inside_is_complete_at_the_end() -> None:
    inner = Inner()
    sink = DeferredSink(lambda: inner, clock=FakeClock())
    inner.go.clear()
    await sink.take(Batch(LIVE, raw_places=[7]))
    taking = asyncio.create_task(sink.take(stations("NOR_1")))
    await guarded(inner.entered.wait())
    await cancel_and_wait(taking)
    sink.finish(stations("NOR_1"))
    assert [(each.raw_places, each.touched) for each in inner.rest] == [([7], {"NOR_1"})]


async def test_a_session_without_stations_opens_nothing() -> None:
    sink = DeferredSink(lambda: 1 / 0, clock=FakeClock())  # type: ignore[arg-type, return-value]  # not called
    await sink.take(Batch(LIVE))
    sink.finish(Batch(LIVE))


async def test_a_session_that_is_closed_has_no_sink() -> None:
    sink = DeferredSink(lambda: None, clock=FakeClock())
    assert await guarded(sink.take(stations("NOR_1"))) is None
    sink.finish(stations("NOR_2"))
