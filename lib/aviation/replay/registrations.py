"""From US registrations (N-numbers) to ICAO 24-bit addresses.

The FAA assigns its block, A00001 (N1) to ADF7C7 (N99999), in the order of the N-numbers, so the address follows from
the number. In that order a number is followed by itself with letters (N1, N1A, N1AA … N1AZ, N1B … N1ZZ), then by itself
with another digit (N10). The letters I and O are not used.
"""

import re

FIRST = 0xA00001
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
N_NUMBER = re.compile(rf"N([1-9])(\d{{0,4}})([{LETTERS}]{{0,2}})")
# How many numbers begin with 1, 2, 3, 4 and 5 given digits: itself, its letters, and each further digit.
SUFFIXES = 1 + len(LETTERS) * (1 + len(LETTERS))
BEGIN_WITH = (101711, 10111, 951, 35, 1)
# Three digits leave room for two letters, four for one, five for none.
WITHOUT_FURTHER_DIGIT = (SUFFIXES, SUFFIXES, SUFFIXES, 1 + len(LETTERS))


def icao24(registration: str) -> str | None:
    """The address as six upper-case hex digits; None if `registration` is not an N-number.

    Some of the data's tail numbers are an airline's own fleet numbers (`N3ALAA`) and have no address.
    """
    match = N_NUMBER.fullmatch(registration)
    if not match or len(registration) > 6:
        return None
    first, digits, letters = match.groups()
    address = FIRST + (int(first) - 1) * BEGIN_WITH[0]
    for position, digit in enumerate(digits, start=1):
        address += WITHOUT_FURTHER_DIGIT[position - 1] + int(digit) * BEGIN_WITH[position]
    if letters:
        one_letter = len(digits) == 3
        address += 1 + LETTERS.index(letters[0]) * (1 if one_letter else 1 + len(LETTERS))
    if len(letters) == 2:
        address += 1 + LETTERS.index(letters[1])
    return f"{address:06X}"
