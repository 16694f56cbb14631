"""What an error says, wherever it is shown."""

from aviation.errors import AviationError, UnavailableError


def test_the_text_of_an_error_is_one_line_with_the_notes_that_were_added_on_the_way_up():
    error = UnavailableError("flights: the API failed", status=503)
    assert str(error) == "flights: the API failed"
    error.add_note("given up after 3 tries, at max_calls")
    error.add_note("10 records were delivered, in 3 calls")
    assert str(error) == (
        "flights: the API failed; given up after 3 tries, at max_calls; 10 records were delivered, in 3 calls"
    )
    assert str(AviationError()) == ""
