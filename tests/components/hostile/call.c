/* SPDX-License-Identifier: MIT */
/*
 * One call: made as the interface describes it, twisted in one way or not, sent, and its answer judged against the description. The
 * only calls that are changed are those that would end hostile itself.
 */
#include "hostile.h"

#include <base/cap_alloc.h>

enum { AGAIN_MAX = 1000000, SPARED_MAX = 16 };

/* What the kernel says about one call. */
struct reply {
	enum status status;
	unsigned    words, caps;
	uint32_t    label;
};

static struct message message;
static uint64_t       answer[UTCB_WORDS];
static struct cap     window[UTCB_CAPS];

static uint32_t exit_label, open_label, state_label, close_label, upgrade_label, serve_label, disconnect_label;
static uint32_t spared[SPARED_MAX];
static unsigned spared_count;
static unsigned depth;

uint64_t const *call_answer(void) { return answer; }

enum status call_init(void)
{
	exit_label = label_of("parent", "exit");
	open_label = label_of("parent", "session_open");
	state_label = label_of("parent", "session_state");
	close_label = label_of("parent", "session_close");
	upgrade_label = label_of("parent", "session_upgrade");
	serve_label = label_of("parent", "serve");
	disconnect_label = label_of("thread", "disconnect");
	for (unsigned i = 0; i < UTCB_CAPS; i++)
		TRY(cap_reserve(&window[i]));
	return STATUS_OK;
}

void spare_session(uint32_t id)
{
	assert(spared_count < SPARED_MAX);
	if (id)
		spared[spared_count++] = id;
}

static bool is_spared(uint32_t id)
{
	for (unsigned i = 0; i < spared_count; i++)
		if (spared[i] == id)
			return true;
	return false;
}

/* Would it end hostile, or what hostile needs to the end? */
static bool is_suicide(void)
{
	bool const closes = message.label == close_label || message.label == upgrade_label || message.label == state_label;

	if (message.label == disconnect_label)
		return message.data[0] != 1;    /* the servant needs what it waits with */
	return message.label == exit_label || (closes && is_spared((uint32_t)message.data[0]));
}

/* --- Making --- */

static uint64_t argument(int type, bool is_polite)
{
	struct held *held;

	if (!is_polite && one_in(2)) {
		switch (below(4)) {
		case 0:  return 0;
		case 1:  return pool_dead();
		default: held = pool_pick_any(false);
			 break;
		}
	} else {
		held = pool_pick(type, false);
		if ((!held || one_in(64)) && depth < 3 && produce(type))
			held = pool_pick(type, false);
	}
	if (!held)
		return 0;
	/* The kernel ignores, or refuses, what only core may ask for. */
	if (!is_polite && one_in(8))
		return held->cap.selector | (held->fixed ? SEND_OBJECT : below(4));
	return held->cap.selector;
}

static void fill_caps(struct fields const *fields, bool is_polite)
{
	for (unsigned i = 0; i < fields->count; i++) {
		struct field const *field = &described.fields[fields->first + i];

		if (field->kind != KIND_CAP)
			continue;
		/* `pay`: a null capability stands for the callee's own */
		message.send[field->offset] = is_polite && field->type == type_by_name("account") && one_in(3) && string_equal(field->name, "pay")
			? 0 : argument(field->type, is_polite);
	}
}

static void fill(struct call const *call)
{
	bool const values = message.twist != WRONG_VALUES, args = message.twist != WRONG_ARGUMENT;

	memset(message.data, 0, sizeof(message.data));
	memset(message.send, 0, sizeof(message.send));
	fill_caps(&call->in, args);
	if (call->label == open_label)
		sessions_request(message.data, values ? TYPE_ANY : TYPE_NONE);
	else
		fields_fill(&call->in, message.data, values);
	message.label = call->label;
	message.words = call->in.words;
	message.caps = call->in.caps;
	message.expect = call->out.caps;
}

/* Another number than the right one. */
static unsigned other(unsigned right, unsigned end)
{
	return (unsigned)(right + 1 + below(end - 1)) % end;
}

static void wrong_label(void)
{
	switch (below(4)) {
	case 0:
		message.label = (uint32_t)random_next();
		break;
	case 1:
		message.label = message.label + 16 + (uint32_t)below(64);
		break;
	case 2:
		message.label ^= 0x80000000u;
		break;
	default:
		message.label = described.calls[below(described.call_count)].label;
	}
	if (message.label >> 16 == described.interfaces[message.interface].tag)
		message.label |= 0xff00;
}

static void twist(struct call const *call)
{
	struct held *held;

	switch (message.twist) {
	case WRONG_WORDS:
		message.words = other(message.words, one_in(4) ? 256 : 128);
		break;
	case WRONG_CAPS:
		message.caps = other(message.caps, one_in(4) ? 16 : 9);
		for (unsigned i = 0; i < 16; i++)
			message.send[i] = message.send[i] ? message.send[i] : argument(TYPE_ANY, false);
		break;
	case WRONG_WINDOW:
		message.expect = other(message.expect, one_in(4) ? 16 : 9);
		break;
	case WRONG_LABEL:
		wrong_label();
		break;
	case WRONG_FORM:
		if (!fields_break(&call->in, message.data))
			message.twist = POLITE;
		break;
	case WRONG_TARGET:
		held = pool_pick_any(true);
		message.target = one_in(2) && held ? *held : (struct held) { .cap = { one_in(4) ? 0 : pool_dead() }, .type = TYPE_NONE };
		held = one_in(8) ? pool_pick(TYPE_SIGNAL, false) : NULL;
		if (held)
			message.target = *held;
		break;
	default:
		break;
	}
}

/* --- Sending --- */

static struct reply invoke(void)
{
	struct utcb         *utcb = thread_utcb();
	struct platform_regs regs = { .w = { message.data[0], message.data[1], message.data[2], message.data[3] } };
	uint64_t const       header = syscall_header(0, message.words, message.caps, message.expect, message.label);
	unsigned             again = 0;

	memcpy(utcb->words, message.data, sizeof(utcb->words));
	memcpy(utcb->send, message.send, sizeof(utcb->send));
	for (unsigned i = 0; i < UTCB_CAPS; i++) {
		utcb->window[i] = i < message.expect ? window[i].selector : 0;
		utcb->got[i].kind = GOT_NULL;
	}
	for (unsigned i = message.words; i < RPC_WORDS; i++)
		regs.w[i] = 0;
	do {
		regs.header = header;
		regs.target = message.target.cap.selector;
		platform_invoke(PLATFORM_CALL, &regs);
	} while (!platform_status(regs.header) && platform_label(regs.header) == STATUS_AGAIN && ++again < AGAIN_MAX);
	memcpy(answer, utcb->words, sizeof(answer));
	memcpy(answer, regs.w, sizeof(regs.w));
	return (struct reply) { platform_status(regs.header), platform_words(regs.header), platform_caps(regs.header), platform_label(regs.header) };
}

/* --- Judging --- */

static void judge_field(struct field const *field)
{
	char const *at = (char const *)answer + field->offset;
	uint64_t    value;

	switch ((enum kind)field->kind) {
	case KIND_STRING:
		if (!rpc_is_string(at, field->bound))
			tally_violation(&message, "a text without end", field->offset);
		return;
	case KIND_BYTES:
		memcpy(&value, at, sizeof(value));
		if ((uint32_t)value > field->bound)
			tally_violation(&message, "too much data", (uint32_t)value);
		return;
	case KIND_CAP:
		return;
	default:
		break;
	}
	value = field_read(field, answer);
	if (field->kind == KIND_BOOL && value > 1)
		tally_violation(&message, "a bool", value);
	if (field->kind == KIND_STATUS && value >= STATUS_COUNT)
		tally_violation(&message, "a status among the results", value);
	for (unsigned i = 0; i < field->values_count; i++)
		if (described.values[field->values_first + i] == value)
			return;
	if (field->values_count)
		tally_violation(&message, "a number that is not in its enum", value);
}

static bool is_malformed(void)
{
	return message.twist == WRONG_WORDS || message.twist == WRONG_CAPS || message.twist == WRONG_FORM;
}

static void judge(struct reply const *reply, enum status status)
{
	struct call const *call = message.call == TYPE_NONE ? NULL : &described.calls[message.call];

	if (!rpc_is_status(status) || status == STATUS_AGAIN || status == STATUS_NO_TABLE || status == STATUS_INTERNAL)
		tally_violation(&message, "no status for a client", status);
	if (status != STATUS_OK && (reply->words || reply->caps))
		tally_violation(&message, "an error with results", reply->words);
	if (status == STATUS_OK && is_malformed())
		tally_violation(&message, "OK for a malformed request", message.twist);
	if (!call)
		return;
	/* more words or capabilities than there can be never leave the caller */
	if (reply->status == STATUS_INVALID && (message.words > UTCB_WORDS || message.caps > UTCB_CAPS || message.expect > UTCB_CAPS))
		return;
	if (rpc_is_status(status) && !((call->errors | RPC_IMPLICIT) >> status & 1))
		tally_violation(&message, "a status that is not listed", status);
	if (status != STATUS_OK)
		return;
	if (reply->words != call->out.words || reply->caps != call->out.caps)
		tally_violation(&message, "results of another size", reply->words);
	for (unsigned i = 0; i < call->out.count; i++)
		judge_field(&described.fields[call->out.first + i]);
}

/* --- Taking --- */

/* What came in slot i of the window; it is the caller's now. */
static struct cap take_slot(unsigned i)
{
	struct utcb const *utcb = thread_utcb();
	struct cap         came = CAP_NULL, fresh;

	if (i < message.expect && i < UTCB_CAPS && utcb->got[i].kind == GOT_SLOT && cap_reserve(&fresh) == STATUS_OK) {
		came = window[i];
		window[i] = fresh;
	}
	return came;
}

static void take(struct call const *call)
{
	for (unsigned i = 0; i < call->out.count; i++) {
		struct field const *field = &described.fields[call->out.first + i];
		struct cap          cap;

		if (field->kind != KIND_CAP) {
			value_remember(field, field_read(field, answer));
			continue;
		}
		cap = take_slot(field->offset);
		if (call->label == open_label)
			sessions_opened((uint32_t)answer[0], answer + 1, cap);
		else if (call->label == state_label)
			sessions_opened((uint32_t)message.data[0], answer, cap);
		else if (!cap_is_null(cap))
			pool_add((struct held) { .cap = cap, .type = field->type, .is_argument = field->type >= INTERFACES_MAX });
	}
	if (call->label == serve_label)
		sessions_owe(answer);
}

/* What came though nothing, or something else, was asked for. */
static void drop_rest(unsigned caps)
{
	for (unsigned i = 0; i < caps && i < UTCB_CAPS; i++)
		cap_release(take_slot(i));
}

/* Which call the message has become. */
static void identify(void)
{
	if (message.twist == WRONG_LABEL || (message.twist == WRONG_TARGET && message.target.type != message.interface))
		message.call = TYPE_NONE;
}

/* Who answers calls of that interface; an account answers three others. */
static struct held *find_target(int interface)
{
	char const  *name   = described.interfaces[interface].name;
	bool const   doors  = string_equal(name, "ram") || string_equal(name, "cap_session") || string_equal(name, "signal");
	struct held *target = pool_pick(doors && !pool_newest && one_in(3) ? type_by_name("account") : interface, true);

	if (!target && depth < 3 && produce(interface))
		target = pool_pick(interface, true);
	return target;
}

bool call_make(int interface, unsigned number, enum twist how)
{
	struct held  *target;
	struct reply  reply;
	enum status   status;

	/* Capabilities for it may have to be made first, by calls of their own. */
	struct { struct message message; } outer = { message };

	target = find_target(interface);
	if (!target)
		return false;
	depth++;
	message = (struct message) { .target = *target, .interface = interface, .call = (int)number, .twist = how };
	fill(&described.calls[number]);
	twist(&described.calls[number]);
	depth--;
	identify();
	if (is_suicide()) {
		message = outer.message;
		return true;
	}
	reply = invoke();
	status = reply.status ? reply.status : (enum status)reply.label;
	judge(&reply, status);
	tally_count(&message, status);
	if (status == STATUS_OK && message.call != TYPE_NONE)
		take(&described.calls[number]);
	drop_rest(reply.caps);
	message = outer.message;
	return true;
}

bool produce(int type)
{
	bool made;

	if (type == TYPE_NONE)
		return false;
	depth++;
	if (type < INTERFACES_MAX && described.interfaces[type].is_session) {
		sessions_want(type);
		made = call_make(type_by_name("parent"), call_of("parent", "session_open"), POLITE);
		sessions_want(TYPE_NONE);
		sessions_wait();
		depth--;
		return made;
	}
	made = false;
	for (unsigned i = 0, from = (unsigned)below(described.interface_count); i < described.interface_count && !made; i++) {
		int const               at = (int)((from + i) % described.interface_count);
		struct interface const *interface = &described.interfaces[at];

		for (unsigned c = interface->first; c < interface->first + interface->count && !made; c++)
			for (unsigned f = 0; f < described.calls[c].out.count && !made; f++) {
				struct field const *field = &described.fields[described.calls[c].out.first + f];

				if (field->kind == KIND_CAP && field->type == type && !interface->is_out_of_reach)
					made = call_make(at, c, POLITE);
			}
	}
	depth--;
	return made;
}
