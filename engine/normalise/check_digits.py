"""Check digits, computed for a whole column of numbers at once.

Each function takes an array of digits, one row for each number (`digits_of`), and says which rows are right. Sources:
order ММВ-7-6/435@ (ИНН), order 115н (ОГРН), Пенсионный фонд (СНИЛС), GB 32100-2015 (USCC), GB 11643-1999 (resident
identity number), Receita Federal (CPF, CNPJ), the VIES notes of the national tax offices (VAT).
"""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

Digits = NDArray[np.int64]
Right = NDArray[np.bool_]

USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
RESIDENT = "0123456789X"
_INN_11 = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_12 = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_RESIDENT = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CNPJ = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)


def digits_of(numbers: pl.Series, alphabet: str = "0123456789") -> Digits:
    """Strings of one length over an alphabet → one row of positions in it for each, −1 for other characters."""
    width = numbers.str.len_bytes().max() if len(numbers) else 0
    assert isinstance(width, int)
    flat = np.frombuffer("".join(numbers.to_list()).encode("ascii", "replace"), np.uint8)
    value = np.full(256, -1, np.int64)
    value[np.frombuffer(alphabet.encode(), np.uint8)] = np.arange(len(alphabet))
    return value[flat].reshape(len(numbers), width)


def inn_10(d: Digits) -> Right:
    """ИНН of a legal person, ten digits."""
    return _checks(d, (2, 4, 10, 3, 5, 9, 4, 6, 8), lambda s: s % 11 % 10)


def inn_12(d: Digits) -> Right:
    """ИНН of a natural person, twelve digits, the last two of them check digits."""
    return _checks(d[:, :11], _INN_11, lambda s: s % 11 % 10) & _checks(d, _INN_12, lambda s: s % 11 % 10)


def ogrn(d: Digits) -> Right:
    """ОГРН, 13 digits, and ОГРНИП, 15: the number before the last digit modulo 11 or 13."""
    return _equal(_value(d[:, :-1]) % (d.shape[1] - 2) % 10, d[:, -1])


def snils(d: Digits) -> Right:
    """СНИЛС, eleven digits, the last two of them the check."""
    total = d[:, :9] @ np.arange(9, 0, -1) % 101
    return _equal(np.where(total == 100, 0, total), _value(d[:, 9:]))


def uscc(d: Digits) -> Right:
    """统一社会信用代码, 18 characters of its own alphabet (`digits_of(…, USCC)`), modulo 31."""
    total = d[:, :17] @ np.array([pow(3, i, 31) for i in range(17)])
    return _equal((31 - total % 31) % 31, d[:, 17]) & _all(d >= 0)


def resident(d: Digits) -> Right:
    """居民身份证, 17 digits and a check digit or X (position 10 of "0123456789X"); the birth date must be one."""
    total = d[:, :17] @ np.array(_RESIDENT) % 11
    month, day = _value(d[:, 10:12]), _value(d[:, 12:14])
    right = _equal(np.array([1, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2])[total], d[:, 17]) & _all(d >= 0)
    return right & np.isin(month, range(1, 13)) & np.isin(day, range(1, 32))


def cpf(d: Digits) -> Right:
    """CPF, eleven digits, two check digits; a repeated digit is none."""
    first = _checks(d[:, :10], tuple(range(10, 1, -1)), lambda s: s * 10 % 11 % 10)
    second = _checks(d, tuple(range(11, 1, -1)), lambda s: s * 10 % 11 % 10)
    return first & second & ~_all(d == d[:, :1])


def cnpj(d: Digits) -> Right:
    """CNPJ, 14 digits, two check digits."""
    first = _checks(d[:, :13], _CNPJ[1:], lambda s: np.where(s % 11 < 2, 0, 11 - s % 11))
    return first & _checks(d, _CNPJ, lambda s: np.where(s % 11 < 2, 0, 11 - s % 11))


def luhn(d: Digits) -> Right:
    """Numbers ending in a Luhn digit (the Italian VAT number, the Swedish and French registers)."""
    doubled = d[:, -2::-2] * 2
    return _equal((d[:, ::-2].sum(axis=1) + (doubled // 10 + doubled % 10).sum(axis=1)) % 10, 0)


def vat_be(d: Digits) -> Right:
    """Belgium: the last two of ten digits are 97 less the first eight modulo 97."""
    return _equal(97 - _value(d[:, :8]) % 97, _value(d[:, 8:]))


def vat_de(d: Digits) -> Right:
    """Germany: ISO 7064 modulo 11, 10."""
    product = np.full(len(d), 10)
    for column in range(8):
        total = (d[:, column] + product) % 10
        product = 2 * np.where(total == 0, 10, total) % 11
    return _equal((11 - product) % 10, d[:, 8])


def vat_fr(d: Digits) -> Right:
    """France: two digits, 12 + 3 × SIREN modulo 97, before the SIREN; keys with letters are not checked."""
    return _equal(_value(d[:, :2]), (12 + 3 * (_value(d[:, 2:]) % 97)) % 97)


def vat_pl(d: Digits) -> Right:
    """Poland: weighted sum modulo 11."""
    return _checks(d, (6, 5, 7, 2, 3, 4, 5, 6, 7), lambda s: s % 11)


def _checks(d: Digits, weights: tuple[int, ...], rule: Callable[[Digits], Digits]) -> Right:
    # The last column against a rule on the weighted sum of the others.
    return _equal(rule(d[:, : len(weights)] @ np.array(weights)), d[:, len(weights)])


def _value(d: Digits) -> Digits:
    return np.asarray(d @ (10 ** np.arange(d.shape[1] - 1, -1, -1)))


def _equal(one: Digits, two: Digits | int) -> Right:
    return np.asarray(one == two, dtype=np.bool_)


def _all(flags: Right) -> Right:
    return np.asarray(flags.all(axis=1), dtype=np.bool_)
