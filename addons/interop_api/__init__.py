from . import controllers, models

from . import rest  # isort: skip  (its routes need the routing type)
