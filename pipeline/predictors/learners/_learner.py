"""What every learner of prompts shares: a name, options, and a folder."""

from pathlib import Path
from typing import Any, ClassVar, Self

from pipeline.stored import read_manifest, write_stored

__all__ = ["StoredLearner"]


class StoredLearner:
    """A learner that is its options and what it learned.

    Subclasses name their constructor's arguments in `arguments`, unless they say their options
    themselves, and write and read what they learned.
    """

    name: ClassVar[str]
    arguments: ClassVar[tuple[str, ...]] = ()

    columns_: list[str]

    def _options(self) -> dict[str, Any]:
        """Arguments with which the constructor makes it again."""
        return {name: getattr(self, name) for name in self.arguments}

    def _write(self, folder: Path) -> None:
        raise NotImplementedError

    def _read(self, folder: Path) -> None:
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        """Write it as one folder, whole or not at all."""

        def fill(part: Path) -> dict[str, Any]:
            self._write(part)
            return {"learner": self.name, "columns": self.columns_, "options": self._options()}

        write_stored("learner", folder, fill)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it; raises ModelError when it is absent, damaged or of another kind."""
        told = read_manifest("learner", folder)
        learner = cls(**told["options"])
        learner.columns_ = told["columns"]
        learner._read(folder)
        return learner
