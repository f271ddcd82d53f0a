"""Pages as a real browser shows them: what is drawn, what is logged, what does not fit."""

import asyncio
import base64
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from choreographer import Browser, Tab

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HEIGHT = 900
# Of each chart that is to be seen: how many shapes it has that are of some size.
LOOK = """
(async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  %s
  await frame();
  await frame();
  const isSized = (shape) => {
    const box = shape.getBoundingClientRect();
    return box.width > 1 || box.height > 1;
  };
  const shapes = ".scatterlayer path, .barlayer path";
  const charts = [...document.querySelectorAll("figure.chart")].map((figure) => ({
    title: figure.querySelector("figcaption").textContent,
    isShown: figure.querySelector(".plot").offsetParent !== null,
    shapes: [...figure.querySelectorAll(shapes)].filter(isSized).length,
    color: figure.querySelector(".xtick text, .x2tick text")?.style.fill ?? "",
    width: Math.round(figure.querySelector("svg.main-svg")?.getBoundingClientRect().width ?? 0),
  }));
  const root = document.documentElement;
  return {
    charts,
    overflow: root.scrollWidth - root.clientWidth,
    ground: getComputedStyle(document.body).backgroundColor,
    height: root.scrollHeight,
  };
})()
"""
OPEN_ALL = 'document.querySelectorAll("details").forEach((part) => { part.open = true; });'


@dataclass(frozen=True)
class Look:
    """How a page is looked at.

    :param width: of the window, in pixels.
    :param scheme: "light" or "dark".
    :param script: run before anything is looked at; opens all sections.
    """

    path: Path
    width: int
    scheme: str = "light"
    script: str = OPEN_ALL


@dataclass
class Seen:
    """What was seen.

    :param messages: whatever the page logged, or failed with.
    :param requests: what it asked for, besides itself.
    """

    charts: list[dict[str, Any]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    overflow: int = 0
    ground: str = ""
    height: int = 0
    picture: bytes = b""


def find_browser() -> str:
    """Return the path of a Chromium; a test without one is skipped, but not in CI."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    if "CI" in os.environ:
        pytest.fail("CI needs a Chromium, such as Debian's package `chromium`")
    pytest.skip("needs a Chromium or Chrome")


def look_at(*looks: Look, picture: bool = False) -> list[Seen]:
    """Open pages one after another in one browser."""
    return asyncio.run(_look_at(find_browser(), looks, picture))


async def _look_at(path: str, looks: Sequence[Look], picture: bool) -> list[Seen]:
    async with Browser(path=path, headless=True) as browser:
        return [await _open(browser, look, picture) for look in looks]


async def _open(browser: Browser, look: Look, picture: bool) -> Seen:
    tab = await browser.create_tab("about:blank")
    seen = Seen()
    _listen(tab, seen)
    for command in ("Page.enable", "Runtime.enable", "Log.enable", "Network.enable"):
        await tab.send_command(command)
    size = {"width": look.width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    await tab.send_command("Emulation.setDeviceMetricsOverride", size)
    scheme = {"features": [{"name": "prefers-color-scheme", "value": look.scheme}]}
    await tab.send_command("Emulation.setEmulatedMedia", scheme)
    loaded = tab.subscribe_once("Page.loadEventFired")
    await tab.send_command("Page.navigate", {"url": look.path.as_uri()})
    await asyncio.wait_for(loaded, 60)
    for name, value in (await evaluate(tab, LOOK % look.script)).items():
        setattr(seen, name, value)
    if picture:
        seen.picture = await _take_picture(tab, look.width, seen.height)
    await tab.close()
    return seen


async def evaluate(tab: Tab, expression: str) -> Any:
    """Return what a page's script gives, once it is done."""
    words = {"expression": expression, "awaitPromise": True, "returnByValue": True}
    answer = await tab.send_command("Runtime.evaluate", words)
    result = answer["result"]
    assert "exceptionDetails" not in result, json.dumps(result)[:2000]
    return result["result"].get("value")


def _listen(tab: Tab, seen: Seen) -> None:
    async def hear(event: dict[str, Any]) -> None:
        seen.messages.append(f"{event['method']}: {json.dumps(event['params'])[:1000]}")

    async def note(event: dict[str, Any]) -> None:
        url = event["params"]["request"]["url"]
        # Of the page itself, and of what it holds.
        if not url.startswith(("file:", "data:", "blob:")):
            seen.requests.append(url)

    for name in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
        tab.subscribe(name, hear)
    tab.subscribe("Network.requestWillBeSent", note)


async def _take_picture(tab: Tab, width: int, height: int) -> bytes:
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    words = {"format": "png", "captureBeyondViewport": True, "clip": clip}
    answer = await tab.send_command("Page.captureScreenshot", words)
    return base64.b64decode(answer["result"]["data"])
