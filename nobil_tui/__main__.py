"""``python -m nobil_tui`` is ``nobil-tui``."""

from nobil_tui.cli import main

if __name__ == "__main__":
    main()
