"""Columns of the busiest tables."""

from odoo import fields


class UncheckedMany2one(fields.Many2one):
    """A many2one without a foreign key in the database, for rows that are inserted by the thousand.

    Every foreign key costs a look-up and a shared row lock per inserted row, planned anew
    in each request. Whoever deletes the record on the other side looks after the rows that
    name it: see the ``ondelete`` methods of :class:`InteropInterface` and :class:`InteropLane`.
    """

    def update_db_foreign_key(self, model, column):
        """Make none, and drop the one that an earlier version made."""
        cr = model.env.cr
        cr.execute(
            """SELECT c.conname FROM pg_constraint c
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                WHERE c.contype = 'f' AND c.conrelid = %s::regclass AND array_length(c.conkey, 1) = 1
                  AND a.attname = %s""",
            [model._table, self.name],
        )
        for (name,) in cr.fetchall():
            cr.execute(f'ALTER TABLE "{model._table}" DROP CONSTRAINT "{name}"')
