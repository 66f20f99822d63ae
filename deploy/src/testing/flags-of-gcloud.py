"""
Writes gcloud-flags.json anew: which flags the commands that a deploy uses know, as the installed Google Cloud SDK declares them.

    python3 deploy/src/testing/flags-of-gcloud.py "$(gcloud info --format='value(installation.sdk_root)')" > gcloud-flags.json

The SDK carries its whole command tree for shell completion (data/cli/gcloud_completions.py). Commands are those of the file that is replaced.
"""

import json
import pathlib
import sys

sdk = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(sdk / "data" / "cli"))

from gcloud_completions import STATIC_COMPLETION_CLI_TREE as TREE

here = pathlib.Path(__file__).parent / "gcloud-flags.json"
commands = sorted(json.loads(here.read_text())["commands"])
everywhere = set(TREE["flags"])


def flags_of(node: dict, *, own: bool) -> dict:
    """`bool` takes no value, a list takes one of its values, and everything else takes any."""
    return {
        name: kind if kind == "bool" or isinstance(kind, list) else "value"
        for name, kind in sorted(node["flags"].items())
        if not own or name not in everywhere
    }


def command(path: str) -> dict:
    node = TREE
    for part in path.split():
        node = node["commands"][part]
    return flags_of(node, own=True)


json.dump(
    {
        "source": f"command tree of Google Cloud SDK {(sdk / 'VERSION').read_text().strip()}",
        "everywhere": flags_of(TREE, own=False),
        "commands": {path: command(path) for path in commands},
    },
    sys.stdout,
    indent=1,
)
print()
