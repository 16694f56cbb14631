"""A question in, SQL that an engine can run out.

In: one SELECT in Athena's dialect, over the tables that `aviation.load` writes and the views of `aviation.views`, or a
SHOW or DESCRIBE. Out: a `question`, parsed once (`parse`), its names looked up in the catalog (`catalog`, `names`) and
turned back in time (`as_of`); Athena's answer to it (`athena`); an answer as text (`answer`). Before it:
`aviation.views`. After it: `aviation.backend`, whose engines take the question, and `aviation.query`, the public door.
"""
