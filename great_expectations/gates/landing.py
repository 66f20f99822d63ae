"""The gate of landing/: a file is looked at before the pipeline reads it."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas
from great_expectations.core.batch import Batch

from gates.checks import Check, ephemeral_context, run_suite
from gates.suites import landing_expectations, landing_ranges

# Values are held in memory as text, about ten times the file's size.
MAX_FILE_BYTES = 512 * 2**20

# One longer value is a file of another kind: the csv module would refuse it at 128 KB.
MAX_VALUE_CHARACTERS = 10 * 2**20


# In a file with shifted columns any value may be a person's: nothing of it is told.
NO_SAMPLES = None


class FileError(Exception):
    """The file as a whole cannot be read, so it does not pass; the message says why."""


def check_file(file: Path, name: str, stream: str) -> list[Check]:
    """Checks one file dropped for a stream. `name` is what it is called in the bucket; its suffix says how to read it."""
    try:
        text = _read(file, name)
    except UnicodeDecodeError:
        return [_unreadable(name, "it is not UTF-8")]
    except FileError as error:
        return [_unreadable(name, str(error))]
    checks = run_suite(_batch(text), "landing", name, landing_expectations(stream, text.columns), NO_SAMPLES)
    ranges = landing_ranges(stream, text.columns)
    if not ranges:
        return checks
    # Ranges are of numbers, not of text; what is no number has failed its pattern already.
    numbers = {
        column: pandas.to_numeric(text[column], errors="coerce") for column in {it["kwargs"]["column"] for it in ranges}
    }
    return checks + run_suite(_batch(pandas.DataFrame(numbers)), "landing", name, ranges, NO_SAMPLES)


def _unreadable(name: str, reason: str) -> Check:
    return Check("landing", name, "file_can_be_read", success=False, critical=True, detail={"error": reason})


def _batch(rows: pandas.DataFrame) -> Batch:
    source = ephemeral_context().data_sources.add_pandas("landing")
    definition = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    return definition.get_batch(batch_parameters={"dataframe": rows})


def _read(file: Path, name: str) -> pandas.DataFrame:
    """The rows with every value as text, null where it is empty. A line that cannot be read is a row of nulls."""
    if file.stat().st_size > MAX_FILE_BYTES:
        raise FileError(f"it has more than {MAX_FILE_BYTES // 2**20} MB; split it into several files")
    reader = READERS.get(Path(name).suffix.lower())
    if reader is None:
        raise FileError(f"its name must end in one of {', '.join(READERS)}, which says how to read it")
    rows = pandas.DataFrame(reader(file), dtype=object)
    return rows.where(rows.notna(), None)


def _csv_rows(file: Path) -> Iterator[dict[str, str | None]]:
    csv.field_size_limit(MAX_VALUE_CHARACTERS)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=False)
        header = next(reader, None)
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


def _ndjson_rows(file: Path) -> Iterator[dict[str, str | None]]:
    with file.open(encoding="utf-8-sig") as lines:
        for line in lines:
            if line.strip():
                yield _ndjson_row(line)


def _ndjson_row(line: str) -> dict[str, str | None]:
    try:
        # Numbers stay as they are written: a double would change the long ones.
        row = json.loads(line, parse_int=str, parse_float=str)
    except json.JSONDecodeError:
        return {}
    return {column: _text(value) for column, value in row.items()} if isinstance(row, dict) else {}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else json.dumps(value)


READERS: dict[str, Callable[[Path], Iterator[dict[str, str | None]]]] = {
    ".csv": _csv_rows,
    ".ndjson": _ndjson_rows,
    ".jsonl": _ndjson_rows,
}
