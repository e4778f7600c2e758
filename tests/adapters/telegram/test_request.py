"""The transport beyond what sending and listening need of it."""

import traceback

import pytest
from telegram.error import NetworkError

from adapters.channels.telegram.client import connected
from adapters.channels.telegram.failures import UnansweredError
from adapters.channels.telegram.request import AiohttpRequest
from tests.adapters.telegram.support import TOKEN, canned, free_port, settings_for


async def test_files_go_as_multipart() -> None:
    async with canned(b"") as server, connected(settings_for(server.port)) as bot:
        with pytest.raises(UnansweredError):
            await bot.send_document(1, b"%PDF-1.7", filename="giay-hen.pdf", caption="Giấy hẹn")
        request = server.requests.get_nowait()

    assert b"Content-Type: multipart/form-data; boundary=" in request
    assert b'filename="giay-hen.pdf"' in request
    assert b"%PDF-1.7" in request
    assert "Giấy hẹn".encode() in request


async def test_it_refuses_work_before_it_is_opened_and_after_it_is_closed() -> None:
    request = AiohttpRequest(connections=1, connect_timeout=1, read_timeout=1)
    with pytest.raises(RuntimeError):
        await request.do_request("http://127.0.0.1:9/", "GET")
    async with request:
        pass
    with pytest.raises(RuntimeError):
        await request.do_request("http://127.0.0.1:9/", "GET")


@pytest.mark.parametrize("is_open", [True, False])
async def test_even_the_whole_traceback_of_a_failure_does_not_hold_the_address(is_open: bool) -> None:
    async with canned(b"") as server, connected(settings_for(server.port if is_open else free_port())) as bot:
        with pytest.raises(NetworkError) as failed:
            await bot.get_me()

    error: BaseException | None = failed.value
    while error:
        assert TOKEN not in "".join(traceback.format_exception(error))
        error = error.__context__
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None
