"""The part of JSON Schema that docs/schemas uses: says where a document is not as its schema wants it."""

import json
import os

from harness import ROOT

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def _is(value, name):
    if name in ("integer", "number"):
        return not isinstance(value, bool) and isinstance(value, int if name == "integer" else (int, float))
    return isinstance(value, TYPES[name])


def errors(document, name):
    """Lines, none when the document fits docs/schemas/NAME."""
    with open(os.path.join(ROOT, "docs", "schemas", name), encoding="utf-8") as file:
        root = json.load(file)
    return list(_check(root, root, document, "$"))


def _check(root, schema, value, place):
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        yield from _check(root, target, value, place)
        return
    if "anyOf" in schema and all(list(_check(root, one, value, place)) for one in schema["anyOf"]):
        yield "%s: none of the forms fits" % place
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_is(value, name) for name in types):
        yield "%s: %r is not %s" % (place, value, " or ".join(types))
        return
    if "enum" in schema and value not in schema["enum"]:
        yield "%s: %r is not one of %s" % (place, value, schema["enum"])
    if "minimum" in schema and _is(value, "number") and value < schema["minimum"]:
        yield "%s: %r is too small" % (place, value)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for key in schema.get("required", []):
            if key not in value:
                yield "%s: %s is missing" % (place, key)
        for key, item in value.items():
            if key in properties:
                yield from _check(root, properties[key], item, "%s.%s" % (place, key))
            elif schema.get("additionalProperties") is False:
                yield "%s: %s is not in the schema" % (place, key)
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from _check(root, schema["items"], item, "%s[%d]" % (place, number))
