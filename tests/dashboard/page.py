# SPDX-License-Identifier: MIT
#
# The page of the demo, in headless Chromium, against a machine that runs: what a reader sees, and what the buttons do. Screenshots are left behind.
#
#   page.py PORT DIRECTORY     prints a line for each check; ends with 0 if all passed

import sys
import time

from browser import Browser

PORT, DIRECTORY = int(sys.argv[1]), sys.argv[2]
MIB = 1 << 20
PATIENCE = 120
START = time.monotonic()

browser = Browser(patience_s=120)
passed = 0


def check(what, expression, seconds=PATIENCE):
    global passed
    browser.wait(expression, seconds, what)
    passed += 1
    print(f"page: {time.monotonic() - START:.1f} s: {what}", flush=True)


def click(element):
    browser.evaluate(f"document.querySelector({element!r}).click()")


def choose(path):
    click(f'[data-path="{path}"]')


def limit(path):
    return f'(state.components.find(c => c.path === "{path}") || {{ram: {{}}}}).ram.limit'


# All that the page says at one moment: nothing else runs between.
BALANCED = ('document.getElementById("sum-ram").textContent === document.getElementById("machine-ram").textContent && '
            'document.getElementById("sum-caps").textContent === document.getElementById("machine-caps").textContent && '
            'document.getElementById("balance").classList.contains("good")')

try:
    browser.open(f"http://localhost:{PORT}/", 1600, 1100)
    check("the stream brings a state", "document.body.dataset.time")
    check("the tree is there", '["", "world", "world/alpha", "world/alpha/depot", "world/beta/dot", "dashboard", "nic_bridge"]'
          '.every(path => document.querySelector(`[data-path="${path}"]`))')
    check("and all of it runs", 'state.components.every(c => c.state === "ALIVE" || c.name === "unstable")')
    check("the ledger adds up", BALANCED)
    check("each has a share of the CPU, and the shares are the machine's", 'state.components.every(c => !c.cpu || c.cpu.limit > 0) && '
          'document.getElementById("sum-cpu").textContent === document.getElementById("machine-cpu").textContent')
    check("who computes without end has its share and no more", '(() => { const c = state.components.find(c => c.path === "world/greedy").cpu; '
          'return c && c.known && c.own > .75 * c.limit && c.own < 1.25 * c.limit; })()')
    machine = browser.evaluate("state.machine.ram")
    check("sessions are arrows", 'document.querySelectorAll("#arc-lines path.arc").length >= 3')
    check("the time line tells of donations", 'document.querySelector("#events .kind-donation")')

    browser.evaluate('document.querySelector(`[data-path="world/alpha"]`).focus(); choose("world", true)')
    browser.key("ArrowDown")
    check("the tree is used by keyboard", 'document.activeElement.dataset.path !== "world" && chosen === document.activeElement.dataset.path')

    choose("world/alpha")
    browser.evaluate('document.getElementById("to").value = "world/beta"; document.getElementById("mib").value = 4')
    alpha, beta = browser.evaluate(limit("world/alpha")), browser.evaluate(limit("world/beta"))
    browser.evaluate('document.getElementById("mib").focus()')
    browser.key("Enter")
    check("give 4 MiB moves 4 MiB in the ledger", f'{limit("world/alpha")} === {alpha - 4 * MIB} && {limit("world/beta")} === {beta + 4 * MIB} && {BALANCED}')
    check("the sum stays the machine's", f"state.machine.ram === {machine} && {BALANCED}")
    check("the page says that it was done", 'document.getElementById("said").textContent.includes("valid")')

    choose("world/alpha/ann")
    check("the button is there for what is in the world", '!document.getElementById("kill").disabled')
    click("#kill")
    check("kill kills", '!document.querySelector(`[data-path="world/alpha/ann"]`)')
    check("and the ledger adds up", BALANCED)
    check("the time line says so", '[...document.querySelectorAll("#events .kind-end")].some(row => row.textContent.includes("ann"))')
    choose("world/alpha")
    check("it can be started again", 'document.querySelector("#removed button:not(:disabled)")')
    click("#removed button")
    check("and is there again", 'document.querySelector(`[data-path="world/alpha/ann"]`)')

    browser.evaluate('{ const t = document.getElementById("config"); t.value = t.value.replace("<start ", "<stort "); t.dispatchEvent(new Event("input")); }')
    line = browser.evaluate('document.getElementById("config").value.split("\\n").findIndex(l => l.includes("<stort")) + 1')
    check("the validator is free", "!state.verdict.pending")
    click("#apply")
    check("a mistake is shown", 'document.querySelector("#errors button")')
    check("at its line", 'document.querySelector("#gutter b")')
    click("#revert")
    check("what is in force comes back", '!document.getElementById("config").value.includes("<stort")')

    check("a denial explains itself", '[...document.querySelectorAll("#events .kind-denial details")].some(row => row.textContent.includes("to allow"))')
    choose("world/beta")
    browser.screenshot(f"{DIRECTORY}/page.png")
    browser.size(1600, 1100, dark=True)
    browser.screenshot(f"{DIRECTORY}/page-dark.png")
    browser.size(400, 900)
    check("at 400 pixels nothing sticks out", "document.documentElement.scrollWidth <= 400")
    browser.screenshot(f"{DIRECTORY}/page-narrow.png")
    if browser.errors:
        raise RuntimeError("errors in the page: " + "; ".join(browser.errors))
    print(f"page: {passed} checks passed")
except (RuntimeError, TimeoutError, EOFError) as error:
    print("page:", error, file=sys.stderr)
    try:
        browser.screenshot(f"{DIRECTORY}/page-failed.png")
    except (RuntimeError, TimeoutError, EOFError):
        pass
    sys.exit(1)
finally:
    browser.close()
