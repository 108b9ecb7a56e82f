from . import catalog, events, subscriptions
