"""The settings of reports."""

from pydantic import Field

from bot.model.report import Tier
from bot.settings import Settings


class TierSettings(Settings):
    """`[[reports.tiers]]` A level of government, by the codes of its agencies. An agency is of the first that fits."""

    name: str = Field(min_length=1, description="as the report names it: Cấp sở")
    name_en: str = Field("", description="the same in English")
    agencies: tuple[str, ...] = Field(description="patterns of codes: ? is one sign, * any number of them")

    @property
    def tier(self) -> Tier:
        return Tier(self.name, self.name_en or self.name, self.agencies)


_TIERS = (
    TierSettings(
        name="Sở, ban, ngành",
        name_en="Departments",
        agencies=("[HT]??.0?", "[HT]??.0?.*", "[HT]??.1?", "[HT]??.1?.*", "[HT]??.20", "[HT]??.20.*"),
    ),
    TierSettings(name="Cấp huyện", name_en="Districts", agencies=("[HT]??.??",)),
    TierSettings(name="Cấp xã", name_en="Communes", agencies=("[HT]??.??.*", "[HT]??.???")),
    TierSettings(name="Cơ quan ngành dọc", name_en="Agencies of the ministries", agencies=("G??", "G??.*")),
)


class ReportSettings(Settings):
    """`[reports]`: what is counted, how far back, and who may see it."""

    enabled: bool = Field(True, description="count every day's figures; without it the report pages stay empty")
    every: float = Field(60.0, gt=0, description="seconds between two looks for what has changed")
    settle_days: int = Field(
        40, ge=1, description="days for which a day's figures are counted again; later only where its dossiers change"
    )
    backlog_days: int = Field(800, ge=1, description="days back to which figures are counted after an upgrade")
    pause: float = Field(3.0, ge=0, description="after a day was counted, rest for so many times as long as that took")
    stale_days: int = Field(15, ge=1, description="days without progress after which an open dossier is listed")
    feedback_days: int = Field(5, ge=1, description="working days within which feedback should be answered")
    public: bool = Field(True, description="show the public page /cong-khai: punctuality and speed of the service")
    tiers: tuple[TierSettings, ...] = Field(_TIERS, description="levels of government, in the report's order")
