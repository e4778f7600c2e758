"""The whole service in a process of its own, and a broadcast that it plans by itself.

`python -m benchmarks.peers.office CONFIG NUMBER` draws up a broadcast to NUMBER phones and says `ready`; a line on its
standard input has somebody approve it, and it prints the moment. It runs until its input ends.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.peers.stage import TEXT, phone
from bot.app import open_app, read_plan
from bot.config import load_config
from bot.model.broadcast import Broadcast, Recipient, Refusal
from bot.model.wording import Wording


def rows(number: int) -> Iterator[Recipient]:
    for each in range(number):
        yield Recipient(number=each + 1, phone=f"+84{phone(each)[1:]}", code="", agency="", values={})


def sure(answer: Broadcast | Refusal) -> Broadcast:
    if not isinstance(answer, Broadcast):
        raise SystemExit(f"the broadcast was refused: {answer}")
    return answer


async def serve(config: Path, number: int) -> None:
    asking = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asking), sys.stdin)
    async with open_app(read_plan(load_config(config)), migrate=True) as app:
        running = asyncio.create_task(app.run())
        broadcasts = app.broadcasts
        made = await broadcasts.begin(title="Bench", agency="", by="lan")
        made = sure(await broadcasts.change(made.id, revision=1, by="lan", wording=Wording(chat=TEXT, sms=TEXT)))
        sure(await broadcasts.take_list(made.id, rows(number), name="bench.csv", digest="bench", by="lan"))
        sure(await broadcasts.draw_up(made.id, by="lan"))
        sure(await broadcasts.test(made.id, to=phone(number), by="lan"))
        sure(await broadcasts.submit(made.id, by="lan"))
        print("ready", flush=True)
        await asking.readline()
        began = time.monotonic()
        sure(await broadcasts.approve(made.id, by="hoa"))
        print(json.dumps({"began": began}), flush=True)
        planned = 0.0
        while not planned:
            found = await broadcasts.get(made.id)
            if found and found.handed_out == number:
                planned = time.monotonic()
            await asyncio.sleep(0.1)
        print(json.dumps({"planned": planned}), flush=True)
        await asking.readline()
        app.stop()
        await running


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
