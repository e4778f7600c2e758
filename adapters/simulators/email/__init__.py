"""A stand-in for a mail server: SMTP on localhost with STARTTLS and logins, and a page that shows what came.

The end of the mailbox (before the @) chooses what happens, as with numbers everywhere:
    0001 no such mailbox (550) · 0006 "too fast" (450) twice · 0007 taken, but the connection falls the first time
    0008 silence after the text, not taken · 0421 the server closes (421) · 0452 the mailbox is full (452)
    0554 the text is refused (554) · 0571 no relay for us (554)
`/_control/…` on `control_port` is for tests and the demo, `/` there is the page.
"""

from adapters.simulators.email.server import run
from adapters.simulators.email.settings import Settings

__all__ = ["Settings", "run"]
