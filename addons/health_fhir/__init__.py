from . import access_log  # isort: skip
from . import models  # isort: skip
from . import mappers  # isort: skip
from . import search  # isort: skip
from . import controllers  # isort: skip
