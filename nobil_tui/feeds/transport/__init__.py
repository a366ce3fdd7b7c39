"""One network connection: WebSocket and HTTP, retries, tokens."""
