"""Faults, drawn by a seed: between our processes and what they call, to the processes themselves, and to raw objects.

`proxy` stands before an emulator or the flight API and does what its windows say, `answers` words a refusal in a
service's protocol, `plan` draws a day's faults from a seed, `kills` ends processes, `raw` hands raw
objects over again, `tables` compares what came of them. `day` is a day of polls and loads under its faults.
"""
