"""Phone numbers in E.164, so that one person is one customer however the number is written."""

from functools import lru_cache

from comanda.base import limits
from comanda.catalogue.customer_names import digits_of


@lru_cache(maxsize=limits.PHONE_CACHE)
def normalise_phone(phone: str, region: str) -> str | None:
    """``+994501234567`` for any spelling of it in ``region`` (ISO 3166); None when it is no possible number."""
    import phonenumbers  # noqa: PLC0415 - large, and not needed before the first order

    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=limits.PHONE_CACHE)
def personal_phone(phone: str, region: str) -> str | None:
    """The number as `normalise_phone` has it, by which one person is known; None for one without its area code.

    Such a number is dialled next door, is somebody else's in the next town, and serves to look for people only.
    """
    import phonenumbers  # noqa: PLC0415 - as above

    found = normalise_phone(phone, region)
    if found is None:
        return None
    reason = phonenumbers.is_possible_number_with_reason(phonenumbers.parse(phone, region))
    return found if reason == phonenumbers.ValidationResult.IS_POSSIBLE else None


def without_trunk(phone: str, region: str) -> str:
    """A number, or the beginning of one, without what is dialled before it at home only, such as the 0 of 050."""
    import phonenumbers  # noqa: PLC0415 - as above

    known = phonenumbers.PhoneMetadata.metadata_for_region(region)
    trunk = known.national_prefix if known else None
    digits = digits_of(phone)
    if trunk and not phone.lstrip().startswith("+") and digits.startswith(trunk) and len(digits) > len(trunk):
        return digits[len(trunk) :]
    return phone
