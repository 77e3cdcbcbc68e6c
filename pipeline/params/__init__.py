"""params.yaml as frozen typed objects."""

from pipeline.params._data import (
    CollectParams,
    DatasetParams,
    EmbedParams,
    JudgeParams,
    LlmJudgeParams,
    PromptsParams,
    SplitParams,
)
from pipeline.params._fleet import FaultParams, FleetParams, StepParams, TierParams
from pipeline.params._fleet_file import dump_fleet, load_fleet
from pipeline.params._loadtest import (
    BEST_SINGLE,
    ArmParams,
    DecisionParams,
    LoadtestParams,
    RouterParams,
    ScaleParams,
    WeightParams,
)
from pipeline.params._models import (
    LatencyParams,
    LengthParams,
    ProfileParams,
    QualityParams,
    RegisterParams,
)
from pipeline.params._params import BaseParams, Params, load_params, parse_params
from pipeline.params._results import (
    AblationParams,
    ContrastParams,
    DriftParams,
    FrontierParams,
    ReportParams,
)

__all__ = [
    "BEST_SINGLE",
    "AblationParams",
    "ArmParams",
    "BaseParams",
    "CollectParams",
    "ContrastParams",
    "DatasetParams",
    "DecisionParams",
    "DriftParams",
    "EmbedParams",
    "FaultParams",
    "FleetParams",
    "FrontierParams",
    "JudgeParams",
    "LatencyParams",
    "LengthParams",
    "LlmJudgeParams",
    "LoadtestParams",
    "Params",
    "ProfileParams",
    "PromptsParams",
    "QualityParams",
    "RegisterParams",
    "ReportParams",
    "RouterParams",
    "ScaleParams",
    "SplitParams",
    "StepParams",
    "TierParams",
    "WeightParams",
    "dump_fleet",
    "load_fleet",
    "load_params",
    "parse_params",
]
