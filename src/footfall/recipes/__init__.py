"""Recipes: traffic that looks like a real site's, whose right answer is known beforehand.

A recipe is a pure, seeded function from settings to timed HTTP requests, and to the `Truth` that
the lake must equal when all of them were acknowledged: every request, record and session. So a
demo, a benchmark and a crash test can say what must come out without asking the platform.

`footfall.recipes.shop` makes the requests, `footfall.recipes.sender` sends them.
"""

from __future__ import annotations
