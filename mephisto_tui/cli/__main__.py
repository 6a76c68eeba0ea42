"""`python -m mephisto_tui.cli`, for a process that must not depend on PATH."""

from __future__ import annotations

from mephisto_tui.cli.main import main

if __name__ == "__main__":
    main()
