"""The flight API in, lines on a Kinesis stream out: the first step of the flow.

In: pages of the aviationstack API (`client`, `answers`), fetched within a budget of calls and a deadline. Out: raw
records, one line of JSON each (`envelope`), on the entity's stream (`kinesis`). `producer` joins the two. Before it: a
schedule and the Lambda that it invokes (`aviation.runs`). After it: Firehose, the raw bucket, and `aviation.load`.
"""
