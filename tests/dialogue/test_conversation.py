"""Scripted conversations in virtual time, through everything but real models."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest
from dialogue.scripted import RATE, FakeLlm, FakeStt, FakeTurn, Stage, open_stage
from dialogue.virtual_time import run

from kaikou.audio.pcm import Pcm
from kaikou.dialogue.events import (
    AudioDone,
    AudioOut,
    EmotionShown,
    IdleTimeout,
    Interrupted,
    ItemTruncated,
    Metrics,
    PlaybackPaused,
    PlaybackResumed,
    ReplyDone,
    ReplyStarted,
    SpeechDropped,
    SpeechStarted,
    SpeechStopped,
    ToolCalled,
    TranscriptFailed,
    TranscriptFinal,
)
from kaikou.dialogue.items import AudioPart, Item, TextPart
from kaikou.dialogue.session import ReplyRequest, SessionConfig, TurnPolicy
from kaikou.engines.ports import Delta, Tool, ToolCall
from kaikou.errors import EngineFailed, InvalidInput, NotFound
from kaikou.settings.tree import LiveSettings, Settings

CONFIG = SessionConfig(input_rate=RATE)


def manual(**more: object) -> SessionConfig:
    return replace(CONFIG, turn=TurnPolicy(mode="manual"), **more)  # type: ignore[arg-type]


def test_the_model_reads_the_words_while_they_are_spoken() -> None:
    async def play() -> Stage:
        stt = FakeStt(words=lambda seconds: "Agree, disagree, or neither of it."[: round(11 * seconds)] + "…")
        stage = open_stage(llm=FakeLlm(reading=60.0), stt=stt)
        await stage.quiet(0.5)
        await stage.speak(3)
        await stage.quiet(8)
        assert stage.llm.warming == 1  # only the prompt after the reply; the guess at the turn is over
        await stage.conversation.close()
        assert stage.llm.warming == 0
        return stage

    stage = run(play())
    so_far = [
        messages[-1].content for messages in stage.llm.warmed if messages and messages[-1].role == "user"
    ]
    said = stage.llm.prompts[0][-1].content
    assert so_far
    assert all(said.startswith(words) and words[-1].isalnum() for words in so_far)


def test_a_turn_is_heard_answered_and_measured() -> None:
    async def play() -> Stage:
        stage = open_stage()
        await stage.quiet(0.5)
        await stage.speak(1.5)
        await stage.quiet(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    names = [name for name, _ in itertools.groupby(stage.names())]
    expected = [
        "SpeechStarted", "SpeechStopped", "TurnCommitted", "ItemAdded", "ItemDone", "TranscriptFinal",
        "ReplyStarted", "ItemAdded", "ReplyText", "SentenceStarted", "AudioOut",
    ]  # fmt: skip
    assert [name for name in names if name in expected][: len(expected)] == expected
    assert names.count("ReplyDone") == 1
    assert stage.history()[0] == ("user", "I spoke for 1.5 seconds.")
    assert stage.history()[1][1].startswith("Well, that is one thing.")
    assert " ".join(stage.tts.spoken).replace("  ", " ") == stage.history()[1][1]
    started, stopped = stage.of(SpeechStarted)[0], stage.of(SpeechStopped)[0]
    assert started.start_ms == pytest.approx(200, abs=40)  # 500 ms less the prefix padding
    assert stopped.end_ms == pytest.approx(2240, abs=60)
    metrics = stage.of(Metrics)[0]
    assert [one.name for one in metrics.stages] == [
        "end_of_turn", "transcript", "first_token", "first_clause", "first_audio", "sent",
    ]  # fmt: skip
    # What the meter says is what an outsider sees.
    speech_ended = 1000 + 2.0
    assert metrics.total == pytest.approx(stage.at(AudioOut)[0] - speech_ended, abs=0.05)


def test_sentences_are_spoken_with_a_breath_between() -> None:
    async def play() -> Stage:
        stage = open_stage(llm=FakeLlm(reply=lambda messages: "One. Two, and three is more. Four."))
        stage.conversation.say("Count")
        await asyncio.sleep(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    spoken = sum(len(text) for text in stage.tts.spoken) * 50
    assert len(stage.tts.spoken) >= 3
    assert stage.audio_ms == pytest.approx(spoken + 240 * (len(stage.tts.spoken) - 1), abs=5)


def test_speculation_hides_the_models_behind_the_silence() -> None:
    async def play(speculate: bool) -> Stage:
        settings = Settings(live=LiveSettings(speculate=speculate))
        stage = open_stage(settings=settings)
        await stage.speak(1.0)
        await stage.quiet(6)
        await stage.conversation.close()
        return stage

    eager, patient = run(play(True)), run(play(False))
    assert eager.of(Metrics)[0].total < patient.of(Metrics)[0].total - 0.1
    assert patient.history() == eager.history()


def test_going_on_after_a_pause_throws_the_guess_away_unheard() -> None:
    async def play() -> Stage:
        stage = open_stage(turn=FakeTurn(probability=0.1))
        await stage.speak(1.0)
        await stage.quiet(0.6)  # long enough to guess, too short to end
        await stage.speak(1.0)
        stage.turn.probability = 0.95
        await stage.quiet(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert len(stage.llm.prompts) == 2, "the first guess was begun"
    assert len(stage.of(ReplyStarted)) == 1 and len(stage.of(SpeechStarted)) == 1
    assert stage.history()[0] == ("user", "I spoke for 2.0 seconds.")
    assert stage.of(Metrics)[0].speculations == 1


def test_barge_in_stops_the_sound_and_keeps_what_was_heard() -> None:
    async def play() -> Stage:
        stage = open_stage()
        await stage.speak(1.0)
        await stage.quiet(2.5)
        stage.began_at = asyncio.get_running_loop().time()  # type: ignore[attr-defined]
        await stage.speak(1.5)
        await stage.quiet(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    began = stage.began_at  # type: ignore[attr-defined]
    cut = stage.of(Interrupted)[0]
    late = [
        t for t, e in stage.log if isinstance(e, AudioOut) and e.reply_id == cut.reply_id and t > began + 0.2
    ]
    assert not late, "no audio of the old reply 200 ms after the user spoke"
    first = stage.of(ReplyDone)[0]
    assert (first.status, first.reason) == ("cancelled", "turn_detected")
    whole = first.text
    assert 0 < len(cut.heard_text) < len(whole) and whole.startswith(cut.heard_text)
    assert stage.history()[1] == ("assistant", cut.heard_text)
    assert [role for role, _ in stage.history()] == ["user", "assistant", "user", "assistant"]
    assert stage.llm.prompts[-1][1].content == cut.heard_text + " …"
    assert stage.llm.running == 0 and stage.tts.running == 0


@pytest.mark.parametrize("said", ["", "Mm-hmm.", "嗯嗯"])
def test_a_cough_or_mhm_pauses_and_the_reply_goes_on(said: str) -> None:
    async def play() -> Stage:
        stage = open_stage(stt=FakeStt(words=lambda seconds: said if seconds < 0.6 else "A question."))
        await stage.speak(1.0)
        await stage.quiet(2.0)
        await stage.speak(0.3)
        await stage.quiet(10)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert len(stage.of(PlaybackPaused)) == len(stage.of(PlaybackResumed)) == 1
    assert not stage.of(Interrupted) and len(stage.of(SpeechStarted)) == 1
    done = stage.of(ReplyDone)
    assert len(done) == 1 and done[0].status == "completed"
    assert stage.audio_ms == pytest.approx(stage.of(AudioDone)[0].audio_ms, abs=1)


def test_noise_alone_makes_no_turn() -> None:
    async def play() -> Stage:
        stage = open_stage(stt=FakeStt(words=lambda seconds: ""))
        for _ in range(3):
            await stage.speak(0.4)
            await stage.quiet(3)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert len(stage.of(SpeechDropped)) == 3
    assert stage.history() == [] and not stage.llm.prompts


def test_a_microphone_that_stops_sending_still_ends_its_turn() -> None:
    async def play() -> Stage:
        stage = open_stage()
        await stage.speak(1.0)
        await asyncio.sleep(8)  # muted: no frames at all
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert len(stage.of(ReplyDone)) == 1 and stage.of(ReplyDone)[0].status == "completed"


def test_failed_recognition_is_told_and_the_next_turn_works() -> None:
    async def play() -> Stage:
        stage = open_stage(stt=FakeStt(fail=EngineFailed("The recogniser broke.")))
        await stage.speak(1.0)
        await stage.quiet(3)
        stage.stt.fail = None
        await stage.speak(1.0)
        await stage.quiet(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert stage.of(TranscriptFailed)[0].code == "engine_failed"
    assert len(stage.of(TranscriptFinal)) == 1 and len(stage.of(ReplyDone)) == 1


@pytest.mark.parametrize("part", ["llm", "tts"])
def test_a_failed_reply_is_told_once_and_the_session_lives(part: str) -> None:
    async def play() -> Stage:
        stage = open_stage()
        engine = getattr(stage, part)
        engine.fail = EngineFailed("It broke.", code="it_broke")
        await stage.speak(1.0)
        await stage.quiet(4)
        engine.fail = None
        stage.conversation.say("Are you there?")
        await stage.quiet(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    first, second = stage.of(ReplyDone)
    assert (first.status, first.error_code) == ("failed", "it_broke")
    assert second.status == "completed"


def test_manual_turns_wait_for_the_client() -> None:
    async def play() -> Stage:
        stage = open_stage(manual())
        conversation = stage.conversation
        with pytest.raises(InvalidInput) as empty:
            conversation.commit()
        assert empty.value.code == "input_audio_buffer_commit_empty"
        await stage.speak(1.0)
        await stage.quiet(3)
        assert not stage.log
        conversation.commit()
        reply_id = conversation.respond()  # before the transcription is done
        with pytest.raises(InvalidInput) as twice:
            conversation.respond()
        assert twice.value.code == "conversation_already_has_active_response"
        await asyncio.sleep(8)
        assert stage.of(ReplyDone)[0].reply_id == reply_id
        with pytest.raises(InvalidInput) as none:
            conversation.cancel()
        assert none.value.code == "response_cancel_not_active"
        await conversation.close()
        return stage

    stage = run(play())
    assert stage.llm.prompts[0][-1].content == "I spoke for 1.0 seconds."
    assert "transcript" in [one.name for one in stage.of(Metrics)[0].stages]


def test_truncate_says_what_was_heard() -> None:
    async def play() -> Stage:
        stage = open_stage(manual())
        item = Item("item_u", role="user", parts=(TextPart("Hello"),))
        stage.conversation.add_item(item)
        stage.conversation.respond()
        await asyncio.sleep(2.5)
        spoken = stage.of(ReplyStarted)[0].item_id
        with pytest.raises(InvalidInput):
            stage.conversation.truncate(spoken, 10_000_000)
        with pytest.raises(NotFound):
            stage.conversation.truncate("item_nobody", 10)
        with pytest.raises(InvalidInput):
            stage.conversation.truncate("item_u", 10)
        stage.conversation.truncate(spoken, 600)
        await stage.conversation.close()
        return stage

    stage = run(play())
    cut = stage.of(ItemTruncated)[-1]
    assert cut.audio_end_ms == 600 and stage.history()[1] == ("assistant", cut.text)
    assert stage.of(ReplyDone)[0].text.startswith(cut.text) and len(cut.text) <= 13  # 50 ms a letter


def test_truncating_a_reply_that_only_plays_on_is_told_once() -> None:
    async def play() -> Stage:
        stage = open_stage(manual(), llm=FakeLlm(reply=lambda messages: "One two three four."))
        stage.conversation.say("Count")
        while not stage.of(ReplyDone):
            await asyncio.sleep(0.01)
        stage.conversation.truncate(stage.of(ReplyStarted)[0].item_id, 400)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert len(stage.of(ItemTruncated)) == len(stage.of(Interrupted)) == 1
    assert stage.history()[1] == ("assistant", "One two")


def test_tools_are_called_and_their_results_answered() -> None:
    call = ToolCall("call_1", "clock", "{}")

    def answer(messages: object) -> str | list[Delta]:
        if messages[-1].role == "tool":  # type: ignore[index]
            return f"It is {messages[-1].content}."  # type: ignore[index]
        return [Delta(tool_call=call), Delta(finish="tool_calls")]

    async def play() -> Stage:
        stage = open_stage(
            replace(manual(), tools=(Tool("clock", "the time", {}),)), llm=FakeLlm(reply=answer)
        )
        stage.conversation.say("What time is it?")
        await asyncio.sleep(1)
        stage.conversation.add_item(Item("item_o", "function_call_output", call_id="call_1", output="noon"))
        stage.conversation.respond()
        await asyncio.sleep(4)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert stage.of(ToolCalled)[0].call == call
    assert stage.conversation.items[-1].text == "It is noon."
    roles = [message.role for message in stage.llm.prompts[1]]
    assert roles == ["user", "assistant", "tool"]


@pytest.mark.parametrize("text", ["[happy] Hello 😀 there, friend.", "[开心] Hello 😀 there, friend."])
def test_emotions_are_shown_and_not_spoken(text: str) -> None:
    async def play() -> Stage:
        stage = open_stage(llm=FakeLlm(reply=lambda messages: text))
        stage.conversation.say("Hi")
        await asyncio.sleep(5)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert [(e.emotion, e.emoji) for e in stage.of(EmotionShown)] == [("happy", "🙂")]
    assert "".join(stage.tts.spoken).isascii() and "[" not in "".join(stage.tts.spoken)


def test_a_reply_beside_the_conversation_leaves_no_trace_in_it() -> None:
    async def play() -> Stage:
        stage = open_stage(manual())
        stage.conversation.say("Hi")
        stage.conversation.respond(
            ReplyRequest(in_conversation=False, audio_replies=False, input=(), instructions="Classify.")
        )
        await asyncio.sleep(8)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert len(stage.of(ReplyDone)) == 2 and len(stage.history()) == 2
    assert [m.content for m in stage.llm.prompts[1]] == ["Classify."]


def test_a_dropped_client_comes_back_to_the_unplayed_sound() -> None:
    async def play() -> Stage:
        stage = open_stage()
        stage.conversation.say("Tell me")
        await asyncio.sleep(1.2)
        stage.conversation.detach()
        sent = stage.audio_ms
        await asyncio.sleep(20)
        assert stage.audio_ms == sent, "nothing plays to nobody"
        stage.again = len(stage.log)  # type: ignore[attr-defined]
        loop = asyncio.get_running_loop()
        stage.conversation.attach(lambda event: stage.log.append((loop.time(), event)), played_ms=200)
        await asyncio.sleep(10)
        await stage.conversation.close()
        return stage

    stage = run(play())
    resent = [e for _, e in stage.log[stage.again :] if isinstance(e, AudioOut)]  # type: ignore[attr-defined]
    assert resent[0].start_ms == pytest.approx(200, abs=2)
    total = resent[-1].start_ms + len(resent[-1].data) / 48
    assert total == pytest.approx(stage.of(AudioDone)[0].audio_ms, abs=2)
    assert len(stage.of(ReplyDone)) == 1


def test_a_client_that_vanished_long_before_it_was_noticed_hears_the_rest() -> None:
    async def play() -> Stage:
        stage = open_stage(llm=FakeLlm(reply=lambda messages: "One two three four five six seven."))
        stage.conversation.say("Count")
        await asyncio.sleep(12)  # played out into a dead line, as far as the server knows
        stage.conversation.detach()
        stage.again = len(stage.log)  # type: ignore[attr-defined]
        loop = asyncio.get_running_loop()
        stage.conversation.attach(lambda event: stage.log.append((loop.time(), event)), played_ms=400)
        await asyncio.sleep(5)
        await stage.conversation.close()
        return stage

    stage = run(play())
    resent = [e for _, e in stage.log[stage.again :] if isinstance(e, AudioOut)]  # type: ignore[attr-defined]
    assert resent[0].start_ms == pytest.approx(400, abs=2)
    assert resent[-1].start_ms + len(resent[-1].data) / 48 == pytest.approx(
        stage.of(AudioDone)[0].audio_ms, abs=2
    )
    assert len(stage.of(ReplyDone)) == 1 and not stage.of(Interrupted)


def test_yes_to_a_question_just_asked_is_an_answer() -> None:
    async def play() -> Stage:
        stage = open_stage(
            stt=FakeStt(words=lambda seconds: "Yes." if seconds < 0.6 else "Ask me."),
            llm=FakeLlm(reply=lambda messages: "Shall I go on?"),
        )
        stage.conversation.say("Ask me")
        while not stage.of(ReplyDone):
            await stage.quiet(0.02)
        await stage.speak(0.25)  # before the last word has faded
        await stage.quiet(6)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert ("user", "Yes.") in stage.history() and len(stage.of(ReplyDone)) == 2


def test_nobody_speaks_and_the_agent_does() -> None:
    policy = TurnPolicy(idle_timeout_ms=3000)

    async def play() -> Stage:
        stage = open_stage(replace(CONFIG, turn=policy, greeting="Hello."))
        stage.conversation.start()
        await stage.quiet(6)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert len(stage.of(IdleTimeout)) == 1 and len(stage.of(ReplyStarted)) == 2


def test_uninterruptible_replies_are_followed_by_the_owed_one() -> None:
    policy = TurnPolicy(interrupt_response=False)

    async def play() -> Stage:
        stage = open_stage(replace(CONFIG, turn=policy))
        await stage.speak(1.0)
        await stage.quiet(1.5)
        await stage.speak(0.8)
        await stage.quiet(20)
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert [done.status for done in stage.of(ReplyDone)] == ["completed", "completed"]


def test_closing_stops_everything_at_its_source() -> None:
    async def play() -> Stage:
        stage = open_stage()
        await stage.speak(1.0)
        await stage.quiet(0.8)
        await stage.conversation.close()
        await stage.conversation.close()
        return stage

    stage = run(play())
    assert stage.llm.running == 0 and stage.tts.running == 0
    assert stage.conversation.task_count == 0 and stage.pacer.active == 0


def test_memory_of_recordings_is_bounded() -> None:
    async def play() -> Stage:
        stage = open_stage()
        for _ in range(8):
            await stage.speak(0.8)
            await stage.quiet(9)
        await stage.conversation.close()
        return stage

    stage = run(play())
    with_audio = [
        part
        for item in stage.conversation.items
        for part in item.parts
        if isinstance(part, AudioPart) and part.audio is not None
    ]
    assert len(stage.conversation.items) == 16 and len(with_audio) == 4
    assert (
        stage.conversation.listening.recording.end_ms - stage.conversation.listening.recording.start_ms < 3000
    )


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
async def test_a_frame_is_heard_when_it_comes_and_not_with_the_next(rate: int) -> None:
    stage = open_stage(SessionConfig(input_rate=rate))
    try:
        for frame in range(1, 6):
            stage.conversation.hear(Pcm.silence(0.02, rate))
            assert stage.conversation.listening.recording.end_ms == frame * 20
    finally:
        await stage.conversation.close()
