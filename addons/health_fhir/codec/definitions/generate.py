"""Makes ``r4.json`` from the official R4 JSON schema and the element definitions of fhir.resources.

    python addons/health_fhir/codec/definitions/generate.py fhir.schema.json

The schema (4.0.1) knows names, types, repetitions and required code lists, but no
required primitive, no choice, no reference target, no summary element and not every code list.
fhir.resources (its R4B definitions) knows those, but cuts long code lists short.
A type that only R4 has gets what the schema says.
"""

import json
import re
import sys
from pathlib import Path

TARGET = Path(__file__).with_name("r4.json")
#: Types of primitive choices, longest name first so that ``dateTime`` is found before ``time``.
_PRIMITIVES = (
    "base64Binary boolean canonical code dateTime date decimal id instant integer markdown oid "
    "positiveInt string time unsignedInt uri url uuid"
).split()
#: A list that is cut short ("+") where it is used, and that the schema does not have.
_OBSERVATION_STATUS = "registered preliminary final amended corrected cancelled entered-in-error unknown".split()
#: Targets that stand for every type.
_ANY = ("Resource", "Any")


def _model(name: str):
    from fhir.resources.R4B import get_fhir_model_class

    try:
        return get_fhir_model_class(name)
    except (ValueError, KeyError, AttributeError):
        return None


def _item_model(annotation):
    """The model of a field's items: what stands in ``list[...]`` and beside ``None``."""
    if hasattr(annotation, "get_model_klass"):
        return annotation.get_model_klass()
    for argument in getattr(annotation, "__args__", ()):
        model = _item_model(argument)
        if model is not None:
            return model
    return None


def _type(name: str, definition: dict) -> str:
    reference = definition.get("$ref", "").rpartition("/")[2]
    if reference:
        return "Resource" if reference == "ResourceList" else reference
    if "enum" in definition or "const" in definition:
        return "code"
    for primitive in sorted(_PRIMITIVES, key=len, reverse=True):
        if name.endswith(primitive[0].upper() + primitive[1:]):
            return primitive
    raise ValueError(f"No type for {name}")


class Table:
    """Collects the types; code lists and target lists are kept once and numbered."""

    def __init__(self, schema: dict):
        self.schema = schema
        self.lists: list[list[str]] = []
        self._numbers: dict[tuple, int] = {}

    def _number(self, values) -> str:
        if not values:
            return ""
        key = tuple(values)
        if key not in self._numbers:
            self._numbers[key] = len(self.lists)
            self.lists.append(list(key))
        return str(self._numbers[key])

    def build(self) -> dict:
        types = {}
        resources = []
        models = self._models()
        for name, definition in sorted(self.schema.items()):
            properties = definition.get("properties")
            if properties is None:
                continue
            if "resourceType" in properties:
                resources.append(name)
            types[name] = self._elements(properties, definition.get("required", ()), models.get(name))
        return {"version": "4.0.1", "resources": resources, "lists": self.lists, "types": types}

    def _listed(self, name: str, extra: dict) -> list[str]:
        """The codes that fhir.resources took from an element's short text, where that text is the whole list."""
        codes = extra.get("enum_values") or []
        if codes[:4] == _OBSERVATION_STATUS[:4]:
            return _OBSERVATION_STATUS
        return [] if name == "format" or "+" in codes else codes

    def _models(self) -> dict:
        """The model of each type. The schema calls Claim.item.detail ``Claim_Detail``, the models
        ``ClaimItemDetail``, hence the walk from each root.
        """
        models = {}
        todo = [(name, _model(name)) for name in self.schema if "_" not in name and name[0].isupper()]
        while todo:
            name, model = todo.pop()
            if model is None or name in models:
                continue
            models[name] = model
            fields = {field.alias: field for field in model.model_fields.values()}
            for element, definition in self.schema[name].get("properties", {}).items():
                target = definition.get("items", definition).get("$ref", "").rpartition("/")[2]
                if "_" in target and element in fields:
                    todo.append((target, _item_model(fields[element].annotation)))
        return models

    def _elements(self, properties: dict, required, model) -> dict[str, str]:
        known = {}
        for field in model.model_fields.values() if model else ():
            known[field.alias] = field
        elements = {}
        for name, definition in properties.items():
            if name.startswith("_") or name == "resourceType":
                continue
            field = known.get(name)
            extra = (field and field.json_schema_extra) or {}
            item = definition.get("items", definition)
            flags = "*" if definition.get("type") == "array" else ""
            mandatory = name in required or extra.get("element_required") or (field and field.is_required())
            if mandatory or extra.get("one_of_many_required"):
                flags += "!"
            if extra.get("summary_element_property"):
                flags += "s"
            targets = extra.get("enum_reference_types") or ()
            if any(target in _ANY for target in targets):
                targets = ()
            codes = item.get("enum") or self._listed(name, extra)
            if name == "fhirVersion" and codes:
                codes = [*codes, "4.0.1"]
            parts = (
                _type(name, item),
                flags,
                extra.get("one_of_many") or "",
                self._number(codes),
                self._number(targets),
            )
            elements[name] = ";".join(parts).rstrip(";")
        return elements


def generate(schema_file: Path) -> str:
    """The text of ``r4.json``.

    :param schema_file: ``fhir.schema.json`` of FHIR 4.0.1
    """
    schema = json.loads(schema_file.read_text(encoding="utf-8"))["definitions"]
    table = Table({name: value for name, value in schema.items() if name != "ResourceList"}).build()
    text = json.dumps(table, separators=(",", ":"), ensure_ascii=False)
    # One type a line, so that a change can be read.
    return re.sub(r'("types":\{|\},)("[A-Za-z_]+":\{)', r"\1\n\2", text) + "\n"


if __name__ == "__main__":
    TARGET.write_text(generate(Path(sys.argv[1])), encoding="utf-8")
