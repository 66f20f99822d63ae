"""
Brings Feast's registry to the definitions, and does nothing where it holds exactly these.

    python apply.py

Needs neither BigQuery nor the marts. A server that runs takes the new registry within seconds.
"""

import json
import os
import sys

from materialization.settings import ConfigurationError, Settings, start_optimized


def main() -> int:
    try:
        settings = Settings.read(os.environ)
    except ConfigurationError as error:
        print(json.dumps({"error": {"code": error.code, "message": str(error)}}))
        return 1
    # Not before start_optimized: this is where Feast is imported.
    from materialization.registry import apply_if_changed

    print(json.dumps({"applied": apply_if_changed(settings), "registry": settings.registry}))
    return 0


if __name__ == "__main__":
    start_optimized()
    sys.exit(main())
