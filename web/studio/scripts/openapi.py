"""Write the studio API's description, from which `npm run generate` makes the types.

python web/studio/scripts/openapi.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from footfall.studio._app import describe

FILE = Path(__file__).parent.parent / "src" / "api" / "openapi.json"

if __name__ == "__main__":
    FILE.write_text(json.dumps(describe(), indent=2, sort_keys=True) + "\n")
    sys.stdout.write(f"wrote {FILE}; now run: npm run generate\n")
