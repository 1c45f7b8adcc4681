"""What the commands call themselves, and what they print before they do anything."""

import subprocess
import sys
from pathlib import Path

import pytest
from absl import flags

from bayesian_gan import __version__, commands
from bayesian_gan.commands import main
from bayesian_gan.runs.resume import resume_command

ROOT = Path(__file__).parents[2]
# Each takes from half a second to three to load.
LARGE = ("tensorflow", "keras", "sklearn", "scipy", "pandas", "matplotlib", "tensorflow_datasets")


@pytest.mark.parametrize(
    ("argv0", "program"),
    [
        ("/any/bayesian_gan/__main__.py", "python -m bayesian_gan"),
        ("/any/bin/bayesian-gan", "bayesian-gan"),
    ],
)
def test_usage_lines_say_what_was_typed(
    argv0: str,
    program: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [argv0])
    for name in commands.COMMANDS:
        monkeypatch.setattr(flags, "FLAGS", flags.FlagValues())
        with pytest.raises(SystemExit) as left:
            main([name, "--help"])
        assert not left.value.code
        assert capsys.readouterr().out.startswith(f"usage: {program} {name} ")
        monkeypatch.setattr(sys, "argv", [argv0])
    assert main(["report", "nowhere"]) == 2
    assert capsys.readouterr().err.startswith(f"{program} report: error: ")
    monkeypatch.setattr(sys, "argv", [f"{program} train", "--N=100"])
    assert resume_command(Path("a run")) == f"{program} train --resume 'a run'"


def test_without_a_command_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    for name, text in commands.COMMANDS.items():
        assert f"  {name:10} {text}\n" in printed.out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"bayesian-gan {__version__}\n"


def test_help_and_a_wrong_argument_do_not_wait_for_large_packages() -> None:
    script = (
        "import sys\n"
        "from absl import app, flags\n"
        "from bayesian_gan.commands import COMMANDS, main\n"
        "for arguments in ([], ['--help'], ['nothing'], *([name, '--help'] for name in COMMANDS),\n"
        "                  *([name, '--wrong'] for name in COMMANDS)):\n"
        "    flags.FLAGS = flags.FlagValues()\n"
        "    try:\n"
        "        main(arguments)\n"
        "    except SystemExit:\n"
        "        sys.argv[:] = ['bayesian-gan']\n"
        f"print([name for name in {LARGE} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_the_package_alone_loads_no_large_package() -> None:
    script = f"import sys, bayesian_gan\nprint([name for name in {LARGE} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_a_wrong_folder_is_refused_before_tensorflow_loads(
    tmp_path: Path, run_folder: Path
) -> None:
    absent, empty, out = str(tmp_path / "absent"), str(tmp_path), str(tmp_path / "out")
    wrong = [
        ["check", absent],
        ["check", empty],
        ["branch", absent, "--temperature", "0.5"],
        ["branch", empty, "--temperature", "0.5"],
        ["merge", absent, empty, out],
        ["merge", str(run_folder), absent, out],
        ["merge", str(run_folder / "posterior"), absent, out],
        ["merge", str(run_folder), str(run_folder), empty],
        *([name, absent] for name in ("report", "watch", "evaluate")),
        ["classify", absent, "a.png"],
        ["generate", absent, "--grid", "a.png"],
    ]
    script = (
        "import sys\n"
        "from bayesian_gan.commands import main\n"
        f"for arguments in {wrong!r}:\n"
        "    print(main(arguments), 'tensorflow' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["2 False"] * len(wrong), done.stderr
    assert len(done.stderr.splitlines()) == len(wrong)
