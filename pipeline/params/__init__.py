"""params.yaml as frozen typed objects."""

from pipeline.params._architecture import ARCHITECTURES, ArchitectureParams
from pipeline.params._arrivals import (
    ArrivalParams,
    ClosedParams,
    DiurnalParams,
    DiurnalStateParams,
    GammaParams,
    PoissonParams,
    RampParams,
    ReferenceGammaParams,
    ReferenceSquareParams,
    SquareParams,
    TraceParams,
)
from pipeline.params._data import (
    CollectParams,
    DatasetParams,
    EmbedParams,
    JudgeParams,
    LlmJudgeParams,
    PromptsParams,
    SplitParams,
)
from pipeline.params._fleet import FaultParams, FleetParams, TierParams
from pipeline.params._fleet_file import dump_fleet, load_fleet
from pipeline.params._hardware import HARDWARE, HardwareParams
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
from pipeline.params._steps import CurveStepParams, EstimateParams, SimpleStepParams, StepParams

__all__ = [
    "ARCHITECTURES",
    "BEST_SINGLE",
    "HARDWARE",
    "AblationParams",
    "ArchitectureParams",
    "ArmParams",
    "ArrivalParams",
    "BaseParams",
    "ClosedParams",
    "CollectParams",
    "ContrastParams",
    "CurveStepParams",
    "DatasetParams",
    "DecisionParams",
    "DiurnalParams",
    "DiurnalStateParams",
    "DriftParams",
    "EmbedParams",
    "EstimateParams",
    "FaultParams",
    "FleetParams",
    "FrontierParams",
    "GammaParams",
    "HardwareParams",
    "JudgeParams",
    "LatencyParams",
    "LengthParams",
    "LlmJudgeParams",
    "LoadtestParams",
    "Params",
    "PoissonParams",
    "ProfileParams",
    "PromptsParams",
    "QualityParams",
    "RampParams",
    "ReferenceGammaParams",
    "ReferenceSquareParams",
    "RegisterParams",
    "ReportParams",
    "RouterParams",
    "ScaleParams",
    "SimpleStepParams",
    "SplitParams",
    "SquareParams",
    "StepParams",
    "TierParams",
    "TraceParams",
    "WeightParams",
    "dump_fleet",
    "load_fleet",
    "load_params",
    "parse_params",
]
