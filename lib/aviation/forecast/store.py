"""The model in use, in the published bucket: its card `models/delay_forecast/model.json`, and the file that the card
names by its SHA-256.

The card is written last, and a file has one content for ever: a reader finds the old model or the new one, never parts
of both. The files of old models stay, for forecasts say which model made them.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from aviation import aws
from aviation.errors import AviationError
from aviation.forecast import levels
from aviation.forecast.features import features
from aviation.forecast.known import READ, Known
from aviation.forecast.model import Model, load

PREFIX = "models/delay_forecast"
CARD = f"{PREFIX}/model.json"


def current(bucket: str) -> Model | None:
    """The model that is in use in a published bucket, None where there is none. AviationError where it cannot
    be read, or was trained on other features than this version's."""
    s3 = aws.client("s3")
    where = f"the forecast's model in s3://{bucket}/{PREFIX}"
    try:
        card = json.loads(s3.get_object(Bucket=bucket, Key=CARD)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None
    except ValueError as error:
        raise AviationError(f"{where} has a card that cannot be read ({error}): train it again") from None
    try:
        content = s3.get_object(Bucket=bucket, Key=f"{PREFIX}/{card['sha256']}.npz")["Body"].read()
        model = Model.read(content, card)
    except (s3.exceptions.NoSuchKey, ValueError, KeyError, TypeError) as error:
        raise AviationError(f"{where} cannot be read ({error}): train it again with 'aviation train'") from None
    if tuple(model.card.get("features", ())) != names():
        raise AviationError(f"{where} was trained on other features: train it again with 'aviation train'")
    return model


def keep(file: Path, bucket: str) -> Model:
    """Put the model that `Model.write` left in `file` (.npz) into use in a published bucket. AviationError where it
    is not whole."""
    model, s3 = load(file), aws.client("s3")
    card = file.with_suffix(".json").read_bytes()
    key = f"{PREFIX}/{json.loads(card)['sha256']}.npz"
    s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes(), ContentType="application/octet-stream")
    s3.put_object(Bucket=bucket, Key=CARD, Body=card, ContentType="application/json")
    return model


@cache
def names() -> tuple[str, ...]:
    """The features of this version, in order: those of a history without a row."""
    none = np.array([], np.int64)
    return levels.names(features(Known(no_history()), none, none))


def no_history() -> pa.Table:
    """The columns READ of `flight_history`, without a row."""
    return pa.table({name: pa.array([], _type(name)) for name in READ})


def _type(name: str) -> pa.DataType:
    is_text = not name.endswith(("_date", "_utc", "_local", "_from", "_until"))
    return pa.string() if is_text else pa.date32() if name == "flight_date" else pa.timestamp("us")
