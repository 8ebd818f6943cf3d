"""Folders for the owner's eyes alone."""

from __future__ import annotations

from pathlib import Path

from digest.folders import make_private


def test_what_is_missing_above_is_private_too_and_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "news").mkdir(mode=0o755)
    make_private(tmp_path / "news" / "var" / "outbox")
    make_private(tmp_path / "news" / "var" / "outbox")
    modes = [(tmp_path / place).stat().st_mode & 0o777 for place in ("news", "news/var", "news/var/outbox")]
    assert modes == [0o755, 0o700, 0o700]
