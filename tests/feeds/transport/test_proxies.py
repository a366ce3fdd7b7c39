"""The environment's proxies, by curl's rules."""

from __future__ import annotations

import pytest

from nobil_tui.feeds.transport.failures import UnreachableError
from nobil_tui.feeds.transport.proxies import proxy_for, proxy_place
from tests.for_each import for_each

WSS = "wss://charger.example/api"


@for_each(
    ("url", "variables", "proxy"),
    [
        (WSS, {}, None),
        (WSS, {"https_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        (WSS, {"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        (WSS, {"HTTPS_PROXY": "proxy"}, "http://proxy"),
        (WSS, {"https_proxy": "lower", "HTTPS_PROXY": "upper"}, "http://lower"),
        (WSS, {"https_proxy": " ", "HTTPS_PROXY": "upper"}, "http://upper"),
        (WSS, {"http_proxy": "proxy"}, None),
        (WSS, {"ALL_PROXY": "socks5h://proxy:1080"}, "socks5h://proxy:1080"),
        (WSS, {"all_proxy": "all", "https_proxy": "one"}, "http://one"),
        (WSS, {"wss_proxy": "own", "https_proxy": "one"}, "http://own"),
        ("https://charger.example", {"wss_proxy": "own", "all_proxy": "all"}, "http://all"),
        ("ws://charger.example", {"http_proxy": "one"}, "http://one"),
        # A web server would set it to the header "Proxy" of a request.
        ("ws://charger.example", {"HTTP_PROXY": "one"}, None),
        ("http://charger.example", {"http_proxy": "http://me:@one"}, "http://me:@one"),
        ("http://charger.example", {"http_proxy": "http://me@one"}, "http://me:@one"),
        ("https://127.0.0.1", {"all_proxy": "all"}, None),
        ("https://localhost", {"all_proxy": "all"}, None),
        ("no address", {"all_proxy": "all"}, None),
    ],
)
def test_the_proxy_of_an_address(url: str, variables: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(url, variables) == proxy


@for_each(
    ("host", "no_proxy", "exempt"),
    [
        ("charger.example", "*", True),
        ("charger.example", "other.example, *", True),
        ("charger.example", "charger.example", True),
        ("charger.example", "CHARGER.Example.", True),
        ("charger.example", "other.example charger.example", True),
        ("charger.example.", "charger.example", True),
        ("api.charger.example", "charger.example", True),
        ("api.charger.example", ".charger.example", True),
        ("charger.example", ".charger.example", True),
        ("mycharger.example", "charger.example", False),
        ("charger.example", "api.charger.example", False),
        ("charger.example", ",, .", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.4", False),
        ("10.1.2.3", "2.3", False),
        ("10.1.2.3", "10.0.0.0/99", False),
        ("[2001:db8::5]", "2001:db8::/32", True),
        ("[2001:db8::5]", "[2001:db8::5]", True),
        ("[2001:db8::5]", "[2001:db8::]/32", True),
        ("[2001:db8::5]", "2001:db9::/32", False),
        ("[2001:db8::5]", "[2001:db8::5]:443", True),
        ("[2001:db8::5]", "[2001:db8::5]:80", False),
        ("charger.example", "charger.example:443", True),
        ("charger.example", "charger.example:80", False),
        ("charger.example:8443", "charger.example:8443", True),
        ("charger.example", "charger.example:port", False),
        ("10.1.2.3", "10.0.0.0/8:443", True),
    ],
)
def test_no_proxy(host: str, no_proxy: str, exempt: bool) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        found = proxy_for(f"wss://{host}/", {"all_proxy": "proxy", name: no_proxy})
        assert (found is None) is exempt
    assert proxy_for(f"wss://{host}/", {"all_proxy": "p", "no_proxy": "x", "NO_PROXY": "*"})


@for_each(
    ("proxy", "word"),
    [
        ("http://", "address"),
        ("http://proxy:port", "address"),
        ("proxy:99999", "address"),
        ("http://proxy:0", "address"),
        ("http://a..b:80", "address"),
        ("http://[::1", "address"),
        ("http://proxy/path", "address"),
        ("http://proxy?query", "address"),
        ("http://proxy#part", "address"),
        ("ftp://s3cret@proxy", "scheme"),
    ],
)
def test_invalid_proxies(proxy: str, word: str) -> None:
    with pytest.raises(UnreachableError, match=word) as raised:
        proxy_for(WSS, {"all_proxy": proxy})
    assert "s3cret" not in str(raised.value)


def test_the_settings_of_the_system_count_without_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": "http://system:8080"})
    monkeypatch.setattr("urllib.request.proxy_bypass", lambda host: host == "in.example")
    assert proxy_for(WSS, {}) == "http://system:8080"
    assert proxy_for("wss://in.example/", {}) is None
    assert proxy_for("ws://charger.example/", {}) is None
    assert proxy_for(WSS, {"http_proxy": "proxy"}) is None


def test_the_place_of_a_proxy() -> None:
    assert proxy_place("http://me:s3cret@proxy:3128") == ("proxy", 3128)
    assert proxy_place("http://proxy") == ("proxy", 80)
    assert proxy_place("https://proxy") == ("proxy", 443)
