"""Every rule of the protocol, and the test that holds it; those that no other test held are here.

The rules are those of the public firmware and server. ``ROWS`` is the table: a rule, and where it is
tested, as ``file::test`` within ``tests/``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from api.xiaozhi.device import Home, home
from websockets.exceptions import ConnectionClosed

from kaikou.api.xiaozhi import unbound
from kaikou.api.xiaozhi.session import IN_FLIGHT_SECONDS
from kaikou.dialogue.speaking.emotion import EMOTIONS

HERE = "api/xiaozhi/"
ROWS: dict[str, tuple[str, ...]] = {
    # -- the first call
    "OTA: POST or GET, with and without a slash, no redirect": (
        "test_ota.py::test_both_spellings_and_methods_without_redirect",
    ),
    "OTA: all of the body is optional, the id comes from header or body": (
        "test_ota.py::test_both_spellings_and_methods_without_redirect",
        "test_ota.py::test_whoever_is_nobody_is_refused",
    ),
    "OTA: server_time in ms with the offset in minutes; always a websocket with a token": (
        "test_ota.py::test_an_unbound_device_gets_time_token_and_code",
    ),
    "OTA: firmware only of numbers; the device's own with an empty url where there is none newer": (
        "test_ota.py::test_firmware_is_uploaded_offered_and_loaded",
        "devices/test_registry.py::test_versions_compare_as_numbers",
    ),
    "OTA: firmware names stay in their folder, with a length": (
        "devices/test_registry.py::test_downloads_stay_in_their_folder",
        "test_ota.py::test_firmware_is_uploaded_offered_and_loaded",
    ),
    "OTA: an image assigned to one device is forced where it is older": (
        "test_ota.py::test_firmware_of_one_device_comes_before_its_boards",
    ),
    "OTA: a person who looks is told the address of the WebSocket": (
        "test_golden.py::test_a_person_is_told_where_devices_talk",
    ),
    "OTA: mqtt where it is switched on, and only there": (
        "test_mqtt.py::test_the_ota_answer_offers_mqtt_only_where_it_is_switched_on",
    ),
    "activation: 202 while waiting, 200 once bound, both forms of the body": (
        "test_ota.py::test_activation_waits_for_the_owner",
    ),
    "OPTIONS and CORS for browsers": (
        "test_ota.py::test_both_spellings_and_methods_without_redirect",
        "test_vision.py::test_browsers_may_ask",
    ),
    "vision: chunked multipart, JPEG or PNG by magic, a bound": (
        "test_vision.py::test_as_firmware_sends_it",
        "test_vision.py::test_a_picture_is_looked_at",
        "test_vision.py::test_what_is_no_picture",
    ),
    "vision: the token tells the device, no Device-Id is needed, no back door": (
        "test_vision.py::test_only_the_devices_own_token_lets_in",
        "test_sdk.py::test_from_a_spoken_question_to_a_photo_and_its_answer",
    ),
    # -- the handshake
    "handshake: header or query, refused with a status before it is accepted": (
        "test_socket.py::test_refusals_come_before_the_handshake_and_keep_secrets",
        "test_socket.py::test_browsers_name_themselves_in_the_query",
    ),
    "tokens hold for one device, expire, survive a restart; listed devices need none": (
        "devices/test_registry.py::test_tokens_hold_for_one_device_and_time",
        "test_socket.py::test_tokens_survive_a_restart",
        "test_socket.py::test_listed_devices_need_neither_code_nor_token",
    ),
    "a plain GET says that the server runs": ("test_golden.py::test_a_person_sees_that_it_runs",),
    "no pings of the library, no demand for compression": (
        "test_golden.py::test_nothing_but_the_protocol_is_on_the_wire",
    ),
    # -- hello
    "hello: within ten seconds, or let go": ("test_socket.py::test_whoever_says_no_hello_is_let_go",),
    "hello: without audio_params, unknown fields, a second one": (
        "test_socket.py::test_the_hello_tells_the_truth_and_may_come_again",
        "test_golden.py::test_the_least_hello_is_answered_in_full",
    ),
    "hello: the rate that is told is the rate of the sound": (
        "test_golden.py::test_the_sound_has_the_rate_the_hello_told",
    ),
    "hello: pcm for apps": ("test_socket.py::test_an_app_may_speak_pcm",),
    "hello: a device that takes its echo out itself is not guarded from it": (
        "test_golden.py::test_who_takes_the_echo_out",
    ),
    "hello: glyph_push, emoji and text_font are read over, and no glyphs are pushed": (
        "test_own_messages.py::test_glyphs_are_not_pushed_to_a_device_that_asks_for_them",
    ),
    # -- sound
    "framing 1, 2, 3 and the gateway's, byte by byte, both ways": (
        "test_framing.py::test_golden_bytes",
        "test_framing.py::test_the_gateway_counts_its_packets_and_time_wraps",
        "test_socket.py::test_every_framing_carries_a_turn",
        "test_socket.py::test_the_gateways_frames_carry_a_turn",
    ),
    "framing: the size is checked": ("test_framing.py::test_frames_that_lie_are_named",),
    "pacing: never more than the device's queue, never dry, stop after the last frame": (
        "test_pacing.py::test_a_long_reply_neither_starves_nor_overflows",
        "test_turns.py::test_stop_comes_when_the_last_frame_was_played",
    ),
    # -- messages of the device
    "listen start auto": ("test_turns.py::test_from_the_first_call_to_a_spoken_answer",),
    "listen start manual, stop": ("test_turns.py::test_push_to_talk_waits_for_the_button",),
    "listen start realtime": ("test_turns.py::test_in_realtime_mode_a_voice_breaks_in",),
    "listen stop": ("test_turns.py::test_listen_stop_ends_a_turn_under_way",),
    "listen detect: wake word, text, device call": (
        "test_turns.py::test_the_wake_word_is_greeted_and_other_texts_are_answered",
    ),
    "the wake word's sound before listening is not meant": (
        "test_turns.py::test_sound_before_listening_is_not_meant",
    ),
    "listen detect: what follows a wake word at once is not meant": (
        "test_golden.py::test_after_the_wake_word_the_microphone_is_not_believed",
    ),
    "abort: tts stop, silence, and listening again at once": (
        "test_turns.py::test_an_abort_is_answered_with_stop_and_silence",
        "test_golden.py::test_after_an_abort_the_device_listens_at_once",
    ),
    "goodbye closes": ("test_golden.py::test_a_goodbye_ends_the_socket",),
    "iot: descriptors become tools, commands go back": (
        "test_device_tools.py::test_older_firmwares_things_are_tools_too",
        "test_tools_in_talk.py::test_things_of_older_firmware_are_tools_too",
    ),
    "server: refused": ("test_socket.py::test_nothing_a_client_sends_costs_it_the_socket",),
    "ping: pong": ("test_golden.py::test_a_ping_is_answered",),
    "malformed JSON and unknown types are counted, the socket stays": (
        "test_socket.py::test_nothing_a_client_sends_costs_it_the_socket",
    ),
    # -- messages to the device
    "order: stt, tts start, llm, sentence_start, sound, tts stop": (
        "test_golden.py::test_a_turn_message_by_message",
    ),
    "emotions are those that devices draw; emoji are not in texts": (
        "test_golden.py::test_the_emotions_are_those_of_the_firmware",
        "test_turns.py::test_emotions_and_emoji_are_shown_not_spoken",
    ),
    "alert with its three fields, reboot, speech pushed": (
        "test_socket.py::test_the_owner_sees_and_speaks_through_a_device",
        "test_turns.py::test_a_failed_reply_is_an_alert",
    ),
    "custom: the owner's payload, a plugin's frames; never what keeps the session": (
        "test_own_messages.py::test_the_owner_hands_firmware_a_payload",
        "test_own_messages.py::test_a_tools_frame_reaches_the_device_it_is_called_from",
        "test_own_messages.py::test_what_is_not_sent",
    ),
    "a farewell that does not end is not waited for": (
        "test_golden.py::test_whoever_is_let_go_goes_in_time",
    ),
    "nobody speaks: farewell, then the socket is closed": ("test_turns.py::test_nobody_there",),
    "exit words": ("test_turns.py::test_exit_words_end_the_conversation",),
    "unbound: the code is shown and spoken, again each minute; nothing is heard": (
        "test_socket.py::test_an_unbound_device_shows_and_speaks_its_code_and_hears_nothing",
        "test_golden.py::test_the_code_is_told_again",
    ),
    # -- tools of the device
    "MCP: initialize is 1, tools/list is 2 and paged, calls count from 3": (
        "test_device_tools.py::test_the_handshake_has_fixed_ids_and_pages",
        "test_device_tools.py::test_calls_count_from_three_and_name_the_devices_own",
        "test_device_tools.py::test_endless_lists_end",
    ),
    "MCP: errors without a code, time-outs, names made fit": (
        "test_device_tools.py::test_a_devices_errors_need_no_code",
        "test_device_tools.py::test_a_device_that_does_not_answer_costs_a_call_and_no_more",
        "test_device_tools.py::test_names_become_fit_for_models",
    ),
    "MCP, iot: the battery is asked for once, and kept as it was told": (
        "test_battery.py::test_a_device_is_asked_once_and_what_it_told_outlives_the_connection",
        "test_battery.py::test_older_firmware_tells_it_as_a_things_state",
    ),
    "MCP: a turn calls a tool, its result is spoken": (
        "test_sdk.py::test_a_turn_calls_the_devices_tool_and_its_result_is_spoken",
    ),
    # -- MQTT and UDP
    "MQTT: the password is checked, other versions and packets are refused": (
        "test_mqtt.py::test_whoever_was_not_given_the_password_is_refused",
        "test_mqtt_hostile.py::test_other_versions_of_the_protocol_are_told_so",
        "test_mqtt_hostile.py::test_packets_nobody_may_send_end_the_connection",
    ),
    "MQTT: answers reach a device that never subscribes; hello 3 with udp": (
        "test_mqtt.py::test_from_signing_in_to_a_spoken_answer_without_a_subscription",
    ),
    "MQTT: quality of service 1 acknowledged, ping, (un)subscribe": (
        "test_mqtt_hostile.py::test_half_packets_and_many_at_once",
    ),
    "UDP: whole header as counter, sequence from 1, distinct times": (
        "test_mqtt.py::test_from_signing_in_to_a_spoken_answer_without_a_subscription",
    ),
    "UDP: replays, wrong lengths and strange streams are dropped, gaps are counted": (
        "test_mqtt.py::test_replayed_forged_and_broken_datagrams_are_not_heard",
    ),
    "UDP: the address is learnt, and follows the device": (
        "test_mqtt.py::test_the_sound_follows_a_device_whose_address_changes",
        "test_mqtt.py::test_what_is_said_before_the_devices_address_is_known_is_not_lost",
    ),
    "MQTT: goodbye both ways, never answered; keep-alive; the device comes anew": (
        "test_mqtt.py::test_the_server_says_goodbye_and_an_echo_of_it_ends_nothing",
        "test_mqtt_hostile.py::test_who_says_nothing_is_ended",
        "test_mqtt.py::test_a_device_that_comes_anew_replaces_its_older_connection",
    ),
    # -- tools that dial in
    "MCP endpoint: token, tools, calls, health": (
        "api/test_mcp_endpoints.py::test_a_server_that_dials_in_brings_its_tools_to_its_agent",
        "api/test_mcp_endpoints.py::test_a_revoked_token_is_good_for_nothing",
    ),
}


@pytest.mark.parametrize("rule", ROWS)
def test_the_table_names_tests_that_are_there(rule: str) -> None:
    tests = Path(__file__).parents[2]
    for place in ROWS[rule]:
        file, name = place.split("::")
        path = tests / file if "/" in file else tests / HERE / file
        assert re.search(rf"^(async )?def {name}\(", path.read_text("utf-8"), re.MULTILINE), place


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as running:
        yield running


async def test_a_person_sees_that_it_runs(house: Home) -> None:
    for path in ("/xiaozhi/v1/", "/xiaozhi/v1"):
        answer = await house.http.get(path)
        assert (answer.status_code, answer.text) == (200, "Server is running\n")


async def test_nothing_but_the_protocol_is_on_the_wire(house: Home) -> None:
    from kaikou.api.listener import options

    config = options(lambda *_: None, max_frame_bytes=1024)  # type: ignore[arg-type,return-value]
    assert config.ws_ping_interval is None and not config.ws_per_message_deflate
    async with house.device() as device:
        assert not device.socket.protocol.extensions


async def test_the_least_hello_is_answered_in_full(house: Home) -> None:
    async with house.socket(await house.bound()) as line:
        await line.send('{"type":"hello"}')
        answer = orjson.loads(await line.recv())
        assert re.fullmatch(r"[\w-]{8,}", answer.pop("session_id"))
        audio = {"format": "opus", "sample_rate": 24_000, "channels": 1, "frame_duration": 60}
        assert answer == {"type": "hello", "version": 1, "transport": "websocket", "audio_params": audio}


@pytest.mark.parametrize("rate", [16_000, 48_000])
async def test_the_sound_has_the_rate_the_hello_told(tmp_path: Path, rate: int) -> None:
    async with home(tmp_path, xiaozhi={"output_rate": rate}) as house, house.device() as device:
        assert device.decoder is not None and device.decoder.rate == rate
        await device.ask()
        await device.until("tts", state="stop")
        assert {len(one) for one in device.pcm} == {rate * 60 // 1000}


async def test_after_an_abort_the_device_listens_at_once(house: Home) -> None:
    house.server.llm.reply = lambda messages: "A long story. " * 30 if len(messages) < 2 else "Yes?"
    async with house.device() as device:
        await device.send(type="listen", state="detect", text="Tell me a story.")
        await device.until("tts", state="sentence_start")
        # Sound that was on its way when the agent began is left unheard; these packets are faster than time.
        await asyncio.sleep(IN_FLIGHT_SECONDS)
        await device.send(type="abort")
        await device.ask()
        await device.until("tts", state="stop")
        assert (await device.until("stt"))["text"].startswith("I spoke for")
        assert (await device.until("tts", state="sentence_start"))["text"] == "Yes?"


async def test_a_goodbye_ends_the_socket(house: Home) -> None:
    async with house.device() as device:
        await device.send(type="goodbye")
        await device.socket.wait_closed()
        assert device.socket.close_code == 1000
    await house.settled()


async def test_a_ping_is_answered(house: Home) -> None:
    async with house.device() as device:
        await device.send(type="ping")
        answer = await device.until("pong")
        assert answer["timestamp"] and answer["session_id"] == device.session


async def test_who_only_pings_is_there(house: Home) -> None:
    async with house.device() as device:
        [session] = house.server.live.sessions
        session.conversation.last_active -= 200  # not so long that it ends before the ping is there
        before = session.conversation.last_active
        await device.send(type="ping")
        await device.until("pong")
        assert session.conversation.last_active >= before + 200


async def test_a_turn_message_by_message(house: Home) -> None:
    house.server.llm.reply = lambda messages: "[happy] One sentence here. Another sentence there."
    async with house.device() as device:
        before = len(device.log)
        await device.ask()
        await device.until("tts", state="stop")
        names = device.names(before)
        assert names[:5] == ["stt", "tts start", "llm", "tts sentence_start", "audio"]
        assert set(names[5:-1]) <= {"tts sentence_start", "audio", "llm"} and names[-1] == "tts stop"
        messages = [one for _, one in device.log[before:] if isinstance(one, dict)]
        assert {one["session_id"] for one in messages} == {device.session}
        shown = next(one for one in messages if one["type"] == "llm")
        assert (shown["emotion"], shown["text"]) == ("happy", EMOTIONS["happy"])


def test_the_emotions_are_those_of_the_firmware() -> None:
    assert set(EMOTIONS) == set(
        "neutral happy laughing funny sad angry crying loving embarrassed surprised shocked thinking "
        "winking cool relaxed delicious kissy confident sleepy silly confused".split()
    )


async def test_the_code_is_told_again(house: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unbound, "REPEAT_SECONDS", 0.1)
    async with house.device((await house.ota())["websocket"]["token"]) as device:
        codes = [(await device.until("alert"))["message"] for _ in range(3)]
        assert len(set(codes)) == 1


async def test_a_person_is_told_where_devices_talk(house: Home) -> None:
    for path in ("/xiaozhi/ota/", "/xiaozhi/ota"):
        answer = await house.http.get(path)
        assert answer.status_code == 200 and f"ws://127.0.0.1:{house.port}/xiaozhi/v1/" in answer.text


@pytest.mark.parametrize("aec", [False, True])
async def test_who_takes_the_echo_out(house: Home, aec: bool) -> None:
    async with house.device(features={"aec": aec}) as device:
        [session] = house.server.live.sessions
        for mode, guarded in (("realtime", not aec), ("auto", False), ("manual", False)):
            await device.send(type="listen", state="start", mode=mode)
            await device.send(type="ping")
            await device.until("pong")
            assert session.conversation.config.hears_itself == guarded


@pytest.mark.parametrize("mute_ms", [5_000, 0])
async def test_after_the_wake_word_the_microphone_is_not_believed(tmp_path: Path, mute_ms: int) -> None:
    muted = {"wake_mute_ms": mute_ms, "wake_greeting": False}
    async with home(tmp_path, xiaozhi=muted) as house, house.device() as device:
        await device.send(type="listen", state="detect", text="你好小智")
        await device.until("stt")
        before = len(device.log)
        await device.ask()
        await device.send(type="ping")
        await device.until("pong" if mute_ms else "stt")
        assert ("stt" in device.names(before)) == (not mute_ms)


async def test_whoever_is_let_go_goes_in_time(tmp_path: Path) -> None:
    endless = {"farewell": "Goodbye. " * 60, "leave_seconds": 0.5}
    async with home(tmp_path, xiaozhi=endless) as house, house.device() as device:
        await device.send(type="listen", state="detect", text="再见")
        await device.until("tts", state="start")
        with pytest.raises(ConnectionClosed):
            while True:
                await device.next()
        # A minute of farewell, of which a device is sent no more than fits into its queue.
        assert device.socket.close_code == 1000 and device.packets < 200
