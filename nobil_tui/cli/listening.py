"""The options that ``serve`` listens with: the host, the clients' keys and a certificate."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nobil_tui.base import paths
from nobil_tui.base.files import NotSavedError, require_regular, stamp
from nobil_tui.base.paths import NoHomeError
from nobil_tui.base.redaction import is_loopback
from nobil_tui.base.text import safe_path, safe_text
from nobil_tui.cli.exit_codes import ExitCode
from nobil_tui.cli.messages import fail, print_message

if TYPE_CHECKING:
    import ssl

    from nobil_tui.hub.api_keys import ConsumerKeys, OneKey

KEY_VARIABLE = "NOBIL_HUB_KEY"
MIN_KEY_LENGTH = 8

_DATE_PROBLEMS = {9: "is not valid yet", 10: "has expired"}
"""What OpenSSL's ``X509_V_ERR_...`` mean for a certificate."""
_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+(%\w+)?")


class ListeningHost(NamedTuple):
    """A host to listen on."""

    name: str
    """An address or a host name, without brackets."""
    is_loopback: bool
    """Whether only this machine reaches it."""


def listening_host(text: str) -> ListeningHost:
    """Check a host to listen on; end the program if it is not one of this machine's."""
    from nobil_tui.hub.errors import NO_HOST, bind_reason

    name = text.strip()
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    if not name:
        fail(ExitCode.FAILURE, f"Cannot serve: {NO_HOST}.")
    if _HOST.fullmatch(name) is None or (name.count(":") == 1 and "." in name):
        fail(
            ExitCode.USAGE,
            "--host takes an address of this machine, such as 127.0.0.1, and not "
            f"{safe_text(text, 60)!r}. The port goes to --port.",
        )
    try:
        # A name, or a short form such as 127.1, can mean any address.
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if not isinstance(error, OSError):
            error = socket.gaierror()
        fail(ExitCode.FAILURE, f"Cannot serve: {bind_reason(error, name[:60], 0)}.")
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    return ListeningHost(name, all(map(is_loopback, addresses)))


def accepted_keys(file: Path | None, host: ListeningHost) -> ConsumerKeys:
    """Return the keys that the hub accepts; end the program if there are none."""
    from nobil_tui.hub.api_keys import KeyFile, KeyFileError, LocalKeys, local_key

    if fixed := os.environ.get(KEY_VARIABLE, ""):
        return _fixed_key(fixed, file)
    try:
        path = file or paths.hub_keys_file()
    except NoHomeError as error:
        fail(
            ExitCode.USAGE,
            f"{error} Or name a file of keys with --keys, or set a key with {KEY_VARIABLE}.",
        )
    keys = KeyFile(path, print_message)
    try:
        found = keys.read()
        if file is None and host.is_loopback:
            return LocalKeys(keys, local_key(paths.hub_key_file()))
    except NotSavedError as error:
        fail(
            ExitCode.FAILURE,
            f"Cannot serve: the key of this hub is not stored. {error} Or choose a key yourself, "
            f"with {KEY_VARIABLE}.",
        )
    except KeyFileError as error:
        fail(ExitCode.FAILURE, f"Cannot serve: {error}.")
    if not found:
        option = "" if file is None else f" --keys {safe_path(file)}"
        fail(
            ExitCode.USAGE,
            f"{safe_path(path)} has no keys, and without them no client can connect. Add one with "
            f'"nobil-tui keys add NAME{option}".',
        )
    return keys


def _fixed_key(fixed: str, file: Path | None) -> OneKey:
    """Return the key that the environment sets; end the program if it is not usable."""
    from nobil_tui.hub.api_keys import OneKey

    if len(fixed) < MIN_KEY_LENGTH or not (fixed.isascii() and fixed.isprintable()):
        fail(
            ExitCode.USAGE,
            f"{KEY_VARIABLE} must have at least {MIN_KEY_LENGTH} printable ASCII characters.",
        )
    if file is not None:
        fail(
            ExitCode.USAGE,
            f"{KEY_VARIABLE} is set, so the keys of {safe_path(file)} would not be used. "
            "Unset it, or leave out --keys.",
        )
    # The user knows it, and containers store what is printed.
    return OneKey(fixed, KEY_VARIABLE, shown=False)


class Certificates:
    """The TLS certificate and its private key, read again when a file has changed."""

    def __init__(self, cert: Path, key: Path | None) -> None:
        """Raise ``OSError`` or ``ValueError`` if they are not usable."""
        self._files = cert, key
        self._stamps = self._stamp()
        self.context: ssl.SSLContext = self._loaded()

    def reload(self) -> None:
        """Read renewed files; the next connections use them. Keep the old ones if invalid."""
        stamps = self._stamp()
        if stamps != self._stamps:
            self._stamps = stamps
            try:
                # First into another one: a failure leaves a context without its old key.
                self._loaded()
                self._load(self.context)
            except (OSError, ValueError) as error:
                reason = certificate_problem(error)
                print_message(f"The renewed TLS certificate is not used: {reason}.")
            else:
                self.warn()

    def warn(self) -> None:
        """Warn of a certificate that clients refuse by its dates."""
        if reason := _date_problem(self.context, self._files[0]):
            print_message(f"The TLS certificate {reason}: clients will refuse it.")

    def _loaded(self) -> ssl.SSLContext:
        import ssl

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._load(context)
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        for file in self._files:
            if file is not None:
                # Unlike the next call, this one names the file in its error; and a pipe would
                # block.
                file.stat()
                require_regular(file)
        # A key with a passphrase must not make a service wait for the terminal.
        context.load_cert_chain(*self._files, password="")

    def _stamp(self) -> list[object]:
        return [stamp(file) for file in self._files if file is not None]


def certificates_of(cert: Path | None, key: Path | None) -> Certificates | None:
    """Read the certificate of the command line; None without one. End the program if it is not
    usable."""
    if cert is None:
        return None
    try:
        certificates = Certificates(cert, key)
        certificates.warn()
        return certificates
    except (OSError, ValueError) as error:
        reason = certificate_problem(error)
        fail(ExitCode.FAILURE, f"Cannot serve: the TLS certificate is not usable: {reason}.")


def _date_problem(server: ssl.SSLContext, cert: Path) -> str:
    """Return why the dates of a certificate make clients refuse it; empty if they do not.

    A client that trusts it shakes hands with it in memory: Python has no other way to read it.
    """
    import ssl

    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        client.load_verify_locations(cert)
        sides = client.wrap_bio(down, up), server.wrap_bio(up, down, server_side=True)
        for side in sides * 3:
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    except ssl.SSLCertVerificationError as error:
        return _DATE_PROBLEMS.get(error.verify_code, "")
    except (OSError, ValueError):
        # Clients report other problems better than we could.
        pass
    return ""


def certificate_problem(error: OSError | ValueError) -> str:
    """Return in words why a certificate cannot be used."""
    if isinstance(error, OSError) and not hasattr(error, "library"):
        words = (error.strerror or "it cannot be read").lower()
        return f"{safe_path(error.filename)}: {words}" if error.filename else words
    # SSLError: its reason is an identifier such as KEY_VALUES_MISMATCH; none if the files have
    # nothing of the kind that is looked for.
    if reason := getattr(error, "reason", None):
        return str(reason).lower().replace("_", " ")
    return (
        "a certificate and its private key are needed, both in PEM format and without a "
        "passphrase; --tls-key names the key if it is in another file"
    )
