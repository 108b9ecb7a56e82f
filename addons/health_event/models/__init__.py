from . import (
    account_move,
    health_charge,
    health_discharge,
    health_encounter,
    health_intake,
    interop_exception,
    interop_subscription,
    purchase_order,
    stock_move,
    stock_picking,
)
