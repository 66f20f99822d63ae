import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../supervisor/component.ts';

/** Small files of staging rows, as the pipeline writes them. */
const WRITE = `
import sys, datetime, pyarrow as pa, pyarrow.parquet as pq
folder, key, kind, files, rows = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
at = datetime.datetime(2026, 11, 21, 5, 20, 2, 123456, datetime.timezone.utc)
time = pa.timestamp("us", "UTC")
for file in range(files):
    numbers = range(file * rows, (file + 1) * rows)
    keys = pa.array(numbers, pa.int64()) if kind == "int64" else pa.array([str(n) for n in numbers])
    pq.write_table(pa.table({
        "_event_id": pa.array([f"{n:032x}" for n in numbers]), "_op": pa.array(["c"] * rows), "_lsn": pa.array(numbers, pa.int64()),
        "_source_time": pa.array([at] * rows, time), "_event_time": pa.array([at] * rows, time),
        "_ingested_at": pa.array([at] * rows, time), "_origin": pa.array(["stream"] * rows), key: keys,
    }), f"{folder}/{file}.parquet", compression="snappy")
`;

const KEYS = { orders: ['order_id', 'string'], customers: ['customer_id', 'int64'] } as const;

/** Writes files `0.parquet`, `1.parquet` … of a stream into a folder of its own, every row an event of its own, and returns the folder. */
export function writeFiles(machine: Machine, stream: keyof typeof KEYS, files: number, rowsPerFile: number): string {
  const folder = join(machine.state, 'files', stream);
  mkdirSync(folder, { recursive: true });
  const [key, kind] = KEYS[stream];
  const args = ['-c', WRITE, folder, key, kind, String(files), String(rowsPerFile)];
  execFileSync(join(machine.tools.pythonBin, 'python'), args);
  return folder;
}
