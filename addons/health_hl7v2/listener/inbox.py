"""The database side of the listener."""

import random
import time

import psycopg2
from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, api, sql_db
from odoo.modules.registry import Registry

from odoo.addons.interop_hub import postbox
from odoo.addons.interop_hub.exceptions import Closed
from odoo.addons.interop_hub.keyring import KeyringError

SERIALIZATION_TRIES = 6
SIGNALING = 0.25  #: seconds between looks at other processes' cache invalidations
#: Database errors that come from what was to be stored, not from the database's condition.
_OF_CONTENT = (psycopg2.DataError, psycopg2.IntegrityError, psycopg2.ProgrammingError)


def is_away(error: Exception) -> bool:
    """Whether nothing can be stored at the moment, whatever the message."""
    if isinstance(error, psycopg2.Error):
        return not isinstance(error, _OF_CONTENT)
    return isinstance(error, (Closed, KeyringError))


class Inbox:
    """The database side, run in one thread: stores messages, each set in one transaction.

    :param dbname: the database
    :param code: the interface's code
    """

    def __init__(self, dbname: str, code: str):
        self.dbname = dbname
        self.code = code
        self.looked = 0.0
        self.registry = None
        self.cr = None

    def limit(self) -> int:
        """Return the interface's size limit.

        :raises LookupError: no such interface
        """
        with Registry(self.dbname).cursor() as cr:
            interface = api.Environment(cr, SUPERUSER_ID, {})["interop.interface"]._by_code(self.code)
            if not interface:
                raise LookupError(self.code)
            return interface.max_body_bytes

    def store(self, bodies: list[bytes]) -> list[bytes]:
        """Store messages that arrived together and return their answers, committed.

        :meth:`wake` is to be called when the answers are on their way.

        :raises psycopg2.Error: the database is away or refuses
        :raises Closed: the interface takes nothing at the moment
        """
        for attempt in range(1, SERIALIZATION_TRIES + 1):
            try:
                return self._store(bodies)
            except TransactionRollbackError:
                if attempt == SERIALIZATION_TRIES:
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
        raise AssertionError

    def _store(self, bodies):
        registry = Registry(self.dbname)
        if time.monotonic() - self.looked > SIGNALING:
            registry = registry.check_signaling()
            self.looked = time.monotonic()
        try:
            return self._receive(registry, bodies)
        except BaseException:
            self._close()
            raise

    def _receive(self, registry, bodies):
        if self.cr is None or self.cr.closed or self.registry is not registry:
            self._close()
            self.registry, self.cr = registry, registry.cursor()
        env = api.Environment(self.cr, SUPERUSER_ID, {})
        interface = env["interop.interface"]._at_the_door(self.code)
        if not interface:
            raise Closed("interface.gone", "This interface does not exist any more", status=410, retry_after=0)
        interface._assert_open()
        receptions = env["interop.message"]._receive_many(interface, [(body, "") for body in bodies])
        if any(result.status == "conflict" for reception in receptions for result in reception.results):
            self.cr.commit()  # the refused body and its exception are kept in this transaction
        return [reception.body for reception in receptions]

    def wake(self):
        """Have somebody come for what was stored."""
        try:
            if self.cr is not None and not self.cr.closed:
                self.cr.commit()
                self.cr.transaction.clear()
        except psycopg2.Error:
            self._close()

    def close(self):
        """Let go of the database."""
        self._close()

    def _close(self):
        """Let go of the cursor that is kept from one set to the next."""
        cr, self.cr = self.cr, None
        if cr is not None and not cr.closed:
            cr.close()

    def reconnect(self):
        """Forget connections that may be broken."""
        self._close()
        sql_db.close_db(self.dbname)
        postbox.forget(self.dbname)
