"""A process that makes reports one after another, told so by lines on its standard input.

Each order is a line of JSON, and so is each answer: ``{"language", "chapter"}`` when a step is
begun, at the end ``{"failure": null}`` or what failed. Whatever anything else prints goes
nowhere. When the input ends, whoever ran the batch has died: the process clears its room, kernels
and all, and ends.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import IO

from analysis.press import kernel
from analysis.press.jobs import Order


def main() -> None:
    """Serve orders until the input ends."""
    room, run = Path(sys.argv[1]), Path(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # An option of jsonschema builds a grammar for seconds at import; no notebook needs it.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    from analysis.press import report

    answers = _take_output()
    orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
    stages: list[Path] = []
    threading.Thread(target=_listen, args=(orders, stages, room, run), daemon=True).start()
    while True:
        order = orders.get()
        stages[:] = [order.stage]
        failure = report.make(order, room, lambda *step: _answer(answers, _step(*step)))
        stages.clear()
        _answer(answers, {"failure": None if failure is None else asdict(failure)})


def _step(language: str, chapter: str) -> dict[str, str]:
    return {"language": language, "chapter": chapter}


def _take_output() -> IO[str]:
    """Keep the standard output for answers alone; what prints, prints nowhere."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return answers


def _listen(orders: queue.SimpleQueue[Order], stages: list[Path], room: Path, run: Path) -> None:
    for line in sys.stdin.buffer:
        orders.put(Order.from_json(line))
    kernel.evict(room)
    for folder in (*stages, run):
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _answer(answers: IO[str], plain: object) -> None:
    answers.write(json.dumps(plain, ensure_ascii=False) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
