"""A stand-in for Zalo: an Official Account on localhost with its OAuth, its API, ZBS templates and webhook events.

One port serves what Zalo has under three hosts, so all base URLs of a client are the same `http://host:port`:
    oauth    POST /v4/oa/access_token · GET and POST /v4/oa/permission (a page; its button, or a POST, consents)
    openapi  POST /v3.0/oa/message/cs · POST /v3.0/oa/message/template (`user_id` at the top of the body)
             POST /v3.0/oa/quota/message · GET /v3.0/oa/user/detail?data={…} · GET /v2.0/oa/getoa
             POST /v2.0/oa/upload/file (multipart)
    business POST /message/template · POST /message/template/hashphone · GET /message/status?message_id=
             GET /message/quota · GET /message/template/info/v2?template_id= · GET /message/template/all
API calls are answered with HTTP 200 and `error`. Events go to `webhook_url`, signed; `/` is a page on which one is the
citizen; tests play her through `/_control/…` (`control`). User and phone have the same last nine digits: `88000…` +
nine digits is the user of `84` + nine digits.

The last four digits of the phone or user id choose what happens:
    0001 no Zalo (-118; a consultation message -227) · 0002, 0003, 0009 taken, never received · 0004 received late
    0005 received before the answer · 0006 too fast (-32) twice for each text · 0007 taken, but the connection falls
    the first time · 0008 silence, not taken · 0216 the access token ends, once for each text (-216; ZBS: -124)
    0500 HTTP 500 from nobody · 0999 an answer that is not JSON
    0NNN for another error of `errors.WORDS` is always answered -NNN: 0114, 0133 (night), 0144, 0147, 0139, 0230 …
`/_control/faults` orders what concerns everybody: slow, lost or refused refreshes, a used-up quota, the night, ended
access tokens, events told twice.
"""

from adapters.simulators.zalo.server import run
from adapters.simulators.zalo.settings import Settings

__all__ = ["Settings", "run"]
