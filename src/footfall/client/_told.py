"""What the application is told about events that were not taken: once for each reason."""

from __future__ import annotations

import warnings
from typing import Final

REASONS_MAX: Final = 20
"""Most reasons kept apart; a collector's answers are text, of which there is no end."""
OTHER: Final = "other reasons"


class DeliveryWarning(UserWarning):
    """Events were not taken, and why. To hear nothing: `warnings.simplefilter("ignore", …)`."""


class Teller:
    """Warns; called from any thread, also where warnings are errors."""

    def __init__(self) -> None:
        """Nothing is told yet."""
        self._told: set[str] = set()
        self._untold: list[Exception] = []

    def tell(self, reason: str, text: str) -> None:
        """Warn unless this reason was told already. Raises nothing."""
        if reason in self._told or len(self._told) >= REASONS_MAX:
            return
        self._told.add(reason)
        try:
            _warn(text)
        except Exception as error:
            # Warnings are errors here, or what the application shows them with failed. Nobody can
            # catch that in a thread, which must go on.
            self._untold.append(error)

    def raise_untold(self) -> None:
        """Raise, where warnings are errors, the first that `tell` could not."""
        if self._untold:
            error = self._untold.pop(0)
            self._untold.clear()
            raise error


def _warn(text: str) -> None:
    # No line of the application is at fault more than another, and ours says nothing to anybody.
    warnings.warn_explicit(text, DeliveryWarning, "footfall.client", 1, "footfall.client")
