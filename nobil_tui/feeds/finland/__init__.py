"""Finland's charging network, live and without a key: a snapshot over HTTP, then messages over
MQTT."""
