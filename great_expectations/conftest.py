"""Puts this project on the path of its tests, as running its programs does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
