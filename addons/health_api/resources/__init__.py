"""What partners reach; see :mod:`odoo.addons.interop_api.rest.resource` for how to add one."""

from . import care, catalog, charges, finance, supply

from . import lookups  # isort: skip
