"""What an error says, wherever it is shown."""

import errno

from aviation.errors import AviationError, UnavailableError, on_disk


def test_the_text_of_an_error_is_one_line_with_the_notes_that_were_added_on_the_way_up():
    error = UnavailableError("flights: the API failed", status=503)
    assert str(error) == "flights: the API failed"
    error.add_note("given up after 3 tries, at max_calls")
    error.add_note("10 records were delivered, in 3 calls")
    assert str(error) == (
        "flights: the API failed; given up after 3 tries, at max_calls; 10 records were delivered, in 3 calls"
    )
    assert str(AviationError()) == ""


def test_a_full_disk_is_called_so_and_says_what_to_do():
    full = OSError(errno.ENOSPC, "No space left on device", "/state/env")
    assert on_disk(full) == "the disk is full (/state/env): make room, and run the same command again"
    assert on_disk(FileNotFoundError(errno.ENOENT, "No such file", "/x")) == "[Errno 2] No such file: '/x'"
