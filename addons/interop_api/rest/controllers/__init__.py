from . import docs, rest, rest_bulk
