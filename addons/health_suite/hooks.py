from odoo.tools import config


def post_init_hook(env):
    """Load the demo hospital into databases that are made with demo data."""
    if config["with_demo"] or env.ref("base.module_base").demo:
        env["health.suite.demo"]._load()
