"""Which fields Azure ML knows, by kind of document or section, as `fields.yml` beside this file says."""

from pathlib import Path

import yaml

from mlops.specs.load import Loader

_TABLE = yaml.load(Path(__file__).with_suffix(".yml").read_text("utf-8"), Loader)
FIELDS, REQUIRED, SHAPES, CHOICES = (
    {kind: frozenset(text.split()) for kind, text in _TABLE[part].items()}
    for part in ("fields", "required", "shapes", "choices")
)
SECTIONS: dict[str, str] = _TABLE["sections"]
SHAPE = {field: shape for shape, fields in SHAPES.items() for field in fields}
"""What the value of a field must be, whatever the field is part of."""
