"""How good the new model is on the newest days, which it was not trained on, as pictures of a notebook."""

from itertools import pairwise

import numpy as np
import pandas as pd
from IPython.display import Image, Markdown

from aviation.charts import marks
from aviation.explore.show import picture
from aviation.forecast import calibration, levels, scores
from aviation.forecast.model import AHEAD, spans
from aviation.train.job import Result

SPANS = (
    f"up to {AHEAD[0]} minutes ahead",
    *(f"{low} to {high} minutes ahead" for low, high in pairwise(AHEAD)),
    f"more than {AHEAD[-1]} minutes ahead",
)
"""In words, what `aviation.forecast.model.spans` numbers; the first has overdue departures, too."""
BINS = 10
MOST_WEIGHED = 5000
SHOWN = 15


def coverage(result: Result) -> Image | Markdown:
    """How many departures were within p10 to p90, by how long before the departure that was said."""
    rows = []
    if result.newest and result.said:
        span, has_left = spans(result.newest.features), ~np.isnan(result.newest.dep)
        for place, words in enumerate(SPANS):
            chosen = has_left & (span == place)
            if chosen.any():
                share = scores.coverage(result.said.dep[chosen], result.newest.dep[chosen])
                rows.append({"said": words, "share": share, "text": f"{share:.1%} of {chosen.sum():,}"})
    promised = calibration.LEVELS[-1] - calibration.LEVELS[0]
    return picture(
        marks.bars,
        pd.DataFrame(rows),
        label="said",
        value="share",
        text="text",
        form=".0%",
        zero_to=1,
        unit="share of departures",
        title="Departures within what was said",
        subtitle=f"{promised:.0%} of them should lie between p10 and p90",
    )


def reliability(result: Result) -> Image | Markdown:
    """Of flights that were said to be late with about the same probability: how many were."""
    rows = pd.DataFrame()
    if result.newest and result.said:
        said, late = result.said.p_late, result.newest.late
        # Tenths of the legs: each with as many.
        tenth = np.argsort(np.argsort(said, kind="stable"), kind="stable") * BINS // len(said)
        means = [(said[tenth == each].mean(), late[tenth == each].mean()) for each in np.unique(tenth)]
        rows = pd.DataFrame(
            [{"said": p * 100, "share": share, "line": "what happened"} for p, share in means]
            + [{"said": p * 100, "share": p, "line": "what was said"} for p, _ in means]
        )
    return picture(
        marks.lines,
        rows,
        x="said",
        x_title="probability that was said, %",
        value="share",
        unit="share that was late or cancelled",
        group="line",
        title="How far a probability can be trusted",
        subtitle="A dot for each tenth of the flights, 15 minutes or more late, or cancelled",
    )


def weights(result: Result) -> Image | Markdown:
    """How far each feature moves the odds to be late, on average."""
    rows = pd.DataFrame()
    if result.newest and result.model:
        chosen = np.arange(len(result.newest.day)) % (len(result.newest.day) // MOST_WEIGHED + 1) == 0
        of = result.newest.where(chosen).features
        moved = np.abs(result.model.trees["late"].contributions(result.model.levels.matrix(of))).mean(axis=0)
        heaviest = np.argsort(-moved, kind="stable")[:SHOWN]
        names = levels.names(of)
        rows = pd.DataFrame({"feature": [names[place] for place in heaviest], "moved": moved[heaviest]})
    return picture(
        marks.bars,
        rows,
        label="feature",
        value="moved",
        form=".2f",
        unit="mean change of the log-odds to be late",
        title="What weighs most",
        subtitle=f"The {SHOWN} features that move a forecast furthest",
    )
