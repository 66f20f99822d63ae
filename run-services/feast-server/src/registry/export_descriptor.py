"""
Writes registry.descriptor.json: the messages of Feast's registry that the server reads, as protobufjs takes them.

    python export_descriptor.py

The source is the descriptor pool of the installed Feast (Apache-2.0, https://github.com/feast-dev/feast/tree/master/protos), so a new version of Feast
is followed by running this again. Fields whose message is not listed here are left out; protobufjs skips them in the bytes.
"""

import json
from pathlib import Path
from typing import Any

from feast.protos.feast.core import Registry_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

KEPT = {
    "Registry",
    "Entity",
    "EntitySpecV2",
    "FeatureView",
    "FeatureViewSpec",
    "FeatureViewMeta",
    "StreamFeatureView",
    "StreamFeatureViewSpec",
    "OnDemandFeatureView",
    "OnDemandFeatureViewSpec",
    "LabelView",
    "LabelViewSpec",
    "FeatureService",
    "FeatureServiceSpec",
    "FeatureViewProjection",
    "FeatureSpecV2",
    "DataSource",
    "Project",
    "ProjectSpec",
    "Duration",
    "Timestamp",
}

SCALARS = {
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_FLOAT: "float",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_UINT64: "uint64",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_UINT32: "uint32",
    # Numbers of enums are all that is used of them.
    FieldDescriptor.TYPE_ENUM: "int32",
}


def type_of(field: FieldDescriptor) -> str | None:
    """protobufjs' name of a field's type; None where its message is left out."""
    message = field.message_type
    if message is None:
        return SCALARS[field.type]
    return message.name if message.name in KEPT and message.containing_type is None else None


def message(descriptor: Descriptor) -> dict[str, Any]:
    """One message."""
    fields: dict[str, Any] = {}
    for field in descriptor.fields:
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry:
            value = type_of(entry.fields_by_name["value"])
            if value is not None:
                key = SCALARS[entry.fields_by_name["key"].type]
                fields[field.name] = {"keyType": key, "type": value, "id": field.number}
            continue
        name = type_of(field)
        if name is None:
            continue
        fields[field.name] = {**({"rule": "repeated"} if field.is_repeated else {}), "type": name, "id": field.number}
    return {"fields": dict(sorted(fields.items(), key=lambda it: it[1]["id"]))}


def collect(descriptor: Descriptor, found: dict[str, Any]) -> None:
    """A message and what it is made of."""
    if descriptor.name in found:
        return
    found[descriptor.name] = message(descriptor)
    for field in descriptor.fields:
        if field.message_type is not None and type_of(field) is not None:
            collect(field.message_type, found)


def main() -> None:
    found: dict[str, Any] = {}
    collect(Registry_pb2.Registry.DESCRIPTOR, found)
    target = Path(__file__).with_name("registry.descriptor.json")
    target.write_text(json.dumps({"nested": dict(sorted(found.items()))}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
