"""Where a document is not as its schema in docs/schemas wants it."""

import json
import os

import jsonschema

from harness import ROOT


def errors(document, name):
    """Lines, none when the document fits docs/schemas/NAME."""
    with open(os.path.join(ROOT, "docs", "schemas", name), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    found = jsonschema.Draft202012Validator(schema).iter_errors(document)
    return ["%s: %s" % (error.json_path, error.message) for error in found]
