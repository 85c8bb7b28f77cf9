"""Where tests keep compiled kernels: once for a checkout, or every process would compile."""

from __future__ import annotations

from pathlib import Path

KERNELS = Path(__file__).parents[3] / "build" / "kernels"
