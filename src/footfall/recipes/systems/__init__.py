"""Three published clickstream systems, each as data: settings, traffic, statements, a dashboard.

    retail      API Gateway → Kinesis → Firehose → S3 → Athena → QuickSight
    beer_shop   Kinesis → sessions by stagger windows → S3 → Glue → Athena → QuickSight
    touchwood   a mobile page → ALB → Lambda → Firehose → S3

Nothing here runs anything: `footfall demo <name>` does, with the parts that everybody uses.
"""

from __future__ import annotations

from footfall.recipes.systems.recipe import Check, Crawled, Part, Recipe, Saved
from footfall.recipes.systems.settings_text import settings_text

__all__ = ["Check", "Crawled", "Part", "Recipe", "Saved", "settings_text"]
