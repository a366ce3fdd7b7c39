"""A session: one source from opening to closing, with or without a screen."""
