"""Run one bench by name, or list them.

A bench is a module beside this one with `measure() -> Iterable[Row]`. Figures are for comparing and
for the budgets of the design; nothing here passes or fails.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
OWN = {"main", "figures", "workload", "processes"}


def main(arguments: list[str]) -> int:
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in OWN)
    name = arguments[0] if arguments else "core"
    if name not in names:
        print(f"There is no bench {name!r}; there are: {', '.join(names)}", file=sys.stderr)
        return 1
    figures: dict[str, float] = {}
    print(f"{'figure':<52}{'value':>14}  {'unit':<10}{'budget':>10}")
    for row in importlib.import_module(name).measure():
        budget = "" if row.budget is None else f"{row.budget:g}"
        print(f"{row.name:<52}{row.value:>14,.3f}  {row.unit:<10}{budget:>10}", flush=True)
        figures[row.name] = row.value
    print(json.dumps({"bench": name, "figures": figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
