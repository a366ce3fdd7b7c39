"""The filter language and the filtered, sorted station list."""
