"""The MLLP listener: connections, the sets that they fill, and the database behind them.

What arrives on any connection while one transaction commits goes into the next
(group commit). An answer leaves only after the commit. While the database is
away or the interface closed nothing is answered: the messages wait, and after
``--patience`` seconds their connections are closed, so that the senders send
them again.
"""

from .connection import Connection
from .inbox import Inbox
from .listener import Listener
