"""What the document of an apology says, out of the apology and its dossier."""

from bot.apologies import Documents
from bot.documents import ApologyFields, render
from bot.drafting import Drafting
from bot.model.apology import Apology
from bot.model.clock import VIETNAM
from bot.model.dossier import Dossier
from bot.model.message import File
from bot.situations import present_step


def fields_of(apology: Apology, dossier: Dossier, drafting: Drafting) -> ApologyFields:
    """Number and signature are left to the office's clerk, whose book gives them."""
    step = present_step(dossier.steps)
    day = apology.decided_at or apology.changed_at or apology.drafted_at
    return ApologyFields(
        agency=dossier.agency_name or apology.agency_name,
        agency_code=dossier.agency,
        dated=day.astimezone(VIETNAM).date(),
        applicant=dossier.applicant,
        received_at=dossier.received_at,
        procedure=dossier.procedure_name,
        code=dossier.code,
        old_appointment=apology.old_at,
        late_unit=step.agency if step else "",
        reason=drafting.words(apology),
        appointment=apology.new_at,
        place=dossier.place,
    )


def documents_for(drafting: Drafting) -> Documents:
    """As the apology desk wants them."""

    async def made(apology: Apology, dossier: Dossier) -> list[File]:
        settings = drafting.settings.model_copy(update={"form": apology.form})
        return await render(fields_of(apology, dossier, drafting), settings)

    return made
