"""A question in, SQL that an engine can run out.

In: one SELECT in Athena's dialect, over the tables that `aviation.load` writes and the views of `aviation.views`. Out:
the same question with its names looked up in the catalog (`catalog`, `names`) and turned back in time (`as_of`), or
Athena's answer to it (`athena`). After it: `aviation.query`, the public door.
"""
