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
