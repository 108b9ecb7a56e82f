from odoo.api import SUPERUSER_ID, Environment


def migrate(cr, version):
    """Give the accounts of before their technical users: at the end, when partners can be created."""
    Environment(cr, SUPERUSER_ID, {})["interop.service.account"]._make_missing_users()
