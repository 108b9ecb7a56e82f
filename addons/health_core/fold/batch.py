"""What a batch of commands is folded onto: everything loaded, everything decided, nothing of the database."""

from dataclasses import dataclass, field
from typing import Any

from .account import Account, Coverage
from .visit import Visit


@dataclass(slots=True)
class Batch:
    """The working memory of one fold.

    :ivar identifiers: living account per ``(authority, type, value)``
    :ivar visits: visit per ``(authority, number)``
    :ivar payers: payer id per ``(system id, code)``; locations likewise
    :ivar practitioners: practitioner id per ``(authority, value)`` as sent
    :ivar touched: per message the accounts and visits that it reached
    :ivar withheld: ``(object, values, system id, message id)`` that the source does not own
    :ivar failures: ``{message id: InteropError}``
    """

    identifiers: dict[tuple, Account] = field(default_factory=dict)
    visits: dict[tuple, Visit] = field(default_factory=dict)
    payers: dict[tuple, int] = field(default_factory=dict)
    locations: dict[tuple, int] = field(default_factory=dict)
    practitioners: dict[tuple, int] = field(default_factory=dict)
    new_accounts: list[Account] = field(default_factory=list)
    new_visits: list[Visit] = field(default_factory=list)
    touched: dict[tuple, None] = field(default_factory=dict)
    withheld: list[tuple] = field(default_factory=list)
    quarantined: dict[tuple, Coverage] = field(default_factory=dict)
    failures: dict[int, Any] = field(default_factory=dict)

    def account_of(self, keys) -> list[Account]:
        """Return the living accounts that the identifiers belong to, usually one."""
        found = []
        for key in keys:
            account = self.identifiers.get(key)
            if account is not None and account not in found:
                found.append(account)
        return found

    def identify(self, account: Account, keys) -> None:
        """Give the account the identifiers that nobody has yet."""
        for key in keys:
            if key not in self.identifiers:
                self.identifiers[key] = account
                account.new_identifiers.append(key)
