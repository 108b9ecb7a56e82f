from . import health_charge, health_encounter, interop_service_account, product_template, res_users
