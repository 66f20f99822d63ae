"""
Writes the Parquet files beside it, as pandas users do: each compression, both page versions, two rows in each row group.

    python make.py      # with pyarrow
"""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
WHEN = [datetime(2026, 11, 20, 10, minute, tzinfo=UTC) for minute in range(5)]
PRODUCTS = pa.table(
    {
        "product_id": pa.array([f"p{n}" for n in range(5)]).dictionary_encode(),
        "description": pa.array(["lamp", None, "Ünder", "lamp", ""]),
        "unit_price": pa.array([Decimal(n) / 4 for n in range(1, 6)], pa.decimal128(10, 2)),
        "created_at": pa.array(WHEN, pa.timestamp("ms", "UTC")),
        "updated_at": pa.array(WHEN, pa.timestamp("us", "Europe/Paris")),
    }
)

for codec in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
    # One is enough to be refused.
    for version in ("1.0",) if codec == "brotli" else ("1.0", "2.0"):
        pq.write_table(
            PRODUCTS,
            HERE / f"products-{codec}-v{version[0]}.parquet",
            compression=codec,
            data_page_version=version,
            row_group_size=2,
            write_page_checksum=True,
        )
