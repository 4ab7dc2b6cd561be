"""What evaluations promise."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

CARD = "the methods that model cards name: runs, arms, trials, budgets"
MILLER = "E. Miller, Adding Error Bars to Evals, arXiv 2411.00640"
OWN = "own decision"

REQUIREMENTS = (
    Requirement("evals.plan", "A plan has each trial of each run of each arm once.", CARD),
    Requirement("evals.means", "Pooled mean, mean of runs and mean of arms are each named.", CARD),
    Requirement("evals.macro", "A macro average counts every group alike.", CARD),
    Requirement("evals.missing", "Trials without a score are failures unless said.", OWN),
    Requirement("evals.clusters", "Standard errors are clustered by question.", MILLER),
    Requirement("evals.paired", "Systems are compared question by question.", MILLER),
    Requirement("evals.bootstrap", "Bootstrap intervals draw whole clusters.", OWN),
    Requirement("evals.wilson", "Counts have Wilson's interval.", "E. B. Wilson, 1927"),
    Requirement(
        "evals.repeats",
        "pass@k and pass^k are the unbiased estimates.",
        "arXiv 2107.03374; arXiv 2406.12045",
    ),
    Requirement("evals.agreement", "Judges have Cohen's kappa with its error.", "J. Cohen, 1960"),
    Requirement("evals.resume", "A crash loses nothing, and nothing counts twice.", OWN),
    Requirement("evals.journal.foreign", "No trial counts under another protocol.", OWN),
    Requirement("evals.journal.damaged", "A damaged line is named, and nothing touched.", OWN),
    Requirement(
        "evals.budgets", "Thinking is limited by step and in total; steps, time, money.", CARD
    ),
    Requirement("evals.costs", "Costs are exact sums by a price table.", OWN),
    Requirement(
        "evals.published", "Whether a figure can come from N items and R runs is exact.", OWN
    ),
    Requirement("evals.baseline", "There is no score without a do-nothing baseline.", OWN),
    Requirement(
        "evals.tau2",
        "τ²-bench: turns, endings, limits and rewards are those of its own code.",
        "arXiv 2506.07982; github.com/sierra-research/tau2-bench",
    ),
    Requirement(
        "evals.mmmu",
        "MMMU validation: every published subject figure is found again.",
        "github.com/MMMU-Benchmark/MMMU: eval_utils.py",
    ),
    Requirement(
        "evals.mgsm",
        "MGSM: the number behind the answer word, in eleven languages.",
        "arXiv 2210.03057; OpenAI simple-evals",
    ),
    Requirement(
        "evals.provider",
        "The evaluated model is asked what its arm says; thinking and calls go back as they came.",
        "docs.anthropic.com: extended thinking, tool use",
    ),
    Requirement("evals.retries", "Requests that a busy server refuses are made again.", OWN),
    Requirement("evals.steps", "A trial's steps think what its budget still allows.", CARD),
    Requirement(
        "evals.run",
        "A benchmark runs against any Messages endpoint; each trial is recorded as it ends.",
        OWN,
    ),
    Requirement("evals.compare", "Two records are compared on the questions of both.", MILLER),
    Requirement("evals.list", "The benchmarks are listed with the figures that they give.", OWN),
    Requirement(
        "evals.desktop",
        "Computer use: a model's actions reach real programs, and files are what is marked.",
        "OSWorld, arXiv 2404.07972; own tasks",
    ),
    Requirement(
        "evals.desktop.screens",
        "Points are scaled back to the screen; old screenshots give way ten at a time.",
        "github.com/xlang-ai/OSWorld: mm_agents/anthropic",
    ),
    Requirement(
        "evals.osworld",
        "OSWorld's machines are driven through its own interface, and marked by it.",
        "github.com/xlang-ai/OSWorld: desktop_env",
    ),
    Requirement(
        "evals.refusals",
        "Safe questions count if answered in full, unsafe ones if refused in full.",
        "XSTest, arXiv 2308.01263",
    ),
    Requirement("evals.judges", "Judges are named, and their agreement with people is given.", OWN),
    Requirement("evals.judges.needed", "What needs a judge does not start without one.", OWN),
    Requirement(
        "evals.injections", "An injected order counts as followed when its call is made.", OWN
    ),
    Requirement("evals.sycophancy", "Under pressure only the last answer's truth counts.", OWN),
    Requirement(
        "evals.misalignment",
        "Harm is what the scenario's own classifier finds with a judge.",
        "inspect-evals: agentic_misalignment",
    ),
    Requirement("evals.safety.loaders", "Harmful questions are read from the user's folder.", OWN),
    Requirement(
        "evals.terminal.replies",
        "Every text is read as a reply in Terminus 2's XML format, or refused in words.",
        "Harbor 0.25.0: TerminusXMLPlainParser",
    ),
    Requirement(
        "evals.terminal.tasks",
        "Terminal tasks are solved by typing into tmux, and what is left behind is checked.",
        "Harbor 0.25.0: Terminus2",
    ),
    Requirement(
        "evals.terminal.harbor",
        "Terminal-Bench's own sets run through Harbor, once a run; what is missing is named.",
        CARD,
    ),
    Requirement(
        "evals.sandbox.apart", "What a model writes sees no network, no files and no keys.", OWN
    ),
    Requirement(
        "evals.sandbox.limits", "Processes, memory, files, output and time of it are bounded.", OWN
    ),
    Requirement(
        "evals.sandbox.chosen",
        "The first kind that works is taken and recorded, else the reason told.",
        OWN,
    ),
    Requirement(
        "evals.swe",
        "An issue is resolved when its hidden tests pass and those that passed still do.",
        "SWE-bench, arXiv 2310.06770",
    ),
    Requirement("evals.cheats", "Passing impossible tests without a word is a cheat.", OWN),
)
