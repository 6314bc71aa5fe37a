"""Requests that wait until a test lets them go on, so that something else can happen meanwhile."""

import re

from playwright.sync_api import Page, Route


def held(page: Page, address: str, method: str = "POST", most: int = 10) -> list[Route]:
    """The first requests to an address; they are in the list once they are made."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == method and len(waiting) < most:
            waiting.append(route)
        else:
            route.continue_()

    page.route(re.compile(address), hold)
    return waiting


def until(page: Page, waiting: list[Route], number: int = 1) -> None:
    """Wait until so many are made."""
    for _ in range(200):
        if len(waiting) >= number:
            return
        page.wait_for_timeout(25)
    raise AssertionError("no such request was made")
