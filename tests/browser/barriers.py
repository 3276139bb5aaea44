"""
What axe finds on a page, without looking twice at words that stand in the same way.

Two thirds of what axe takes is the contrast of every word with what is behind it. Words of one
colour, size and weight have the same contrast on the same ground; so one of each look is asked
for, and none of a look for which axe has found no fault on a page before.
"""

from __future__ import annotations

from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

# Looks that axe could judge and found nothing wrong with, in whichever test of this process.
_fine: Final[set[str]] = set()

# The ground of a word is the nearest opaque colour behind it, or all that shines through. What is
# out of the flow stands on whatever happens to be there: such words are all looked at, always.
_LOOKS: Final = """
(fine => {
    const grounds = new Map(), adrift = ['absolute', 'fixed', 'sticky'];
    const ground = one => {
        if (!one) return {near: '', all: '', veils: '', free: false, freeAll: false};
        if (!grounds.has(one)) {
            const style = getComputedStyle(one), up = ground(one.parentElement);
            const behind = style.backgroundColor + style.backgroundImage;
            const solid = /^rgb\\(/.test(behind) && style.backgroundImage === 'none';
            const free = adrift.includes(style.position) || style.transform !== 'none';
            const veil = [style.opacity, style.filter, style.mixBlendMode].join();
            grounds.set(one, {
                near: solid ? behind : behind + ' ' + up.near,
                all: behind + ' ' + up.all,
                veils: veil === '1,none,normal' ? up.veils : up.veils + veil,
                free: !solid && (free || up.free),
                freeAll: free || up.freeAll,
            });
        }
        return grounds.get(one);
    };
    const look = one => {
        const style = getComputedStyle(one), on = ground(one), link = one.closest('a');
        if (on.veils ? on.freeAll : on.free) return '';
        const around = link && link.parentElement;
        const said = [style.color, style.fontSize, style.fontWeight, style.textShadow,
            style.textDecorationLine, one.matches(':disabled, [aria-disabled]'),
            on.veils ? on.all + on.veils : on.near,
            link && getComputedStyle(around).color + (around.innerText !== link.innerText)].join();
        let a = 0xdeadbeef, b = 0x41c6ce57;
        for (const letter of said) {
            a = Math.imul(a ^ letter.charCodeAt(0), 2654435761);
            b = Math.imul(b ^ letter.charCodeAt(0), 1597334677);
        }
        return (a >>> 0).toString(36) + (b >>> 0).toString(36);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = new Set(document.querySelectorAll('input, select, textarea'));
    while (texts.nextNode())
        if (texts.currentNode.data.trim()) found.add(texts.currentNode.parentElement);
    const known = new Set(fine), asked = new Map();
    for (const one of found) {
        const key = look(one);
        if (known.has(key) || !one.checkVisibility({visibilityProperty: true})) continue;
        if (key) known.add(key);
        asked.set(one, key);
    }
    return asked;
})
"""
_HAS_AXE: Final = "'axe' in window || (window.bringAxe && window.bringAxe(), 'axe' in window)"
_RUN: Final = """
async ([tags, fine]) => {
    const asked = LOOKS(fine), mark = 'data-asked-of';
    const colours = ['color-contrast', 'link-in-text-block'];
    if (!tags && !asked.size) return [[], []];
    axe.configure({rules: [{id: 'color-contrast', selector: `[${mark}]`}]});
    asked.forEach((_, one) => one.setAttribute(mark, ''));
    const found = await axe.run(tags ? document : {include: [...asked.keys()]}, {
        runOnly: tags || {type: 'rule', values: colours}, elementRef: true, selectors: false,
        resultTypes: ['violations', 'incomplete'], preload: false});
    asked.forEach((_, one) => one.removeAttribute(mark));
    const open = new Set([...found.violations, ...found.incomplete]
        .filter(rule => colours.includes(rule.id))
        .flatMap(rule => rule.nodes.map(node => node.element)));
    const judged = [...asked].filter(([one, key]) => key && !open.has(one)).map(([, key]) => key);
    return [judged, found.violations.map(rule => {
        const nodes = rule.nodes.map(node => node.html.replace(` ${mark}=""`, '').slice(0, 160));
        return `${rule.id}: ${nodes.join(' | ')}`;
    })];
}
""".replace("LOOKS", _LOOKS)


def at_hand(page: Page) -> None:
    """
    Give the tab axe once, for all pages to come; each reads it when it is asked. To send half a
    megabyte to every page took a quarter of what it takes to open one.
    """
    page.add_init_script("window.bringAxe = () => {" + AXE_SCRIPT + "}")


def barriers(page: Page) -> list[str]:
    """
    WCAG 2.2 A and AA, and best practice. axe is injected by the protocol, not by a tag: the content
    policy stays in force.
    """
    return _run(page, list(RULES))


def contrasts(page: Page) -> list[str]:
    """Only what colours make."""
    return _run(page, None)


def _run(page: Page, tags: list[str] | None) -> list[str]:
    if not page.evaluate(_HAS_AXE):
        page.evaluate(AXE_SCRIPT)
    answer: list[Any] = page.evaluate(_RUN, [tags, list(_fine)])
    judged, said = answer
    _fine.update(judged)
    return list(said)
