"""
Makes the online store equal to the marts, for the views given.

    python materialize.py --views customer_features,product_features

Prints one JSON line: {applied, bytes_billed, peak_rss_mb, cpu_seconds, views: {<view>: {rows, written, online, removed, from, to, seconds} | {skipped} | {error}}}. Exits
with 0 when every view has online exactly the entities of its mart.
"""

import argparse
import json
import os
import resource
import sys

from materialization.settings import ConfigurationError, Settings, start_optimized


def main() -> int:
    parser = argparse.ArgumentParser(prog="materialize.py", description="Makes the online store equal to the marts.")
    parser.add_argument("--views", required=True, help="feature views, separated by commas")
    views = [name for name in parser.parse_args().views.split(",") if name]
    try:
        settings = Settings.read(os.environ)
    except ConfigurationError as error:
        print(json.dumps({"error": {"code": error.code, "message": str(error)}, "views": {}}))
        return 1
    # Not before start_optimized: this is where Feast is imported.
    from materialization.run import run

    result = run(views, settings)
    used = resource.getrusage(resource.RUSAGE_SELF)
    # Linux counts in KiB. https://man7.org/linux/man-pages/man2/getrusage.2.html
    result["peak_rss_mb"] = round(used.ru_maxrss / 1024, 1)
    result["cpu_seconds"] = round(used.ru_utime + used.ru_stime, 1)
    print(json.dumps(result))
    return 1 if any("error" in view for view in result["views"].values()) else 0


if __name__ == "__main__":
    start_optimized()
    sys.exit(main())
