"""`sendDocument`, with an upload (multipart); what the Bot API refuses about one."""

import secrets

from adapters.simulators.telegram.answers import Parameters, Refusal, Upload
from adapters.simulators.telegram.sending import delivered, read_text
from adapters.simulators.telegram.world import World

_LARGEST = 50_000_000
_LONGEST_CAPTION = 1024


async def send_document(world: World, given: Parameters) -> object:
    upload = given.get("document")
    if not isinstance(upload, Upload):
        raise Refusal(400, "Bad Request: there is no document in the request")
    if not upload.content:
        raise Refusal(400, "Bad Request: file must be non-empty")
    if len(upload.content) > _LARGEST:
        raise Refusal(413, "Request Entity Too Large")
    caption, entities = read_text(given, "caption", longest=_LONGEST_CAPTION)
    file_id = secrets.token_urlsafe(24)
    document = {
        "file_id": file_id,
        "file_unique_id": file_id[:12],
        "file_name": upload.name,
        "mime_type": upload.media_type,
        "file_size": len(upload.content),
    }
    shown = {"caption": caption, **({"caption_entities": entities} if entities else {})} if caption else {}
    message = await delivered(world, given, {"document": document, **shown})
    world.files[file_id] = upload
    return message
