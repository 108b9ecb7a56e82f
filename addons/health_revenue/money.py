"""Rounding and splitting of amounts, exact to the cent. Pure Python."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def cents(value) -> Decimal:
    """Return the value with two decimals, half away from zero (commercial rounding).

    :param value: Decimal, int, str, or a float that came out of a numeric column
    """
    if isinstance(value, float):
        value = repr(value)
    return Decimal(value).quantize(CENT, rounding=ROUND_HALF_UP)


def split(amount, percent) -> tuple[Decimal, Decimal]:
    """Split an amount into the payer's and the patient's part.

    The patient's part is rounded to the cent and the payer owes the rest, so
    the two always add up to the amount.

    :param percent: the patient's share in percent, 0 to 100
    :return: ``(payer part, patient part)``
    """
    amount = cents(amount)
    if isinstance(percent, float):
        percent = repr(percent)
    patient = cents(amount * Decimal(percent) / 100)
    return amount - patient, patient


def price(amount, unit_price, quantity, list_price) -> tuple[Decimal, str]:
    """Return what a charge costs and where the price came from (business rule 9).

    :param amount: the sender's extended amount or None
    :param unit_price: the sender's price of one or None
    :param list_price: the service's list price or None while the service is unknown
    :return: ``(amount, source)``; the source is ``amount``, ``unit`` or ``list``
    """
    if amount is not None:
        return cents(amount), "amount"
    if unit_price is not None:
        return cents(unit_price * quantity), "unit"
    if list_price is None:
        return Decimal("0.00"), "list"
    if isinstance(list_price, float):
        list_price = repr(list_price)
    return cents(Decimal(list_price) * quantity), "list"
