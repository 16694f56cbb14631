"""Tells people where they are: mail, Slack, Teams, a webhook, and whatever else apprise knows.

In: the addresses in a secret of the stack's, and a message. Out: the message at each address; of those that it did not
reach, the kind alone, for an address holds secrets. Before it: `aviation.secret`. After it: `aviation.alerts` and
`aviation.brief`, and the command `aviation tell`.
"""

from aviation.tell.addresses import NOT_KNOWN, Address, clear, kept, put
from aviation.tell.send import Message, not_delivered, send
from aviation.tell.trial import tried

__all__ = ["NOT_KNOWN", "Address", "Message", "clear", "kept", "not_delivered", "put", "send", "tried"]
