"""The three quality gates: files in landing/, rows in staging, features before they go online."""
