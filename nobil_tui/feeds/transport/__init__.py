"""Network connections: WebSocket, HTTP, MQTT, retries, tokens."""
