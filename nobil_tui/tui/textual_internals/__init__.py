"""Code that relies on internals of Textual, and may break with a new release.

Private names of Textual are used in this package only. Each use has a test that fails if a release
changes what is relied on, and one that fails once a release makes it needless: see
``tests/tui/textual_internals/``.
"""
