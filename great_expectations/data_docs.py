"""
Makes the data docs, a static site, of what validate.py kept of its checks.

    python data_docs.py --results DIR --site DIR

Prints {"assets": n} as its last line, or {"error": {code, message}}.
"""

import argparse
import contextlib
import json
import sys
import warnings
from pathlib import Path

# Before the library is imported, for it says what the library must not do.
import gates.settings  # noqa: F401


def main() -> int:
    parser = argparse.ArgumentParser(prog="data_docs.py", description="Makes the data docs.")
    parser.add_argument("--results", type=Path, required=True, help="what validate.py --keep wrote")
    parser.add_argument("--site", type=Path, required=True, help="where the site goes")
    arguments = parser.parse_args()
    # GX and its parts warn of their own future.
    warnings.simplefilter("ignore")
    from gates.docs import build

    # The library reports on standard output, which belongs to the caller's result.
    with contextlib.redirect_stdout(sys.stderr):
        assets = build(arguments.results, arguments.site)
    print(json.dumps({"assets": assets}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
