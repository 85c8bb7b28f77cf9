"""What processes of the tree ask of the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SAY = """
import os
from pathlib import Path
from footfall.process import give_way
give_way(7)
print(os.nice(0), Path("/proc/self/autogroup").read_text().split()[-1])
"""


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="no autogroups here")
@pytest.mark.parametrize("is_leader", [True, False])
def test_who_gives_way_says_so_for_its_own_session_only(is_leader: bool) -> None:
    """Niceness alone counts for nothing against other sessions; a shell's session is not ours."""
    mine = Path("/proc/self/autogroup").read_text().split()[-1]
    command = [sys.executable, "-c", _SAY]
    said = subprocess.run(
        command, capture_output=True, text=True, check=True, start_new_session=is_leader
    ).stdout.split()
    assert said == [str(min(os.nice(0) + 7, 19)), "7" if is_leader else mine]
