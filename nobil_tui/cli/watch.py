"""``nobil-tui watch``: watch for alerts without a screen."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from nobil_tui.base.paths import if_home, state_dir
from nobil_tui.cli.click_classes import CommandWithExitCodes
from nobil_tui.cli.exit_codes import SOURCE_EXIT_CODES, ExitCode
from nobil_tui.cli.messages import fail, print_message, write_stderr
from nobil_tui.cli.output import encoded, print_data, stdout_descriptor
from nobil_tui.cli.source_command import (
    no_history_option,
    run_session,
    settings_of,
    source_options,
    start_reading,
)

if TYPE_CHECKING:
    from nobil_tui.alerts.firing import Firing
    from nobil_tui.charging.register import Register
    from nobil_tui.config.model import Config
    from nobil_tui.headless.watch import Encode
    from nobil_tui.session.session import Session

_HELP = """
Watch for the alerts of the config without a screen, until interrupted.

An alert that fires is printed, runs the command of [alerts], and notifies you by the terminal if
there is one. Set alerts in the app, or add them to the config; changes apply at once. Several
instances may run: the command runs once for each alert.

In a terminal, prints a line of text; otherwise, or with --json, a line of JSON with the fields of
tail and these:

\b
alert      the station's name, or the filter of an area
when       what the alert waited for: free, fault or works
summary    what happened, in a sentence

Meanwhile, the history is recorded as the config says, unless another instance does.
"""


@click.command(cls=CommandWithExitCodes, exit_codes=SOURCE_EXIT_CODES, help=_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines, also in a terminal.")
@click.option("--test", is_flag=True, help="Deliver an example, without connecting, and exit.")
@no_history_option
@source_options
def watch(as_json: bool, test: bool, no_history: bool, **common: Any) -> None:
    """Watch for alerts without a screen."""
    from nobil_tui.headless.stdout import StdoutWriter
    from nobil_tui.headless.watch import Watch
    from nobil_tui.session.options import SessionOptions

    descriptor = stdout_descriptor()
    as_text = not as_json and os.isatty(descriptor)
    startup = start_reading(common)
    if test:
        _deliver_example(startup.config, as_text=as_text)
        return
    source = startup.chosen.source
    if not source.state_key:
        fail(
            ExitCode.USAGE,
            f"{source.name} is not live data, and alerts of the config are only for live data. "
            "Choose a source with --source, or try the delivery with --test.",
        )
    settings = settings_of(startup)

    async def work(session: Session) -> None:
        options = SessionOptions(state_dir=if_home(state_dir), environ=os.environ)
        encode = _encoder(session.register, as_text=as_text)

        def notify(firing: Firing) -> None:
            _notify(settings.config, firing)

        out = StdoutWriter(descriptor)
        watching = Watch(session, settings, options, out, encode, notify, print_message)
        count = len(watching.alerts.rules)
        if count:
            print_message(f"Watching for {count} alert{'' if count == 1 else 's'}.")
        else:
            print_message(
                "No alerts are set yet. Press n on a station in the app, or add [[alerts.rule]] to "
                f"{startup.config_path or 'a config file'}."
            )
        await watching.run()

    run_session(startup, work, settings=settings, record=not no_history, service=True)


def _encoder(register: Register, *, as_text: bool) -> Encode:
    from nobil_tui.headless.watch import firing_text

    def encode(firing: Firing) -> bytes:
        return encoded(f"{firing_text(firing)}\n") if as_text else firing.alert_line(register)

    return encode


def _notify(config: Config, firing: Firing) -> None:
    """Ring the terminal's bell, and ask for a desktop notification unless another instance does."""
    from nobil_tui.alerts.terminal import BELL, in_tmux, notification, notify_method
    from nobil_tui.config.alert_rules import NotifyMethod

    if config.alerts.notify is NotifyMethod.NONE or sys.stderr is None or not sys.stderr.isatty():
        return
    method = notify_method(config.alerts.notify, os.environ)
    text = BELL
    if firing.first and method is not NotifyMethod.BELL:
        tmux = in_tmux(os.environ)
        text += notification(method, firing.title, firing.summary, tmux=tmux)
    write_stderr(text)


def _deliver_example(config: Config, *, as_text: bool) -> None:
    """Deliver an example like a real alert; end the program if the command fails."""
    from nobil_tui.base.clock import Clock
    from nobil_tui.charging.register import Register
    from nobil_tui.cli.event_loop import run_coroutine
    from nobil_tui.headless.watch import example_firing, run_command_once

    register, firing = Register(), example_firing(Clock().now())
    _notify(config, firing)
    print_data(_encoder(register, as_text=as_text)(firing))
    command = config.alerts.command
    if not command:
        print_message("No command is set: command under [alerts] in the config.")
        return
    line = firing.line(register)
    problem = run_coroutine(run_command_once(command, firing, line, os.environ))
    if problem:
        fail(ExitCode.FAILURE, problem)
