"""The ``llm`` command: asks, then goes on with the same conversation."""

import json
import subprocess
import sys
from pathlib import Path

llm = str(Path(sys.executable).with_name("llm"))
asked = (["-m", "claude-haiku-4.5", "first question"], ["-c", "second question"])
print(
    json.dumps(
        [
            subprocess.run([llm, *each], capture_output=True, text=True, check=True).stdout.strip()
            for each in asked
        ]
    )
)
