"""How a run goes, on the standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import IO

from tqdm import tqdm

from analysis.i18n import LANGUAGES, say
from analysis.press.jobs import Failure, Job


class Meter:
    """Tells what is done, what failed and how long the rest will take, in both languages."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.bar: tqdm[None] | None = None
        self.total = 0
        self.count = 0
        self.start = 0.0

    def begin(self, total: int) -> None:
        """Start counting."""
        self.total, self.start = total, time.monotonic()
        if self.stream.isatty():
            self.bar = tqdm(
                total=total,
                file=self.stream,
                bar_format="{l_bar}{bar}| {n}/{total} [{elapsed}<{remaining}]",
            )

    def step(self, job: Job, language: str, chapter: str) -> None:
        """Say what is being done; on a terminal only."""
        if self.bar is not None:
            parts = (job.county, job.names["zh"], language, chapter)
            self.bar.set_description(" ".join(part for part in parts if part))

    def end(self, job: Job, failure: Failure | None) -> None:
        """Count a report, made or not."""
        self.count += 1
        if self.bar is not None:
            self.bar.update()
        if failure is not None:
            self._line(job, "failed", zh=failure.zh, en=failure.en)
        elif self.bar is None:
            self._line(job, "done")

    def close(self) -> None:
        """Leave the terminal in order."""
        if self.bar is not None:
            self.bar.close()

    def _line(self, job: Job, what: str, **reason: str) -> None:
        said = [
            say(
                f"cli.progress.{what}",
                language,
                n=self.count,
                total=self.total,
                code=job.county,
                name=job.names[language],
                reason=reason.get(language),
                left=self._left(language),
            )
            for language in LANGUAGES
        ]
        line = " / ".join(said)
        if self.bar is not None:
            self.bar.write(line, file=self.stream)
        else:
            print(line, file=self.stream, flush=True)

    def _left(self, language: str) -> str | None:
        """Say how long the rest will take, at the pace so far."""
        rest = self.total - self.count
        if not rest:
            return None
        seconds = (time.monotonic() - self.start) / self.count * rest
        unit, size = ("minutes", 60) if seconds >= 90 else ("seconds", 1)
        return say(
            f"cli.progress.{unit}", "zh" if language == "zh" else "en", n=max(1, seconds / size)
        )
