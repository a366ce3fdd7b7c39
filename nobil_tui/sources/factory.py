"""Make the source that a user typed, with the API key that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping

from nobil_tui.base.redaction import KEY_PLACEHOLDER, Secret
from nobil_tui.config.model import Config
from nobil_tui.feeds.source import ChosenSource, SourceError
from nobil_tui.sources.address import Address
from nobil_tui.sources.api_keys import ApiKeys, checked_key, save_operations
from nobil_tui.sources.catalogue import SourceKind
from nobil_tui.sources.names import address_of, kind_of, without_key
from nobil_tui.sources.request import SourceOptions, SourceRequest


class SourceFactory:
    """Make sources, for one environment and the config at the time of each call."""

    def __init__(self, environ: Mapping[str, str], options: SourceOptions | None = None) -> None:
        self._environ = environ
        self._options = options or SourceOptions()

    def __call__(self, text: str, config: Config, key: Secret | None = None) -> ChosenSource:
        """Make the source that ``text`` names. ``key`` takes precedence over every other.

        Raises ``SourceError``.
        """
        text = text.strip()
        kind, address = kind_of(text), address_of(text)
        given = checked_key(key.reveal(), "The key") if key is not None else ""
        keys = ApiKeys(config, self._environ)
        used = _key_for(kind, address, given, keys)
        if used and self._options.add_secret is not None:
            self._options.add_secret(used)
        request = SourceRequest(
            text, kind.codec, address, used, config, self._options, environ=self._environ
        )
        source = kind.make(request)
        warnings = kind.warn(request) if kind.warn is not None else ()
        if address is not None:
            warnings += _key_warnings(kind, address, keys)
        return ChosenSource(
            source, without_key(text), warnings, *save_operations(text, given, config)
        )


def _key_for(kind: SourceKind, address: Address | None, given: str, keys: ApiKeys) -> str:
    """Return the key to send, empty for none. Raises ``SourceError`` if it is missing, or the
    address has no place for it."""
    if kind.key is None:
        return ""
    if address is not None and not address.takes_key:
        if given:
            raise SourceError(
                f"The address has no place for the key: write {KEY_PLACEHOLDER} where it goes."
            )
        return ""
    return given or keys.find(kind, address)


def _key_warnings(kind: SourceKind, address: Address, keys: ApiKeys) -> tuple[str, ...]:
    """Return warnings about how the key travels, or that it does not."""
    warnings = []
    if not (address.takes_key or address.contains_key) and keys.has_one_for(kind, address):
        warnings.append(
            f"The key under [stream] in the config is not sent: write {KEY_PLACEHOLDER} in the "
            "source where it goes."
        )
    if (address.takes_key or address.contains_key) and not (address.encrypted or address.is_local):
        warnings.append(
            f"The key goes to {address.display_name} unencrypted: anyone on the network path "
            "can read it. Use wss:// if the server supports it."
        )
    return tuple(warnings)
