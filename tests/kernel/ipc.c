/* SPDX-License-Identifier: MIT */
/* Messages of words: what is carried, and what is refused. */
#include "test.h"

/* Answers each call with its words plus one and twice its label. */
static void echo(uint64_t argument)
{
	struct msg m = wait();

	for (;;) {
		for (unsigned i = 4; i < words_of(m); i++)
			utcb()->words[i]++;
		m = sys(syscall_header(SYS_REPLY_WAIT, words_of(m), 0, 0, 2 * label_of(m)), 0, m.w[0] + 1, m.w[1] + 1, m.w[2] + 1, m.w[3] + 1);
	}
}

/* A capability for a gate of a new child. */
static uint64_t server_gate(child_function *run, uint64_t badge)
{
	struct child *c = child_run(run, 10, 0);

	settle();
	return child_give(&self, gate_new(c, badge));
}

TEST(a_call_carries_words_and_the_label_both_ways)
{
	struct msg m = call4(server_gate(echo, 0), 0x12345678, 1, 2, 3, ~0UL);

	CHECK_IS(status_of(m), STATUS_OK);
	CHECK_IS(label_of(m), 0x2468acf0);
	CHECK(m.w[0] == 2 && m.w[1] == 3 && m.w[2] == 4 && m.w[3] == 0);
}

TEST(a_message_carries_128_words)
{
	uint64_t gate = server_gate(echo, 0);

	for (unsigned i = 4; i < UTCB_WORDS; i++)
		utcb()->words[i] = 1000 * i;
	struct msg m = sys(syscall_header(SYS_CALL, UTCB_WORDS, 0, 0, 0), gate, 1, 2, 3, 4);
	CHECK_IS(status_of(m), STATUS_OK);
	CHECK_IS(words_of(m), UTCB_WORDS);
	for (unsigned i = 4; i < UTCB_WORDS; i++)
		CHECK_IS(utcb()->words[i], 1000 * i + 1);
}

TEST(words_beyond_the_header_stay_as_they_are)
{
	struct child *c = child_run(echo, 10, 0);

	settle();
	uint64_t gate = child_give(&self, gate_new(c, 0));
	for (unsigned i = 4; i < UTCB_WORDS; i++) {
		utcb()->words[i] = 1;
		c->utcb->words[i] = 77;
	}
	OK(status_of(sys(syscall_header(SYS_CALL, 10, 0, 0, 0), gate, 0, 0, 0, 0)));
	CHECK_IS(c->utcb->words[9], 2);
	CHECK_IS(c->utcb->words[10], 77);
	CHECK_IS(utcb()->words[9], 2);
	CHECK_IS(utcb()->words[10], 1);
}

TEST(a_message_of_129_words_is_invalid_and_not_sent)
{
	uint64_t gate = server_gate(echo, 0);

	CHECK_IS(status_of(sys(syscall_header(SYS_CALL, 129, 0, 0, 0), gate, 0, 0, 0, 0)), STATUS_INVALID);
	CHECK_IS(status_of(sys(syscall_header(SYS_CALL, 255, 0, 0, 0), gate, 0, 0, 0, 0)), STATUS_INVALID);
	CHECK_IS(call(gate, 1).w[0], 2);
}

static SHARED struct msg seen;

/* Calls, and notes what comes back. */
static void caller(uint64_t gate)
{
	seen = call4(gate, 9, 10, 11, 12, 13);
}

TEST(a_reply_of_129_words_is_invalid_and_the_caller_still_waits)
{
	struct child *c = child_run(caller, 10, gate_new(&self, 5));

	await();
	CHECK_IS(status_of(sys(syscall_header(SYS_REPLY_WAIT, 129, 0, 0, 0) | flags(SYS_FLAG_NOBLOCK), 0, 0, 0, 0, 0)), STATUS_INVALID);
	CHECK_IS(status_of(sys(syscall_header(SYS_REPLY_WAIT, 129, 0, 0, 0), 0, 0, 0, 0, 0)), STATUS_INVALID);
	CHECK_IS(thread_state(c), CALLING);
	reply(0, 6);
	settle();
	CHECK_IS(seen.w[0], 6);
}

TEST(a_call_arrives_with_the_badge_of_its_gate)
{
	uint64_t first = gate_new(&self, 0xaaaa), second = gate_new(&self, ~0UL);

	child_run(caller, 10, first);
	CHECK_IS(await().badge, 0xaaaa);
	child_run(caller, 10, second);
	struct msg m = await();
	CHECK_IS(m.badge, ~0UL);
	CHECK_IS(kind_of(m), MESSAGE_RPC);
	CHECK_IS(words_of(m), 4);
	CHECK_IS(caps_of(m), 0);
	CHECK_IS(label_of(m), 9);
}

TEST(a_reply_carries_its_label_as_the_status_of_the_operation)
{
	child_run(caller, 10, gate_new(&self, 0));
	await();
	reply(0xfedcba98, 3);
	settle();
	CHECK_IS(status_of(seen), STATUS_OK);
	CHECK_IS(label_of(seen), 0xfedcba98);
	CHECK_IS(words_of(seen), 1);
}

TEST(a_reply_to_nobody_is_just_a_wait)
{
	CHECK_IS(status_of(reply(0, 0)), STATUS_TIMEOUT);
}

TEST(only_gates_can_be_called)
{
	uint64_t signal = child_give(&self, signal_new(&self, 0));

	CHECK_IS(status_of(call(signal, 0)), STATUS_BAD_CAP);
	CHECK_IS(status_of(call(NO_CAP, 0)), STATUS_BAD_CAP);
	CHECK_IS(status_of(call(own_slot(), 0)), STATUS_BAD_CAP);
	CHECK_IS(status_of(call(PAGE_SIZE + slot(1), 0)), STATUS_BAD_CAP);
	CHECK_IS(status_of(call(8 * PAGE_SIZE + slot(1), 0)), STATUS_BAD_CAP);
	CHECK_IS(status_of(call(~0UL, 0)), STATUS_BAD_CAP);
	CHECK_IS(status_of(call(1UL << 63 | signal, 0)), STATUS_BAD_CAP);
}

TEST(a_gate_without_the_right_to_use_cannot_be_called)
{
	uint64_t gate = server_gate(echo, 0), weak = own_slot();

	OK(op3(SYS_CAP_COPY, gate, weak, RIGHT_COPY));
	CHECK_IS(status_of(call(weak, 0)), STATUS_BAD_CAP);
	CHECK_IS(call(gate, 4).w[0], 5);
}

static SHARED uint64_t rounds;

static void many_calls(uint64_t gate)
{
	for (uint64_t i = 0; i < 10000; i++) {
		struct msg m = call4(gate, 1, i, 2 * i, 3 * i, 4 * i);
		EXPECT(status_of(m) == STATUS_OK && m.w[0] == i + 1 && m.w[3] == 4 * i + 1 && label_of(m) == 2);
		rounds++;
	}
}

TEST(two_clients_of_one_server_each_get_their_own_replies)
{
	struct child *server = child_run(echo, 10, 0);
	uint64_t gate = gate_new(server, 0);

	settle();
	child_run(many_calls, 5, gate);
	child_run(many_calls, 5, gate);
	run_for(100000000);
	CHECK_IS(rounds, 20000);
}

static void own_work(uint64_t gate)
{
	seen.w[0] = call(gate, 20).w[0];
}

TEST(threads_of_one_domain_call_each_other)
{
	struct child *server = child_run(echo, 10, 0);
	struct child *client = child_beside(server, own_work, 10);

	child_start(client, child_give(server, gate_new(server, 0)));
	settle();
	CHECK_IS(seen.w[0], 21);
}

/* Answers with its own call to the next. */
static void relay(uint64_t gate)
{
	struct msg m = wait();

	for (;;) {
		struct msg r = call(gate, m.w[0] + 1);
		m = reply_wait(status_of(r) ? 1000 + status_of(r) : r.w[0]);
	}
}

TEST(a_chain_of_servers_answers)
{
	uint64_t gate = gate_new(child_run(echo, 10, 0), 0);

	for (unsigned i = 0; i < 10; i++)
		gate = gate_new(child_run(relay, 10, gate), 0);
	settle();
	CHECK_IS(call(child_give(&self, gate), 0).w[0], 11);
}
