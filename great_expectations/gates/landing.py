"""The gate of landing/: a file is looked at before the pipeline reads it."""

from pathlib import Path

import pandas
from great_expectations.core.batch import Batch

from gates.checks import Check, ephemeral_context, run_suite
from gates.landed_rows import FileError, read_rows
from gates.mapping import described_times, mapping_of
from gates.suites import landing_expectations, landing_ranges

# In a file with shifted columns any value may be a person's: nothing of it is told.
NO_SAMPLES = None


def check_file(file: Path, name: str, dataset: str) -> list[Check]:
    """Checks one file dropped for a dataset. `name` is what it is called in the bucket; its endings say how to read it."""
    mapping = mapping_of(dataset)
    stream = mapping["stream"] if mapping else dataset
    try:
        text = read_rows(file, name, mapping)
    except UnicodeDecodeError:
        return [_unreadable(name, "it is not text in the encoding it should have")]
    except FileError as error:
        return [_unreadable(name, str(error))]
    expectations = landing_expectations(stream, text.columns, described_times(mapping))
    checks = run_suite(_batch(text), "landing", name, expectations, NO_SAMPLES)
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
