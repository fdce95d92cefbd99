"""Turn-taking as a pure function: ``step(state, event) -> (state, actions)``.

The machine knows nothing of audio, models or clocks. It is told what the VAD heard, what the
recogniser understood, what the turn detector believes, and what the reply is doing; it answers
with what to do. Everything that was started for a guess carries the guess's ``generation``; a
result of an older generation is ignored, which is how stale work is recognised (no flags).

Times: ``at`` is the wall clock in ms (monotonic), ``*_ms`` of windows are session audio time.
"""

from __future__ import annotations

from kaikou.dialogue.turns.endpointing import is_backchannel, required_silence
from kaikou.dialogue.turns.values import (
    Action,
    Announce,
    BeginReply,
    ClearAsked,
    Commit,
    CommitAsked,
    Cut,
    Discard,
    Drop,
    Nudge,
    Pause,
    Probe,
    Probed,
    ReplyBegan,
    ReplyEnded,
    ReplyEnding,
    Respond,
    Resume,
    RulesChanged,
    Score,
    Scored,
    Tick,
    Transcribe,
    Transcribed,
    TranscriptionFailed,
    TurnEvent,
    TurnRules,
    TurnState,
    Window,
)

Step = tuple[TurnState, tuple[Action, ...]]


def step(state: TurnState, event: TurnEvent) -> Step:
    """The next state, and what is to be done, in order."""
    match event:
        case Window():
            return _window(state, event)
        case Tick(at):
            return _tick(state, at)
        case Transcribed(generation, text):
            return _transcribed(state, generation, text)
        case TranscriptionFailed(generation):
            return _failed(state, generation)
        case Probed(generation, text, at):
            return _probed(state, generation, text, at)
        case Scored(generation, probability):
            if generation != state.generation or state.user == "silent":
                return state, ()
            return _settle(state._replace(score=probability, scoring=False))
        case CommitAsked():
            return _commit_asked(state)
        case ClearAsked():
            return _cleared(state)
        case ReplyBegan():
            return state._replace(agent="replying", ending=False, idle_since=None), ()
        case ReplyEnding():
            return state._replace(ending=True), ()
        case ReplyEnded(at):
            return _reply_ended(state, at)
        case RulesChanged(rules):
            return _rules_changed(state, rules)


def deadline(state: TurnState) -> float | None:
    """Wall time (ms) at which a Tick could change something, or None."""
    rules = state.rules
    candidates: list[float] = []
    if state.user != "silent" and rules.automatic:
        candidates.append(state.heard_at + rules.starved_ms)
    if state.agent == "paused" and not state.asked:
        candidates.append(state.paused_at + _patience(state))
    idle = rules.policy.idle_timeout_ms
    if idle and state.idle_since is not None and state.user == "silent" and state.agent == "idle":
        candidates.append(state.idle_since + idle)
    return min(candidates) if candidates else None


# --- the user's voice -------------------------------------------------------------------------


def _window(state: TurnState, window: Window) -> Step:
    if not state.rules.automatic:
        return state, ()
    threshold = state.rules.policy.threshold
    # Hysteresis: once speech runs, a somewhat lower probability keeps it running.
    voiced = window.probability >= (threshold if state.user != "speaking" else max(0.05, threshold - 0.15))
    if voiced:
        run = state.run_ms + window.length_ms
        return _voiced(state._replace(heard_at=window.at, run_ms=run), window)
    if state.user == "silent":
        # The common case, at 31 windows a second and session: nothing to remember.
        return (state._replace(run_ms=0.0) if state.run_ms else state), ()
    return _silence(state._replace(heard_at=window.at, run_ms=0.0), window.length_ms)


def _voiced(state: TurnState, window: Window) -> Step:
    rules = state.rules
    run = state.run_ms
    if state.user == "silent":
        if run < rules.onset_ms:
            return state, ()
        start = window.end_ms - run
        state = _fresh(state)._replace(
            user="speaking", start_ms=start, end_ms=window.end_ms, voiced_ms=run, run_ms=run
        )
        if state.agent == "replying" and rules.policy.interrupt_response:
            # Not yet known whether these are words: hold the sound, tell nobody yet.
            return state._replace(agent="paused", paused_at=window.at), (Pause(),)
        return state._replace(announced=True), (Announce(start),)

    actions: list[Action] = []
    gained = window.length_ms
    if state.user == "trailing":
        if run < rules.onset_ms:
            # A lone voiced window is not speech again; the silence stands still meanwhile.
            return state, ()
        gained = run
        if state.asked or state.begun:
            actions.append(Discard(state.generation))
        state = state._replace(
            user="speaking",
            silence_ms=0.0,
            generation=state.generation + 1,
            asked=False,
            begun=False,
            transcript=None,
            score=None,
            scoring=False,
            probing=False,
        )
    state = state._replace(voiced_ms=state.voiced_ms + gained, end_ms=window.end_ms)
    unprobed = state.voiced_ms - state.probed_ms
    if state.agent == "paused" and not state.probing and unprobed >= rules.confirm_ms:
        state = state._replace(probing=True, probed_ms=state.voiced_ms)
        actions.append(Probe(state.generation))
    if state.end_ms - state.start_ms >= rules.max_utterance_ms:
        state, more = _take(state)
        actions.extend(more)
    return state, tuple(actions)


def _silence(state: TurnState, length_ms: float) -> Step:
    rules = state.rules
    silence = state.silence_ms + length_ms
    state = state._replace(user="trailing", silence_ms=silence)
    actions: list[Action] = []
    if silence >= rules.soft_end_ms:
        semantic = rules.semantic and rules.policy.mode == "semantic_vad"
        if semantic and state.score is None and not state.scoring:
            state = state._replace(scoring=True)
            actions.append(Score(state.generation))
        # Words must be known at once where a held reply waits for the verdict.
        if not state.asked and (rules.speculate or state.agent == "paused"):
            state = state._replace(asked=True)
            actions.append(Transcribe(state.generation))
    state, more = _settle(state)
    return state, (*actions, *more)


def _settle(state: TurnState) -> Step:
    """Is the turn over? Needs enough silence, and the words (so that noise makes no turn)."""
    if state.user != "trailing" or not state.rules.automatic:
        return state, ()
    needed = required_silence(
        state.rules.policy,
        score=state.score,
        waiting=state.scoring,
        transcript=state.transcript,
        shortest=state.rules.min_silence_ms,
        longest=state.rules.max_silence_ms,
    )
    if state.silence_ms < needed:
        return state, ()
    if not state.asked:
        return state._replace(asked=True), (Transcribe(state.generation),)
    if state.transcript is None:
        return state, ()
    if not state.transcript:
        return _drop(state)
    return _take(state)


def _transcribed(state: TurnState, generation: int, text: str) -> Step:
    if generation != state.generation or state.user == "silent" or not state.asked:
        return state, ()
    text = text.strip()
    rules = state.rules
    actions: list[Action] = []
    if state.agent != "idle" and rules.policy.interrupt_response:
        # The agent speaks, or is held since this sound began: words end it, a cough does not.
        # "Yes" to a question that is just being finished is an answer, not a sound of listening.
        if not text or (is_backchannel(text) and not state.ending):
            return _drop(state)
        state, actions = _confirm(state)
    state = state._replace(transcript=text)
    may_begin = (
        text
        and rules.speculate
        and rules.policy.create_response
        and state.agent == "idle"
        and state.speculations < rules.max_speculations
    )
    if may_begin:
        state = state._replace(begun=True, speculations=state.speculations + 1)
        actions.append(BeginReply(generation))
    state, more = _settle(state)
    return state, (*actions, *more)


def _failed(state: TurnState, generation: int) -> Step:
    """The words are lost, the turn is not: it is committed, and its error told by the caller."""
    if generation != state.generation or state.user == "silent":
        return state, ()
    actions: list[Action] = []
    if state.agent == "paused":
        state, actions = _confirm(state)
    state, more = _take(state, respond=False)
    return state, (*actions, *more)


def _probed(state: TurnState, generation: int, text: str, at: float) -> Step:
    # A probe looks at the same utterance whatever its generation: only its end makes it stale.
    if state.agent != "paused" or state.user == "silent" or generation > state.generation:
        return state._replace(probing=False), ()
    state = state._replace(probing=False)
    if text.strip() and not is_backchannel(text):
        state, actions = _confirm(state)
        return state, tuple(actions)
    if at - state.paused_at >= state.rules.resume_after_ms:
        return state._replace(agent="replying"), (Resume(),)
    return state, ()


def _confirm(state: TurnState) -> tuple[TurnState, list[Action]]:
    """The barge-in is words: the reply ends here."""
    actions: list[Action] = [Cut()]
    if not state.announced:
        actions.append(Announce(state.start_ms))
    return state._replace(agent="idle", announced=True), actions


# --- ends of a turn ---------------------------------------------------------------------------


def _take(state: TurnState, *, respond: bool = True) -> Step:
    """Commit the utterance."""
    respond = respond and state.rules.automatic and state.rules.policy.create_response
    owed = respond and state.agent != "idle"
    actions: list[Action] = []
    if not state.announced and state.user != "silent":
        actions.append(Announce(state.start_ms))
    actions.append(
        Commit(
            state.generation,
            state.start_ms,
            state.end_ms,
            respond=respond and not owed,
            transcribed=state.transcript is not None,
        )
    )
    return _fresh(state)._replace(generation=state.generation + 1, owed=owed or state.owed), tuple(actions)


def _drop(state: TurnState) -> Step:
    actions: list[Action] = [Drop(state.generation, state.announced)]
    if state.agent == "paused":
        actions.append(Resume())
        state = state._replace(agent="replying")
    return _fresh(state)._replace(generation=state.generation + 1), tuple(actions)


def _commit_asked(state: TurnState) -> Step:
    actions: list[Action] = []
    if state.agent == "paused":
        state, actions = _confirm(state)
    elif state.agent == "replying" and state.rules.policy.interrupt_response and state.rules.automatic:
        state = state._replace(agent="idle")
        actions.append(Cut())
    state, more = _take(state)
    return state, (*actions, *more)


def _cleared(state: TurnState) -> Step:
    actions: list[Action] = []
    if state.asked or state.begun:
        actions.append(Discard(state.generation))
    if state.agent == "paused":
        actions.append(Resume())
        state = state._replace(agent="replying")
    return _fresh(state)._replace(generation=state.generation + 1), tuple(actions)


def _reply_ended(state: TurnState, at: float) -> Step:
    state = state._replace(agent="idle", ending=False, idle_since=at)
    actions: list[Action] = []
    if state.user != "silent" and not state.announced:
        state = state._replace(announced=True)
        actions.append(Announce(state.start_ms))
    if state.owed:
        state = state._replace(owed=False, idle_since=None)
        actions.append(Respond())
    return state, tuple(actions)


def _rules_changed(state: TurnState, rules: TurnRules) -> Step:
    changed = state._replace(rules=rules)
    if rules.automatic == state.rules.automatic or state.user == "silent":
        return changed, ()
    # Between manual and automatic there is no half-open utterance to carry over.
    return _cleared(changed)


def _tick(state: TurnState, at: float) -> Step:
    rules = state.rules
    actions: list[Action] = []
    if state.user != "silent" and rules.automatic and at - state.heard_at >= rules.starved_ms:
        missing = at - state.heard_at
        state, more = _silence(state._replace(heard_at=at, run_ms=0.0), missing)
        actions.extend(more)
    if state.agent == "paused" and not state.asked and at - state.paused_at >= _patience(state):
        state = state._replace(agent="replying")
        actions.append(Resume())
    idle = rules.policy.idle_timeout_ms
    if (
        idle
        and state.idle_since is not None
        and state.user == "silent"
        and state.agent == "idle"
        and at - state.idle_since >= idle
    ):
        state = state._replace(idle_since=None)
        actions.append(Nudge())
    return state, tuple(actions)


def _patience(state: TurnState) -> float:
    """How long a reply is held without words: longer while the recogniser is still looking."""
    return state.rules.resume_after_ms * (3 if state.probing else 1)


def _fresh(state: TurnState) -> TurnState:
    """No utterance; the agent's side as it is."""
    return TurnState(
        rules=state.rules,
        agent=state.agent,
        generation=state.generation,
        run_ms=0.0,
        heard_at=state.heard_at,
        paused_at=state.paused_at,
        ending=state.ending,
        idle_since=None if state.user != "silent" else state.idle_since,
        owed=state.owed,
    )
