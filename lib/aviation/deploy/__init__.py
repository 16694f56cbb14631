"""A checkout and a parameter file in, a stack out.

In: `infra/cloudformation.yaml` (`template`), this package, and the template's parameters. Out: the artefacts (`build`)
and the stack (`stack`, its `buckets` and `reservations`), from whichever of its `states` by `change_sets`, followed by
their `events`. What the account then shows: `first_deploy`. What it will cost: `prices.yaml` and `prices`, `bill` and
`cost`; how many calls of the flight API it makes: `plan`; how old its data gets: `schedules`. The local stack
(`aviation.local`) is deployed by the same code. Before it: nothing but the checkout. After it: AWS, or
`aviation.local`.
"""
