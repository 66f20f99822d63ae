"""
Reads OpenLineage events from standard input, one a line, as the project's own client knows them: its classes are generated from the published schemas.

An event that has a member too many, lacks one, or names another version of a facet's schema than it has ends this program with the reason. Prints how many it read.
"""

import json
import sys
import types
import typing

import attr
from openlineage.client import event_v2
from openlineage.client.generated import (
    data_quality_assertions_dataset,
    datasource_dataset,
    documentation_dataset,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    parent_run,
    schema_dataset,
)

FACETS = {
    "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
    "dataSource": datasource_dataset.DatasourceDatasetFacet,
    "documentation": documentation_dataset.DocumentationDatasetFacet,
    "errorMessage": error_message_run.ErrorMessageRunFacet,
    "jobType": job_type_job.JobTypeJobFacet,
    "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "parent": parent_run.ParentRunFacet,
    "schema": schema_dataset.SchemaDatasetFacet,
}


def build(kind: type, given: dict):
    """An object of the client's class, made of all members and nothing else."""
    hints = typing.get_type_hints(kind)
    said = {name: given.pop(name) for name in ("_producer", "_schemaURL", "schemaURL") if name in given}
    members = {name: facets(value) if "acets" in name else member(hints[name], value) for name, value in given.items()}
    built = kind(**members)
    expected = kind._get_schema() if hasattr(kind, "_get_schema") else None
    if any(url != expected for name, url in said.items() if name != "_producer"):
        raise ValueError(f"{kind.__name__} is of {expected}, not {said}")
    return built


def facets(given: dict) -> dict:
    return {name: build(FACETS[name], dict(facet)) for name, facet in given.items()}


def member(hint, value):
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if attr.has(option):
            return build(option, dict(value))
        if typing.get_origin(option) is list and attr.has(item := typing.get_args(option)[0]):
            return [build(item, dict(it)) for it in value]
        if isinstance(option, type) and issubclass(option, event_v2.RunState):
            return option(value)
    return value


def main() -> None:
    events = [build(event_v2.RunEvent, json.loads(line)) for line in sys.stdin]
    print(len(events))


if __name__ == "__main__":
    main()
