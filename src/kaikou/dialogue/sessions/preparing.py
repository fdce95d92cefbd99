"""What is better done before the first call: measuring the models, reading what every answer begins with."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from kaikou.dialogue.sessions.admission import Admission
from kaikou.dialogue.sessions.calibration import sessions_models_carry
from kaikou.engines.ports import Engines, LanguageModel, Message, Tool
from kaikou.errors import KaikouError
from kaikou.intent.ports import IntentModule, Warms

log = logging.getLogger(__name__)


async def measure(engines: Engines, admission: Admission) -> None:
    """Tell ``admission`` how many sessions the models of this machine carry."""
    try:
        admission.models_carry = await sessions_models_carry(engines)
    except KaikouError as error:
        log.warning("the models' capacity could not be measured: %s", error)


async def read_ahead(model: LanguageModel, intent: IntentModule, tools: Sequence[Tool], prompt: str) -> None:
    """Let the model read an agent's ``prompt`` and what tools are chosen by: a small model on a processor
    takes seconds for each, which the first call would wait for."""
    try:
        # The prompt first: every answer needs it; to decide about tools the model is asked now and then.
        await model.warm([Message("system", prompt)])
        if isinstance(intent, Warms):
            await intent.warm(model, tools)
    except KaikouError as error:
        log.warning("the prompts could not be read ahead: %s", error)
