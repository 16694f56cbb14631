"""AWS and the flight API, replaced by what one laptop can run.

In: the checkout and its state folder (`aviation.home`). Out: the template deployed into an emulator (`stack`), which
with the replay runs as background processes (`processes`, `schedules`); Spark set up as the Glue job has it (`spark`,
`workers`, `load`) and started ahead of time (`archive`, `driver`); the history of the replay's past days without any of
that (`observed`). Before it: `aviation.deploy` and `aviation.replay`.
After it: `aviation.backend`, which chooses between this package and AWS. Every server listens on loopback only.
"""
