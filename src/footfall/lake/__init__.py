"""The lake: Apache Iceberg tables that any engine reads, each epoch in them exactly once.

`Lake` commits epochs and lists files; `footfall.lake.cut` is the consistent view that readers use;
`History` looks up a visitor's older events for a repair. Files and directories are synced before
the catalog moves. Nothing here is imported by readers except `footfall.lake.cut`, which is light.
"""

from __future__ import annotations
