from .. import dispatcher  # registers the routing type before the routes that use it
from . import discovery, fallback, inbound, message, oauth2
