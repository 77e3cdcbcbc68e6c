"""The page in a browser: no errors, no network, points drawn, nothing wider than the window."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from pipeline.reporting.page import render
from tests.reporting.report_tables import ARMS

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for path in map(shutil.which, BROWSERS) if path), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0",
)  # fmt: skip

# Walks through the figure as a reader does and writes down what there was.
WALK = """
const noted = document.documentElement.dataset;
const dots = () => document.querySelectorAll("#explorer circle.dot");
const press = (name) => [...document.querySelectorAll("#explorer button")]
  .find((one) => one.textContent === name).click();
noted.first = dots().length;
noted.title = document.querySelector("#explorer h4").textContent;
press("24"); press("Quality against cost"); press("hull");
noted.second = dots().length;
const texts = [...document.querySelectorAll("#explorer svg text")];
noted.axis = texts.map((one) => one.textContent).join("|");
noted.bands = document.querySelectorAll("#explorer svg g path").length;
press("ours");
noted.third = dots().length;
press("ours");
const first = document.querySelector("#explorer circle.dot[tabindex='0']");
first.focus();
for (const key of ["Home", "ArrowRight"])
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
noted.walked = document.activeElement.getAttribute("aria-label");
noted.detail = document.querySelector(".detail").textContent;
const table = document.querySelector("#chosen table");
const column = () => [...table.tBodies[0].rows].map((row) => row.cells[2].textContent).join(",");
table.tHead.querySelectorAll("button")[2].click();
noted.sorted = column();
noted.still = getComputedStyle(document.querySelector(".still")).display;
noted.wide = document.documentElement.scrollWidth;
noted.window = window.innerWidth;
"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium here to open the page with")


@pytest.fixture(scope="module")
def page(report_context, tmp_path_factory):
    folder = tmp_path_factory.mktemp("screens")
    text = render(report_context)
    (folder / "report.html").write_text(text)
    walked = text.replace("</body>", f"<script>{WALK}</script></body>")
    (folder / "walked.html").write_text(walked)
    return folder


def _open(folder, file, width, *more):
    command = [
        BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900",
        *more, (folder / file).as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert not re.findall(r"CONSOLE.*", done.stderr)
    return done.stdout


def _noted(dom):
    tag = re.search(r"<html[^>]*>", dom)[0]
    return dict(re.findall(r'data-(\w+)="([^"]*)"', tag))


@pytest.mark.parametrize("width", [1280, 1024])
def test_a_reader_can_walk_through_the_frontier(page, width):
    noted = _noted(_open(page, "walked.html", width, "--dump-dom"))
    assert int(noted["first"]) == int(noted["second"]) == len(ARMS)
    assert noted["title"] == "Quality against E2E at 12 requests/s (simulated, test split)"
    assert "Cost (USD per 1000 requests)|Mean quality (0 to 1)" in noted["axis"]
    assert int(noted["bands"]) == 6  # line and shading of three systems
    assert int(noted["third"]) == len(ARMS) - 3
    assert noted["walked"].startswith(("fused_cost", "decoupled_cost"))
    assert "24 requests/s" in noted["detail"]
    assert noted["sorted"] == ",".join(["e2e_s"] * 3 + ["quality"] * 3 + ["utility"] * 3)
    assert noted["still"] == "none"
    assert int(noted["wide"]) <= int(noted["window"]) == width


# A window of the browser is never narrower than 500 px, a frame in it is.
FRAME = """<!DOCTYPE html><html><body><iframe src="walked.html" width="390" height="900"
onload="const inside = this.contentDocument.documentElement.dataset;
Object.assign(document.documentElement.dataset, inside)"></iframe></body></html>"""


def test_a_narrow_window_has_no_sideways_scroll(page):
    (page / "framed.html").write_text(FRAME)
    dom = _open(page, "framed.html", 1280, "--allow-file-access-from-files", "--dump-dom")
    noted = _noted(dom)
    assert int(noted["wide"]) <= int(noted["window"]) == 390
    assert int(noted["first"]) == len(ARMS)


def test_without_scripts_the_still_figure_is_there(page):
    text = (page / "report.html").read_text()
    (page / "plain.html").write_text(re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL))
    dom = _open(page, "plain.html", 1280, "--dump-dom")
    assert 'id="explorer" hidden' in dom
    assert '<html lang="en">' in dom
    assert '<figure class="still"><svg role="img"' in dom


@pytest.mark.parametrize("width", [1280, 390])
def test_a_screen_is_not_blank(page, width):
    from matplotlib.image import imread

    picture = page / f"{width}.png"
    _open(page, "report.html", width, f"--screenshot={picture}")
    seen = imread(picture)[..., :3]
    assert seen.shape[1] == width
    dark = np.mean(seen.min(axis=2) < 0.6)
    assert 0.005 < dark < 0.5
