"""``senryu doctor``: what this machine can run, and what is wrong with the installation."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from senryu.cli.checks import Finding, run_checks
from senryu.cli.output import print_json

__all__ = ["app", "doctor"]

_MORE = """\
Exit code 1 if something keeps Senryu from working. A running Senryu on the same port counts,
since another one could not start.

Examples:

    senryu doctor
    senryu doctor --json
"""

app = App(name="doctor", help_epilogue=_MORE, help_format="markdown")


@app.default
def doctor(
    *,
    config: Path | None = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Check this machine and installation.

    Parameters
    ----------
    config
        Configuration file to check (default `senryu.toml` in the current folder, if there is one).
    json
        Print `{"ok", "findings": [{"name", "ok", "detail", "remedy"}]}`.
    """
    findings = run_checks(config)
    healthy = all(finding.ok for finding in findings)
    if json:
        print_json({"ok": healthy, "findings": [asdict(finding) for finding in findings]})
    else:
        _print(findings)
    return 0 if healthy else 1


def _print(findings: list[Finding]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for style in ("", "bold", ""):
        table.add_column(style=style, overflow="fold")
    for finding in findings:
        mark = (
            "[red]problem[/]" if not finding.ok else "[yellow]note[/]" if finding.remedy else "ok"
        )
        table.add_row(mark, finding.name, escape(finding.detail))
        if finding.remedy:
            table.add_row("", "", f"-> {escape(finding.remedy)}")
    Console(highlight=False).print(table)
