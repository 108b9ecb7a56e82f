from . import models, redact, wizard

redact.install()
