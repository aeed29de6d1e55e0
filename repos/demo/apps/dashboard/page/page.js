/* SPDX-License-Identifier: MIT */
/* The page: draws what the server says (view.c has the names), and sends what the buttons are for. It keeps nothing that the server has not got. */
"use strict";

const CURVE_MS = 60000, EVENTS = 200, FRESH_MS = 3600, STRIP_MS = 60000, MIB = 1048576;
const KINDS = ["donation", "upgrade", "refund", "quota", "denial", "fault", "restart", "start", "end", "action"], LANE = 20;
const QUIET = new Set(JSON.parse(localStorage.getItem("quiet") || "[]"));

const $ = id => document.getElementById(id);
let state = null, chosen = null, events = [], seen = 0, asking = false, configDirty = false, applied = 0, appliedText = null;
const rows = new Map(), opened = new Set(), load = new Map();

/* --- Small things --- */

function make(tag, attributes = {}, ...children) {
	const svg = ["svg", "path", "text", "line", "rect", "polyline", "title", "g"].includes(tag) && attributes.svg !== false;
	const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value === false || value === null || value === undefined || name === "svg") continue;
		if (name === "text") element.textContent = value;
		else if (name === "style") for (const [key, part] of Object.entries(value)) element.style.setProperty(key, part);
		else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
		else element.setAttribute(name, value === true ? "" : value);
	}
	element.append(...children.filter(child => child !== null && child !== undefined));
	return element;
}

const grouped = number => Math.round(number).toLocaleString("en-US");
const title = component => component.path || "init";

function bytes(number) {
	for (const [unit, size] of [["GiB", 1 << 30], ["MiB", MIB], ["KiB", 1024]])
		if (number >= size) {
			const value = number / size;
			return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(value >= 10 ? 1 : 2)} ${unit}`;
		}
	return `${number} B`;
}

/* "3.3 of 8 MiB": both in the unit of the second. */
function bytesOf(used, limit) {
	const [unit, size] = [["GiB", 1 << 30], ["MiB", MIB], ["KiB", 1024], ["B", 1]].find(([, size]) => limit >= size || size === 1);
	const short = value => Number.isInteger(value) || value >= 100 ? grouped(value) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
	return `${short(used / size)} of ${short(limit / size)} ${unit}`;
}

function seconds(ms) {
	const s = Math.floor(ms / 1000);
	return s < 3600 ? `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}` : `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
}

function say(text, bad) {
	$("said").textContent = text;
	$("said").className = bad ? "said bad" : "said";
}

/* --- Figures --- */

/* What was given to the children of an init: their limits. */
function givenTo(index, kind) {
	return state.components.reduce((sum, child) => sum + (child.parent === index && child[kind] ? child[kind].limit : 0), 0);
}

/* Parts of one account: they make up its limit. */
function parts(index, kind) {
	const amount = state.components[index][kind];
	return { own: amount.own, given: givenTo(index, kind), slots: amount.slots, donated: amount.donated, avail: amount.avail, limit: amount.limit, used: amount.used };
}

/* The CPU comes in parts of which 100 are one percent of one CPU. */
function percent(parts) {
	const value = parts / 100;
	return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} %`;
}

/* What each used when, for its curve. */
function noteLoad() {
	for (const component of state.components) {
		const samples = load.get(component.path) || [];
		if (!component.cpu || !component.cpu.known) { load.delete(component.path); continue; }
		samples.push({ ms: state.time_ms, parts: component.cpu.own });
		while (samples[0].ms < state.time_ms - CURVE_MS || samples[0].ms > state.time_ms) samples.shift();
		load.set(component.path, samples);
	}
	for (const path of load.keys())
		if (!state.components.some(component => component.path === path)) load.delete(path);
}

/* --- The tree --- */

function newRow(path) {
	const row = make("div", { class: "row", role: "treeitem", "data-path": path, tabindex: "-1", onclick: () => choose(path, false) });
	const part = (...names) => make("div", { class: "bar" }, ...names.map(name => make("i", { class: name })));
	row.append(
		make("div", { class: "name" }, make("i", { class: "dot" }), make("b"), make("span", { class: "badge", hidden: true })),
		make("div", { class: "meter ram" }, part("own", "given", "lent"), make("span")),
		make("div", { class: "meter caps" }, part("own", "given", "lent"), make("span")),
		make("div", { class: "meter cpu" }, part("own", "given", "given"), make("span")));
	row.addEventListener("keydown", treeKey);
	return row;
}

function dotOf(component) {
	return component.state === "ALIVE" ? "" : ["STARTING", "WAITING", "BACKOFF"].includes(component.state) ? "wait" :
		component.state === "EXITED" || component.state === "STOPPING" ? "gone" : "dead";
}

function fillMeter(meter, index, kind, text) {
	const account = state.components[index][kind];
	meter.style.visibility = account ? "" : "hidden";
	if (!account) return;
	const p = parts(index, kind), [own, given, lent] = meter.firstChild.children, percent = value => `${100 * value / (p.limit || 1)}%`;
	own.style.width = percent(p.own);
	given.style.width = percent(p.given);
	lent.style.width = percent(p.slots + p.donated);
	meter.lastChild.textContent = text(p.used, p.limit);
	meter.title = `used ${grouped(p.used)} of ${grouped(p.limit)}, ${grouped(p.avail)} left`;
}

const cpuUsed = cpu => cpu.own + cpu.given + cpu.shared;
const cpuWords = cpu => !cpu.limit ? (cpu.known ? percent(cpuUsed(cpu)) : "…") : `${cpu.known ? percent(cpuUsed(cpu)).slice(0, -2) : "…"} of ${percent(cpu.limit)}`;

/* Who has no share of its own uses up that of who started it: then the bar is one of a whole CPU. */
function fillCpu(meter, cpu) {
	meter.style.visibility = cpu ? "" : "hidden";
	if (!cpu) return;
	const [own, given, shared] = meter.firstChild.children, part = value => `${Math.min(100, 100 * value / (cpu.limit || 10000))}%`;
	own.style.width = part(cpu.own);
	given.style.width = part(cpu.given);
	shared.style.width = part(cpu.shared);
	meter.lastChild.textContent = cpuWords(cpu);
	meter.title = cpu.limit ? `uses ${percent(cpu.own)} itself, gave ${percent(cpu.given)} on, ${percent(cpu.avail)} left` : "no share of its own: it uses up that of who started it";
}

function fillRow(row, index) {
	const component = state.components[index], badge = row.querySelector(".badge");
	let depth = 0;
	for (let at = component.parent; at >= 0; at = state.components[at].parent) depth++;
	row.style.setProperty("--depth", depth);
	row.setAttribute("aria-level", depth + 1);
	row.querySelector("b").textContent = component.name;
	row.querySelector("b").title = `${title(component)}: program ${component.binary}`;
	row.querySelector(".dot").className = `dot ${dotOf(component)}`;
	badge.hidden = component.state === "ALIVE" && !component.restarts;
	badge.textContent = component.state === "ALIVE" ? `↻ ${component.restarts}` : component.state.toLowerCase().replace("_", " ");
	badge.title = component.restarts ? `started again ${component.restarts} times` : "";
	badge.className = dotOf(component) === "dead" ? "badge bad" : "badge";
	fillMeter(row.querySelector(".ram"), index, "ram", bytesOf);
	fillMeter(row.querySelector(".caps"), index, "caps", (used, limit) => `${grouped(used)} of ${grouped(limit)}`);
	fillCpu(row.querySelector(".cpu"), component.cpu);
	row.setAttribute("aria-label", `${title(component)}, ${component.state.toLowerCase()}` +
		(component.ram ? `, RAM ${bytes(component.ram.used)} of ${bytes(component.ram.limit)}, ${grouped(component.caps.used)} of ${grouped(component.caps.limit)} caps, CPU ${cpuWords(component.cpu)}` : ""));
}

/* Components in the order of the tree: each before those below it. */
function order(parent = -1, list = []) {
	state.components.forEach((component, index) => {
		if (component.parent === parent) {
			list.push(index);
			order(index, list);
		}
	});
	return list;
}

function drawTree() {
	const tree = $("tree"), list = order();
	for (const [path, row] of rows)
		if (!state.components.some(component => component.path === path)) {
			row.remove();
			rows.delete(path);
		}
	list.forEach((index, at) => {
		const path = state.components[index].path;
		if (!rows.has(path)) rows.set(path, newRow(path));
		if (tree.children[at] !== rows.get(path)) tree.insertBefore(rows.get(path), tree.children[at] || null);
		fillRow(rows.get(path), index);
	});
	if (chosen === null || !rows.has(chosen)) choose(rows.has(`${state.world}/alpha`) ? `${state.world}/alpha` : state.components[0].path, false);
	for (const [path, row] of rows) {
		row.setAttribute("aria-selected", path === chosen);
		row.tabIndex = path === chosen ? 0 : -1;
	}
}

function treeKey(event) {
	const list = [...$("tree").children], at = list.indexOf(event.currentTarget);
	const parent = () => list.findIndex(row => state.components.some(c => c.path === event.currentTarget.dataset.path && c.parent >= 0 && state.components[c.parent].path === row.dataset.path));
	const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1, ArrowRight: at + 1, ArrowLeft: parent() }[event.key];
	if (to === undefined || !list[to]) return;
	event.preventDefault();
	choose(list[to].dataset.path, true);
}

function choose(path, focus) {
	chosen = path;
	for (const [other, row] of rows) {
		row.setAttribute("aria-selected", other === path);
		row.tabIndex = other === path ? 0 : -1;
	}
	if (focus) rows.get(path).focus();
	if (state) {
		drawDetail();
		drawArcs();
	}
}

/* --- Sessions, as arrows beside the tree --- */

/* Those between the same two, for the same service, are one arrow. */
function arrowsOf(sessions) {
	const arrows = new Map();
	for (const { client, server, service, ram } of sessions) {
		if (client < 0 || server < 0) continue;
		const key = `${state.components[client].path}>${state.components[server].path}:${service}`, arrow = arrows.get(key) || { key, client, server, service, count: 0, ram: 0 };
		arrow.count++;
		arrow.ram += ram;
		arrows.set(key, arrow);
	}
	return [...arrows.values()];
}

let known = new Map();

/* One whose donation has changed flows for some seconds. */
function isFresh(arrow) {
	const old = known.get(arrow.key), now = performance.now();
	arrow.at = old && old.ram === arrow.ram ? old.at : known.size ? now : -Infinity;
	return now - arrow.at < FRESH_MS;
}

function drawArcs() {
	const middle = index => { const row = rows.get(state.components[index].path); return row.offsetTop + row.offsetHeight / 2; };
	const width = $("arcs").clientWidth, isNarrow = width < 100, most = isNarrow ? 20 : 52, paths = [], labels = [];
	const arrows = arrowsOf(state.sessions).map(arrow => ({ ...arrow, from: middle(arrow.client), to: middle(arrow.server), isChosen: [arrow.client, arrow.server].some(i => state.components[i].path === chosen) }))
		.sort((a, b) => b.isChosen - a.isChosen || Math.abs(a.from - a.to) - Math.abs(b.from - b.to));
	const hasChosen = arrows.some(arrow => arrow.isChosen);
	for (const arrow of arrows) {
		const { from, to, isChosen } = arrow, reach = Math.min(most, 12 + Math.abs(from - to) * .16), out = reach / .75;
		const start = from + (to > from ? 4 : -4), stop = to + (to > from ? -5 : 5), thickness = Math.min(5, 1 + Math.log2(1 + arrow.ram / 32768)), y = (start + stop) / 2;
		paths.unshift(make("path", { class: `arc${isChosen ? " chosen" : hasChosen ? " other" : ""}${isFresh(arrow) ? " fresh" : ""}`, d: `M0 ${start}C${out} ${start} ${out} ${stop} 2 ${stop}`,
			"stroke-width": thickness.toFixed(1), "marker-end": "url(#tip)" }));
		/* No label on another one; those of the chosen component come first. */
		if (labels.some(label => Math.abs(label.y - y) < 13)) continue;
		const amount = bytes(arrow.ram), text = isNarrow ? amount : `${arrow.service}${arrow.count > 1 ? ` ×${arrow.count}` : ""} ${amount}`;
		labels.push({ y, element: make("text", { class: isChosen ? "chosen" : null, x: reach + 4, y: y + 4, text }) });
	}
	known = new Map(arrows.map(arrow => [arrow.key, arrow]));
	$("arc-lines").replaceChildren(...paths, ...labels.map(label => label.element));
}

/* --- The chosen component --- */

function figureRows(index) {
	const component = state.components[index], lines = [];
	const line = (name, quota, used, slack, part) => lines.push(make("tr", { class: part ? "part" : null }, make("th", { scope: "row", text: name }), make("td", { text: quota }), make("td", { text: used }), make("td", { text: slack })));
	for (const [kind, name, text] of [["ram", "RAM", bytes], ["caps", "Capabilities", grouped]]) {
		if (!component[kind]) continue;
		const p = parts(index, kind);
		line(name, text(p.limit), text(p.used), text(p.avail));
		line("by itself", "", text(p.own), "", true);
		if (p.given) line("given to children", "", text(p.given), "", true);
		if (p.donated) line("donated to servers", "", text(p.donated), "", true);
		if (p.slots) line("slots for its sessions", "", text(p.slots), "", true);
	}
	const cpu = component.cpu;
	if (cpu) {
		const own = cpu.known ? percent(cpu.own) : "…";
		line("CPU", cpu.limit ? percent(cpu.limit) : "its parent's", cpu.known ? percent(cpuUsed(cpu)) : "…", cpu.limit ? percent(cpu.avail) : "");
		line("by itself", "", own, "", true);
		if (cpu.given) line("given to children", "", percent(cpu.given), "", true);
		if (cpu.shared) line("children without a share", "", percent(cpu.shared), "", true);
	}
	return lines;
}

/* The last minute of its own use of the CPU, and the share that bounds it. */
function drawCurve(component) {
	const svg = $("curve"), width = svg.clientWidth, height = 48, samples = load.get(component.path) || [], limit = component.cpu ? component.cpu.limit : 0;
	const top = Math.max(limit, ...samples.map(sample => sample.parts), 100) * 1.1, y = parts => height - 1 - (height - 2) * parts / top, x = ms => width * (1 - (state.time_ms - ms) / CURVE_MS);
	svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
	svg.replaceChildren(make("polyline", { points: samples.map(sample => `${x(sample.ms).toFixed(1)},${y(sample.parts).toFixed(1)}`).join(" ") }),
		...(limit ? [make("line", { x1: 0, x2: width, y1: y(limit), y2: y(limit) }), make("text", { x: 0, y: y(limit) + 12, text: `share: ${percent(limit)}` })] : []),
		make("text", { x: width, y: limit ? y(limit) + 12 : 13, "text-anchor": "end", text: "CPU used by itself, last minute" }));
	svg.setAttribute("aria-label", `CPU that it used itself in the last minute${limit ? `, of a share of ${percent(limit)}` : ""}`);
}

function sessionRows(index) {
	const own = state.sessions.filter(session => session.client === index || session.server === index);
	if (!own.length) return [make("li", { text: "none with other components" })];
	return own.map(session => {
		const isClient = session.client === index, other = isClient ? session.server : session.client;
		return make("li", {}, `${isClient ? "→" : "←"} ${session.service} ${isClient ? "at" : "of"} ${other >= 0 ? title(state.components[other]) : "one that has ended"} `,
			make("small", { text: `${isClient ? "donated" : "was given"} ${bytes(session.ram)}, ${grouped(session.caps)} caps${session.label ? `, “${session.label}”` : ""}${session.state === "OPEN" ? "" : `, ${session.state.toLowerCase()}`}` }));
	});
}

function fillPeers(component, index) {
	const peers = state.components.filter((other, i) => i !== index && other.parent === component.parent && other.ram), select = $("to"), old = select.value;
	const paths = peers.map(other => other.path);
	if ([...select.options].map(option => option.value).join() !== paths.join()) {
		select.replaceChildren(...peers.map(other => make("option", { value: other.path, text: other.name })));
		if (paths.includes(old)) select.value = old;
	}
	return peers.length;
}

function drawDetail() {
	const index = state.components.findIndex(component => component.path === chosen), component = state.components[index];
	if (!component) return;
	const inWorld = component.path.startsWith(`${state.world}/`), isWorld = component.path === state.world, pending = state.verdict.pending;
	$("detail-title").textContent = title(component).replaceAll("/", " / ");
	$("detail-state").textContent = `${component.state.toLowerCase().replace("_", " ")}, program ${component.binary}${component.version ? `, version ${component.version}` : ""}` +
		(component.restarts ? `, started again ${component.restarts} times` : "") + (component.ended ? `; its last life ${component.ended.toLowerCase()}` : "");
	$("figures").replaceChildren(...figureRows(index));
	drawCurve(component);
	$("sessions").replaceChildren(...sessionRows(index));
	const peers = fillPeers(component, index);
	for (const [id, can] of [["restart", inWorld], ["kill", inWorld], ["give", inWorld && peers && component.ram], ["greedy", (inWorld || isWorld) && component.init]])
		$(id).disabled = !can || pending;
	$("greedy").hidden = !component.init;
	document.querySelector(".give").hidden = !inWorld;
	$("why-not").textContent = inWorld || isWorld ? "" : `This page reaches only what is below ${state.world}: its one way to change anything is that configuration.`;
	$("removed-box").hidden = !state.removed.length;
	$("removed").replaceChildren(...state.removed.map(path => make("li", {}, `${state.world}/${path} `,
		make("button", { type: "button", disabled: pending, text: "Start it again", onclick: () => act({ do: "revive", path: `${state.world}/${path}` }) }))));
}

/* --- The ledger --- */

/* Each line: what, RAM, caps, CPU, depth. Those of a component are its own use, slots, donations and slack; its children follow. Of the CPU, shares are traded: on each line is what is not given on. */
function ledgerGroups() {
	const machine = state.machine, groups = [], below = (index, depth, lines) => {
		const component = state.components[index], name = depth ? `${component.name}: ` : "";
		if (!component.ram) return;
		for (const [key, words] of [["own", "used by itself"], ["slots", "slots for its sessions"], ["donated", "donated to servers"], ["avail", "slack"]])
			if (component.ram[key] || component.caps[key]) lines.push([name + words, component.ram[key], component.caps[key], 0, depth]);
		if (component.cpu.limit) lines.push([`${name}CPU, not given on`, 0, 0, component.cpu.limit - component.cpu.given, depth]);
		state.components.forEach((child, at) => { if (child.parent === index && index) below(at, depth + 1, lines); });
	};
	const ranges = machine.ranges.map(range => [range.what + (range.name ? ` ${range.name}` : ""), range.ram, range.what === "core's objects" ? machine.core_caps : 0, 0, 0]);
	groups.push({ name: "boot and core", lines: ranges, color: "core" });
	const own = [];
	below(0, 0, own);
	groups.push({ name: "init itself", lines: own, color: "own" });
	state.components.forEach((component, index) => {
		if (component.parent !== 0 || !component.ram) return;
		const lines = [];
		below(index, 0, lines);
		groups.push({ name: component.name, lines, color: "given" });
	});
	for (const group of groups) {
		group.ram = group.lines.reduce((sum, line) => sum + line[1], 0);
		group.caps = group.lines.reduce((sum, line) => sum + line[2], 0);
		group.cpu = group.lines.reduce((sum, line) => sum + line[3], 0);
	}
	return groups;
}

function drawLedger() {
	const groups = ledgerGroups(), rowsOut = [], ram = groups.reduce((sum, group) => sum + group.ram, 0), caps = groups.reduce((sum, group) => sum + group.caps, 0), cpu = groups.reduce((sum, group) => sum + group.cpu, 0), machine = state.machine;
	const figures = (ram, caps, cpu) => [grouped(ram), grouped(caps), percent(cpu)], cells = (texts, attributes = {}) => texts.map(text => make("td", { ...attributes, text }));
	const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.group : undefined;
	for (const group of groups) {
		const open = opened.has(group.name);
		const button = make("button", { type: "button", "data-group": group.name, "aria-expanded": String(open), text: group.name, onclick: () => { opened.has(group.name) ? opened.delete(group.name) : opened.add(group.name); drawLedger(); } });
		rowsOut.push(make("tr", { class: "group" }, make("td", {}, button), ...cells(figures(group.ram, group.caps, group.cpu))));
		if (open)
			for (const [what, lineRam, lineCaps, lineCpu, depth] of group.lines)
				rowsOut.push(make("tr", { class: "part", style: { "--depth": depth } }, make("td", { text: what }), ...cells([lineRam && grouped(lineRam), lineCaps && grouped(lineCaps), lineCpu && percent(lineCpu)].map(text => text || ""))));
	}
	$("lines").replaceChildren(...rowsOut);
	if (focused !== undefined) { const again = [...$("lines").querySelectorAll("button")].find(button => button.dataset.group === focused); if (again) again.focus(); }
	const machineCpu = state.components[0].cpu.limit, right = ram === machine.ram && caps === machine.caps && cpu === machineCpu && machine.adds_up;
	const row = (name, id, texts, attributes) => make("tr", { class: id }, make("td", { text: name }), ...["ram", "caps", "cpu"].map((kind, i) => make("td", { ...attributes, id: `${id}-${kind}`, text: texts[i] })));
	$("sum").replaceChildren(row("sum of the lines", "sum", figures(ram, caps, cpu)), row("the machine has", "machine", figures(machine.ram, machine.caps, machineCpu), { class: right ? "good" : "bad" }));
	$("balance").textContent = right ? `✓ ${bytes(machine.ram)}, ${grouped(machine.caps)} caps, ${percent(machineCpu)} CPU: it adds up` : `✗ ${grouped(Math.abs(machine.ram - ram))} bytes, ${grouped(Math.abs(machine.caps - caps))} caps apart`;
	$("balance").className = right ? "balance good" : "balance bad";
	const slack = state.components[0].ram.avail;
	const pieces = groups.flatMap(group => group.name === "init itself" ? [["init itself", group.ram - slack, "own"], ["slack of init", slack, "slack"]] : [[group.name, group.ram, group.color]]);
	$("stack").replaceChildren(...pieces.map(([name, size, color]) => make("i", { class: color, title: `${name}: ${bytes(size)}`, style: { width: `${100 * size / ram}%` } })));
	$("stack").setAttribute("aria-label", pieces.map(([name, size]) => `${name} ${bytes(size)}`).join(", "));
}

/* --- The time line --- */

async function askEvents() {
	if (asking || seen >= state.last) return;
	asking = true;
	try {
		const answer = await (await fetch(`/events?after=${seen}`)).json();
		if (answer.last < seen) events = [];
		events = events.concat(answer.events).slice(-EVENTS * 2);
		seen = answer.last;
		drawEvents();
	} finally {
		asking = false;
	}
}

function eventRow(event) {
	/* What is in the world is named from there. */
	const short = text => text.replaceAll(`${state.world}/`, ""), subject = short(event.subject) || "init";
	const body = event.more ? make("div", {}, make("details", {}, make("summary", { text: `${subject}: ${event.text}` }), ...event.more.split("; to allow").map((part, i) => make("p", { text: i ? `to allow${part}` : part })))) :
		make("div", {}, make("b", { text: subject }), ` ${short(event.text)}`);
	return make("li", { class: `kind-${event.kind}`, "data-number": event.number }, make("time", { text: seconds(event.time_ms) }), make("span", { class: "kind", text: event.kind }), body);
}

function drawEvents() {
	const list = $("events"), wanted = events.filter(event => !QUIET.has(event.kind)).slice(-EVENTS).reverse();
	const there = new Map([...list.children].map(row => [row.dataset.number, row]));
	wanted.forEach((event, at) => {
		const row = there.get(String(event.number)) || eventRow(event);
		there.delete(String(event.number));
		if (list.children[at] !== row) list.insertBefore(row, list.children[at] || null);
	});
	for (const row of there.values()) row.remove();
	drawStrip();
}

/* Lane n is beside the n-th filter, which is its label. */
function drawStrip() {
	const svg = $("strip"), width = svg.clientWidth, height = LANE * KINDS.length, span = width - 8, x = age => 4 + span * (1 - age / STRIP_MS), out = [];
	if (!state) return;
	svg.setAttribute("viewBox", `0 0 ${width} ${height + 18}`);
	for (let age = 0; age <= STRIP_MS; age += STRIP_MS / 4) {
		out.push(make("line", { class: "tick", x1: x(age), x2: x(age), y1: 0, y2: height }));
		out.push(make("text", { x: x(age), y: height + 14, "text-anchor": age === 0 ? "end" : age === STRIP_MS ? "start" : "middle", text: age ? `−${age / 1000} s` : "now" }));
	}
	KINDS.forEach((kind, lane) => out.push(make("line", { x1: 0, x2: width, y1: (lane + .5) * LANE, y2: (lane + .5) * LANE })));
	for (const event of events) {
		const age = Math.max(0, state.time_ms - event.time_ms);
		if (age < STRIP_MS) out.push(make("rect", { class: `kind-${event.kind}`, x: (x(age) - 1.5).toFixed(1), y: (KINDS.indexOf(event.kind) + .5) * LANE - 5, width: 3, height: 10, rx: 1.5 }));
	}
	svg.replaceChildren(...out);
}

function makeFilters() {
	for (const kind of KINDS) {
		const box = make("input", { type: "checkbox", onchange: () => {
			box.checked ? QUIET.delete(kind) : QUIET.add(kind);
			localStorage.setItem("quiet", JSON.stringify([...QUIET]));
			drawEvents();
		} });
		box.checked = !QUIET.has(kind);
		$("filters").append(make("label", { class: `kind-${kind}` }, box, kind));
	}
}

/* --- Buttons --- */

async function send(path, body, type) {
	const answer = await fetch(path, { method: "POST", headers: { "X-Banyan": "1", "Content-Type": type }, body });
	const text = (await answer.text()).trim();
	return { ok: answer.ok, text, number: answer.ok ? JSON.parse(text).number : 0 };
}

async function act(fields) {
	try {
		const answer = await send("/action", new URLSearchParams(fields).toString(), "application/x-www-form-urlencoded");
		say(answer.ok ? "sent to the validator" : answer.text, !answer.ok);
		applied = answer.number;
	} catch {
		say("the server does not answer", true);
	}
}

function drawVerdict() {
	const verdict = state.verdict;
	if (verdict.pending || !verdict.there || verdict.number < applied) return;
	if (applied && verdict.number === applied) {
		say(verdict.valid ? "valid, and passed on" : "refused by the validator", !verdict.valid);
		/* What was typed after it was sent stays. */
		if (verdict.valid && $("config").value === appliedText) configDirty = false;
		if (verdict.valid && !configDirty) readConfig();
		drawErrors(verdict);
		applied = 0;
	}
}

/* --- The editor --- */

function drawErrors(verdict) {
	const bad = new Set(verdict.valid ? [] : verdict.errors.map(error => error.line));
	$("errors").replaceChildren(...(verdict.valid ? [make("p", { class: "good", text: "Valid, and in force." })] :
		verdict.errors.map(error => make("button", { type: "button", text: `line ${error.line}: ${error.text}`, onclick: () => goToLine(error.line) }))));
	drawGutter(bad);
}

function drawGutter(bad = new Set()) {
	const count = $("config").value.split("\n").length, lines = [];
	for (let line = 1; line <= count; line++) lines.push(bad.has(line) ? make("b", { text: line }) : String(line), "\n");
	$("gutter").replaceChildren(...lines);
	$("gutter").scrollTop = $("config").scrollTop;
}

function goToLine(line) {
	const text = $("config"), lines = text.value.split("\n"), start = lines.slice(0, line - 1).reduce((sum, part) => sum + part.length + 1, 0);
	text.focus();
	text.setSelectionRange(start, start + (lines[line - 1] || "").length);
	text.scrollTop = Math.max(0, (line - 6) * 18);
}

/* What is typed meanwhile is not lost, unless that is what is wanted. */
async function readConfig(force) {
	const answer = await fetch("/config"), text = await answer.text();
	if (!answer.ok || (configDirty && !force)) return;
	$("config").value = text;
	configDirty = false;
	drawGutter();
}

async function apply() {
	$("errors").replaceChildren();
	try {
		appliedText = $("config").value;
		const answer = await send("/config", appliedText, "application/xml");
		if (!answer.ok) $("errors").replaceChildren(make("p", { class: "bad", text: answer.text }));
		applied = answer.number;
	} catch {
		$("errors").replaceChildren(make("p", { class: "bad", text: "the server does not answer" }));
	}
}

/* --- The stream --- */

function take(text) {
	state = JSON.parse(text);
	noteLoad();
	drawTree();
	drawDetail();
	drawArcs();
	drawLedger();
	drawVerdict();
	drawStrip();
	$("world").textContent = state.world;
	document.body.dataset.time = state.time_ms;
	askEvents().catch(() => {});
}

function listen() {
	const stream = new EventSource("/stream");
	stream.addEventListener("open", () => { $("link").textContent = "live"; $("link").className = "link live"; });
	stream.addEventListener("error", () => { $("link").textContent = "no answer, trying again"; $("link").className = "link lost"; });
	stream.addEventListener("state", event => {
		$("link").textContent = `live, up ${seconds(JSON.parse(event.data).time_ms)}`;
		take(event.data);
	});
}

$("restart").addEventListener("click", () => act({ do: "restart", path: chosen }));
$("kill").addEventListener("click", () => act({ do: "kill", path: chosen }));
$("greedy").addEventListener("click", () => act({ do: "greedy", path: chosen }));
$("give").addEventListener("click", () => act({ do: "give", path: chosen, to: $("to").value, mib: $("mib").value }));
$("actions").addEventListener("submit", event => {
	event.preventDefault();
	$("give").click();
});
$("apply").addEventListener("click", apply);
$("revert").addEventListener("click", () => { $("errors").replaceChildren(); readConfig(true); });
$("config").addEventListener("input", () => { configDirty = true; drawGutter(); });
$("config").addEventListener("scroll", () => { $("gutter").scrollTop = $("config").scrollTop; });
addEventListener("resize", () => { if (state) { drawDetail(); drawArcs(); drawStrip(); } });
makeFilters();
readConfig();
listen();
