"""A checkout and a parameter file in, a stack out.

In: `infra/cloudformation.yaml`, this package, and the template's parameters. Out: the artefacts (`build`), the stack
(`stack`, `change_sets`), and what it will cost and how fresh it will be (`plan`, `cost`, `schedules`). The local stack
(`aviation.local`) is deployed by the same code.
"""
