"""The turn machine on a fake clock: what must hold whatever happens, in any order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaikou.dialogue.session import TurnPolicy
from kaikou.dialogue.turns import machine as turns
from kaikou.dialogue.turns import values as turn_values
from kaikou.dialogue.turns.endpointing import completeness, is_backchannel, required_silence

WINDOW = 32.0

POLICIES = st.builds(
    TurnPolicy,
    mode=st.sampled_from(["server_vad", "semantic_vad", "manual"]),
    silence_ms=st.sampled_from([100, 500, 1200]),
    eagerness=st.sampled_from(["low", "medium", "high", "auto"]),
    create_response=st.booleans(),
    interrupt_response=st.booleans(),
    idle_timeout_ms=st.sampled_from([None, 3000]),
)

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("windows"), st.integers(1, 60), st.booleans()),
        st.tuples(st.just("wait"), st.integers(1, 4000)),
        st.tuples(st.just("words"), st.sampled_from(["", "mhm", "Hello there.", "and then"])),
        st.tuples(st.just("stale words"), st.integers(1, 3)),
        st.tuples(st.just("score"), st.floats(0, 1)),
        st.tuples(st.just("recogniser fails")),
        st.tuples(st.just("probe"), st.sampled_from(["", "Stop it"])),
        st.tuples(st.just("commit")),
        st.tuples(st.just("clear")),
        st.tuples(st.just("reply begins")),
        st.tuples(st.just("reply ends")),
    ),
    max_size=40,
)


@dataclass
class World:
    """Drives the machine as the conversation would, and checks it at every step."""

    rules: turn_values.TurnRules
    state: turn_values.TurnState = field(init=False)
    now: float = 10_000.0
    audio: float = 0.0
    announced: int = 0
    commits: list[turn_values.Commit] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    begun: set[int] = field(default_factory=set)
    discarded: set[int] = field(default_factory=set)
    audible: bool = False
    paused: bool = False
    cuts: int = 0

    def __post_init__(self) -> None:
        self.state = turn_values.TurnState(rules=self.rules)

    def send(self, event: turn_values.TurnEvent) -> tuple[turn_values.Action, ...]:
        before = self.state
        self.state, actions = turns.step(before, event)
        assert self.state.generation >= before.generation, "generations only grow"
        for action in actions:
            self.check(action)
        assert self.paused == (self.state.agent == "paused")
        if self.state.agent == "idle":
            assert not self.audible
        return actions

    def check(self, action: turn_values.Action) -> None:
        match action:
            case turn_values.Pause():
                assert self.audible and not self.paused
                self.paused = True
            case turn_values.Resume():
                assert self.paused, "only what is held can go on"
                self.paused = False
            case turn_values.Cut():
                assert self.audible
                self.audible = self.paused = False
                self.cuts += 1
            case turn_values.BeginReply(generation):
                assert not self.audible, "no reply is prepared while another can be heard"
                assert generation not in self.begun
                self.begun.add(generation)
            case turn_values.Discard(generation):
                self.discarded.add(generation)
            case turn_values.Commit(generation=generation, respond=respond):
                assert generation not in {one.generation for one in self.commits}, "a turn ends once"
                assert generation not in self.discarded, "what was thrown away is not answered"
                self.commits.append(action)
                self.ends.append("commit")
                if respond:
                    assert not self.audible, "two replies never speak at once"
                    self.audible = True
                    self.state = turns.step(self.state, turn_values.ReplyBegan(self.now))[0]
            case turn_values.Drop():
                self.ends.append("drop")
            case turn_values.Respond() | turn_values.Nudge():
                assert not self.audible
                self.audible = True
                self.state = turns.step(self.state, turn_values.ReplyBegan(self.now))[0]
            case _:
                pass

    def play(self, step: tuple[object, ...]) -> None:
        match step:
            case ("windows", int(count), bool(voiced)):
                for _ in range(count):
                    self.now += WINDOW
                    self.audio += WINDOW
                    self.send(turn_values.Window(0.9 if voiced else 0.05, self.audio, WINDOW, self.now))
            case ("wait", int(ms)):
                self.now += ms
                at = turns.deadline(self.state)
                if at is not None and at <= self.now:
                    self.send(turn_values.Tick(self.now))
            case ("words", str(text)):
                self.send(turn_values.Transcribed(self.state.generation, text, self.now))
            case ("stale words", int(age)):
                before = self.state
                assert self.send(turn_values.Transcribed(before.generation - age, "stale", self.now)) == ()
                assert self.state == before
            case ("score", float(probability)):
                self.send(turn_values.Scored(self.state.generation, probability, self.now))
            case ("recogniser fails",):
                self.send(turn_values.TranscriptionFailed(self.state.generation, self.now))
            case ("probe", str(text)):
                self.send(turn_values.Probed(self.state.generation, text, self.now))
            case ("commit",):
                self.send(turn_values.CommitAsked(self.now))
            case ("clear",):
                self.send(turn_values.ClearAsked(self.now))
            case ("reply begins",):
                if not self.audible:
                    self.audible = True
                    self.send(turn_values.ReplyBegan(self.now))
            case ("reply ends",):
                if self.audible:
                    self.audible = self.paused = False
                    self.send(turn_values.ReplyEnded(self.now))


def rules(policy: TurnPolicy, **more: object) -> turn_values.TurnRules:
    return turn_values.TurnRules(policy=policy, **more)  # type: ignore[arg-type]


@settings(max_examples=400, deadline=None)
@given(POLICIES, STEPS, st.booleans())
def test_invariants_hold_whatever_races(
    policy: TurnPolicy, steps: list[tuple[object, ...]], spec: bool
) -> None:
    world = World(rules(policy, speculate=spec))
    for step in steps:
        world.play(step)
    if policy.mode == "manual":
        assert "drop" not in world.ends
        assert len(world.commits) == sum(1 for step in steps if step == ("commit",))
    if not policy.interrupt_response:
        assert world.cuts == 0


@settings(max_examples=200, deadline=None)
@given(POLICIES.filter(lambda policy: policy.mode != "manual"), STEPS, st.booleans())
def test_no_speech_hangs(policy: TurnPolicy, steps: list[tuple[object, ...]], spec: bool) -> None:
    """However it began, once models answer and the user is quiet, the utterance ends and a held
    reply is released: every turn gets its end, nothing waits for ever."""
    world = World(rules(policy, speculate=spec))
    for step in steps:
        world.play(step)
    for _ in range(12):
        world.play(("score", 0.9))
        world.play(("words", "Hello there."))
        world.play(("probe", ""))
        world.play(("windows", 30, False))
        world.play(("wait", 5000))
    assert world.state.user == "silent"
    assert not world.paused


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40))
def test_after_the_users_words_the_old_reply_is_silent(voiced: int) -> None:
    world = World(rules(TurnPolicy()))
    world.play(("reply begins",))
    world.play(("windows", voiced + 2, True))
    assert world.paused, "the sound is held from the first 64 ms on"
    world.play(("windows", 6, False))
    world.play(("words", "Wait a moment."))
    assert world.cuts == 1 and not world.audible


def test_a_long_barge_in_is_probed_for_words() -> None:
    world = World(rules(TurnPolicy()))
    world.play(("reply begins",))
    state = world.state
    found: list[turn_values.Action] = []
    for n in range(1, 30):
        found.extend(world.send(turn_values.Window(0.9, n * WINDOW, WINDOW, world.now + n * WINDOW)))
    assert [type(action).__name__ for action in found] == ["Pause", "Probe"]
    assert state.agent == "replying"
    said = world.send(turn_values.Probed(world.state.generation, "I have a question", world.now + 1000))
    assert [type(action).__name__ for action in said] == ["Cut", "Announce"]


def test_a_turn_without_an_end_is_committed_at_the_bound() -> None:
    world = World(rules(TurnPolicy(), max_utterance_ms=5000))
    world.play(("windows", 200, True))
    assert len(world.commits) == 1
    assert world.commits[0].end_ms - world.commits[0].start_ms == pytest.approx(5000, abs=WINDOW)


def test_one_voiced_window_is_not_speech() -> None:
    world = World(rules(TurnPolicy()))
    for _ in range(20):
        world.play(("windows", 1, True))
        world.play(("windows", 3, False))
    assert world.state.user == "silent" and not world.ends


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("mhm", True), ("Mm-hmm.", True), ("嗯嗯。", True), ("yeah, okay", True), ("", True), ("no", False),
     ("stop", False), ("等一下", False), ("yes but wait", False)],
)  # fmt: skip
def test_backchannels(text: str, is_one: bool) -> None:
    assert is_backchannel(text) is is_one


@pytest.mark.parametrize(
    ("finished", "unfinished"),
    [
        ("What time is it?", "What time is the"),
        ("I would like a coffee.", "I would like a coffee and"),
        ("今天天气怎么样？", "我今天想去"),
        ("你叫什么名字吗", "因为"),
        ("That is all.", "That is all, um"),
    ],
)
def test_words_tell_whether_more_will_come(finished: str, unfinished: str) -> None:
    assert completeness(finished) > completeness(unfinished)
    waits = [
        required_silence(TurnPolicy(), score=0.5, waiting=False, transcript=text, shortest=250, longest=1600)
        for text in (finished, unfinished)
    ]
    assert waits[0] < waits[1]


@given(
    st.floats(0, 1), st.floats(0, 1), st.sampled_from(["low", "medium", "high", "auto"]), st.text(max_size=30)
)
def test_surer_means_sooner(one: float, other: float, eagerness: str, text: str) -> None:
    low, high = sorted((one, other))
    policy = TurnPolicy(eagerness=eagerness)  # type: ignore[arg-type]

    def wait(score: float) -> float:
        return required_silence(
            policy, score=score, waiting=False, transcript=text, shortest=250, longest=1600
        )

    assert 250 <= wait(high) <= wait(low) <= 3200
    eager = replace(policy, eagerness="high")
    assert required_silence(
        eager, score=low, waiting=False, transcript=text, shortest=250, longest=1600
    ) <= wait(low)
