"""The rows of a landing file with every value as text, whichever format it has."""

import base64
import csv
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas
import pyarrow
from pyarrow import parquet

from gates.mapping import Mapping, TextRow, mapped

# Values are held in memory as text, about ten times the file's size.
MAX_FILE_BYTES = 512 * 2**20

# One longer value is a file of another kind: the csv module would refuse it at 128 KB.
MAX_VALUE_CHARACTERS = 10 * 2**20

_CHUNK_BYTES = 2**20


class FileError(Exception):
    """The file as a whole cannot be read, so it does not pass; the message says why."""


def read_rows(file: Path, name: str, mapping: Mapping | None) -> pandas.DataFrame:
    """
    The fields of each row as text, null where it is empty. A line that cannot be read is a row of nulls.

    `name` is what the file is called in the bucket; its endings say how to read it. Raises FileError, and UnicodeDecodeError.
    """
    *_, ending, packing = ["", "", *(it.lower() for it in Path(name).suffixes)]
    if packing != ".gz":
        ending, packing = packing, ""
    reader = READERS.get(ending)
    if reader is None or (packing and ending == ".parquet"):
        raise FileError(f"its name must end in one of {', '.join(READERS)}, which says how to read it")
    with TemporaryDirectory(prefix="tributary-landing-") as folder:
        plain = _unpacked(file, Path(folder) / "object") if packing else file
        if plain.stat().st_size > MAX_FILE_BYTES:
            raise FileError(f"it has more than {MAX_FILE_BYTES // 2**20} MB; split it into several files")
        rows = reader(plain, mapping)
        frame = pandas.DataFrame(mapped(mapping, rows) if mapping else rows, dtype=object)
    return frame.where(frame.notna(), None)


def _unpacked(file: Path, target: Path) -> Path:
    try:
        with gzip.open(file) as packed, target.open("wb") as plain:
            while chunk := packed.read(_CHUNK_BYTES):
                plain.write(chunk)
                # What is small packed may be of any size unpacked.
                if plain.tell() > MAX_FILE_BYTES:
                    break
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileError("it is not whole gzip: it was cut off or damaged") from error
    return target


def _csv_rows(file: Path, mapping: Mapping | None) -> Iterator[TextRow]:
    csv.field_size_limit(MAX_VALUE_CHARACTERS)
    dialect = mapping["csv"] if mapping else {"delimiter": ",", "quote": '"', "encoding": "utf-8"}
    encoding = "utf-8-sig" if dialect["encoding"] == "utf-8" else dialect["encoding"]
    quoting = csv.QUOTE_NONE if dialect["quote"] is None else csv.QUOTE_MINIMAL
    with file.open(encoding=encoding, newline="") as lines:
        reader = csv.reader(
            lines, delimiter=dialect["delimiter"], quotechar=dialect["quote"], quoting=quoting, strict=False
        )
        header = mapping["columns"] if mapping and mapping["columns"] else next(reader, None)
        if not header:
            raise FileError("it is empty; its first line must name the columns")
        if len(set(header)) < len(header):
            raise FileError("its first line names a column twice")
        try:
            for values in reader:
                if values:
                    fits = len(values) == len(header)
                    yield {column: (values[at] or None) if fits else None for at, column in enumerate(header)}
        except csv.Error as error:
            raise FileError(f"line {reader.line_num} is not CSV ({error})") from error


def _ndjson_rows(file: Path, _mapping: Mapping | None) -> Iterator[TextRow]:
    with file.open(encoding="utf-8-sig") as lines:
        for line in lines:
            if line.strip():
                yield _ndjson_row(line)


def _ndjson_row(line: str) -> TextRow:
    try:
        # Numbers stay as they are written: a double would change the long ones.
        row = json.loads(line, parse_int=str, parse_float=str)
    except json.JSONDecodeError:
        return {}
    return {column: _text(value) for column, value in row.items()} if isinstance(row, dict) else {}


def _parquet_rows(file: Path, _mapping: Mapping | None) -> Iterator[TextRow]:
    try:
        for batch in parquet.ParquetFile(file, page_checksum_verification=True).iter_batches():
            for row in batch.to_pylist():
                yield {column: _text(value) for column, value in row.items()}
    # Times beyond Python's are errors of value.
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise FileError("it is not whole Parquet: it was cut off or damaged") from error


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


READERS: dict[str, Callable[[Path, Mapping | None], Iterator[TextRow]]] = {
    ".csv": _csv_rows,
    ".ndjson": _ndjson_rows,
    ".jsonl": _ndjson_rows,
    ".json": _ndjson_rows,
    ".parquet": _parquet_rows,
}
