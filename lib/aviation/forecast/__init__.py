"""What will be late, and how sure that is, from what was known at a moment before.

In: rows of `flight_history`, and an instant of a poll (`known`, `features`, `rotation`); for training also what became
of the legs (`training`, which alone needs LightGBM). Out: a model as a file with its card (`model`, `trees`, `levels`,
`calibration`); quantiles and probabilities for each leg, with the reasons that weigh most (`reasons`); how good they
were (`scores`). Before it: `aviation.load`, which makes the history. After it: the load, which scores with numpy alone,
and `benchmarks/forecast.py`. Standard library, pyarrow and numpy only, training apart.
"""
