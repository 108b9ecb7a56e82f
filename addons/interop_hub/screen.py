"""Naming records of any model for a screen, as far as its user may see them."""

from __future__ import annotations

from collections import defaultdict


def names_of(env, references) -> dict:
    """Display names of records, with one query or two per model.

    :param references: ``(model, id)`` pairs; models and records may be gone
    :return: ``{(model, id): (label of the model, name)}``; the name is False
        where the record is gone or the user may not read it
    """
    ids = defaultdict(set)
    for model_name, res_id in references:
        ids[model_name].add(res_id)
    found = {}
    for model_name, res_ids in ids.items():
        model = env.get(model_name)
        if model is None:
            found |= {(model_name, res_id): (model_name, False) for res_id in res_ids}
            continue
        records = model.browse([res_id for res_id in res_ids if res_id]).exists()._filtered_access("read")
        names = {record.id: record.display_name for record in records}
        label = model._description
        found |= {(model_name, res_id): (label, names.get(res_id, False)) for res_id in res_ids}
    return found
