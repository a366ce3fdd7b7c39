"""The face. The only room that knows Textual."""
