/* SPDX-License-Identifier: MIT */
/*
 * Sends malformed frames to the card of a machine in QEMU, between the card and its network: what the machine sends to others goes on to them.
 *
 *   build/host/malformed SEED ADDRESS PORT FILE     the machine's IPv4 address, the TCP port that it serves
 *
 * QEMU's filters connect, in this order: one for frames to the card, one for frames from the card, one for frames that go on to the network. Each
 * frame has its size before it, 4 bytes in network order. The port to connect to is the first line of output. Then for each line `COUNT` of input
 * that many frames are sent, and one line of output tells of it. After each batch a ping must be answered, so frames come no faster than
 * the machine takes them; if it is not, the last frames are in FILE (pcap), and it fails.
 */
#include "frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TO_CARD, FROM_CARD, TO_NETWORK, STREAMS };
enum { BATCH = 32, REPEAT_MS = 200, PATIENCE_MS = 30000, KEPT = 512, BUFFER = 4 << 20, ENDING_MS = 20 };

/* Bytes that wait: to be sent, or for the rest of a frame. */
struct stream {
	int     fd;
	size_t  used;
	uint8_t bytes[BUFFER];
};

/* A record of pcap: its head, and the frame. */
struct kept {
	uint32_t seconds, microseconds, stored, size;
	uint8_t  frame[FRAME_SPACE];
};

static struct stream streams[STREAMS];
static struct kept   kept[KEPT];
static struct frames frames;
static uint64_t      seed, sent, to_send, repeated;
static bool          is_ending;
static char const   *record;

static void fail(char const *what)
{
	fprintf(stderr, "malformed: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- Frames in streams --- */

static void flush(struct stream *stream)
{
	ssize_t const count = write(stream->fd, stream->bytes, stream->used);

	if (count < 0 && errno != EAGAIN)
		fail("the machine has left");
	if (count <= 0)
		return;
	stream->used -= (size_t)count;
	memmove(stream->bytes, stream->bytes + count, stream->used);
}

static void put_frame(struct stream *stream, uint8_t const *frame, size_t size)
{
	uint32_t const head = htonl((uint32_t)size);

	if (stream->used + sizeof(head) + size > BUFFER) {
		errno = ENOBUFS;
		fail("QEMU does not take frames");
	}
	memcpy(stream->bytes + stream->used, &head, sizeof(head));
	memcpy(stream->bytes + stream->used + sizeof(head), frame, size);
	stream->used += sizeof(head) + size;
	flush(stream);
}

static void put_to_card(uint8_t const *frame, size_t size)
{
	struct kept    *slot = &kept[sent++ % KEPT];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*slot = (struct kept) { (uint32_t)now.tv_sec, (uint32_t)(now.tv_nsec / 1000), (uint32_t)size, (uint32_t)size, { 0 } };
	memcpy(slot->frame, frame, size);
	put_frame(&streams[TO_CARD], frame, size);
}

static void take_frame(uint8_t const *frame, size_t size)
{
	uint8_t answer[FRAME_SPACE];
	size_t  answer_size;

	if (!frames_take(&frames, frame, size, answer, &answer_size))
		put_frame(&streams[TO_NETWORK], frame, size);
	else if (answer_size)
		put_frame(&streams[TO_CARD], answer, answer_size);
}

static void read_frames(struct stream *stream)
{
	ssize_t const count = read(stream->fd, stream->bytes + stream->used, BUFFER - stream->used);
	size_t        at    = 0;

	if (!count || (count < 0 && errno != EAGAIN))
		fail("the machine has left");
	stream->used += count > 0 ? (size_t)count : 0;
	while (stream->used - at >= 4) {
		size_t const size = (size_t)stream->bytes[at] << 24 | stream->bytes[at + 1] << 16 | stream->bytes[at + 2] << 8 | stream->bytes[at + 3];

		if (stream->used - at - 4 < size)
			break;
		take_frame(stream->bytes + at + 4, size);
		at += 4 + size;
	}
	stream->used -= at;
	memmove(stream->bytes, stream->bytes + at, stream->used);
}

/* --- The campaign --- */

static void write_record(void)
{
	static struct { uint32_t magic; uint16_t major, minor; uint32_t zone, digits, longest, type; } const head = { 0xa1b2c3d4, 2, 4, 0, 0, FRAME_SPACE, 1 };
	FILE                                                                                                *file = fopen(record, "wb");

	if (!file)
		fail(record);
	fwrite(&head, sizeof(head), 1, file);
	for (uint64_t i = sent < KEPT ? 0 : sent - KEPT; i < sent; i++)
		fwrite(&kept[i % KEPT], offsetof(struct kept, frame) + kept[i % KEPT].size, 1, file);
	fclose(file);
}

/* Sends the next batch when the ping after the last one has come back, and pings again when it does not. */
static void go_on(void)
{
	static uint64_t batch_ms, ping_ms;
	uint64_t const  now = now_ms();
	uint8_t         frame[FRAME_SPACE];
	bool const      is_answered = frames.ponged && frames.ponged == frames.ping;
	size_t          size;

	if (!batch_ms)
		batch_ms = now;
	if (!is_answered && now < ping_ms + REPEAT_MS)
		return;
	if (!is_answered && now > batch_ms + PATIENCE_MS) {
		write_record();
		fprintf(stderr, "malformed: seed %lu: after %lu frames no ping is answered; the last frames are in %s\n", seed, sent, record);
		exit(1);
	}
	if (is_answered) {
		for (unsigned i = 0; i < BATCH && to_send; i++, to_send--) {
			size = frames_next(&frames, frame);
			put_to_card(frame, size);
		}
		batch_ms = now;
	} else {
		repeated++;
	}
	ping_ms = now;
	size = frames_ping(&frames, frame);
	put_frame(&streams[TO_CARD], frame, size);
}

static void end_connections(void)
{
	static uint64_t last_ms;
	uint8_t         frame[FRAME_SPACE];
	size_t          size;

	if (now_ms() < last_ms + ENDING_MS)
		return;
	last_ms = now_ms();
	size = frames_end(&frames, frame);
	if (size) {
		put_to_card(frame, size);
		return;
	}
	is_ending = false;
	printf("%lu frames, %lu connections of its own; %lu pings, %lu of them repeated\n", sent, frames.opened, frames.ping, repeated);
	fflush(stdout);
}

static void read_order(void)
{
	char line[32];

	if (!fgets(line, sizeof(line), stdin))
		exit(0);
	to_send = strtoul(line, NULL, 10);
	is_ending = true;
}

static void loop(void)
{
	for (;;) {
		struct pollfd entries[] = {
			{ .fd = streams[TO_CARD].fd, .events = streams[TO_CARD].used ? POLLOUT : 0 }, { .fd = streams[FROM_CARD].fd, .events = POLLIN },
			{ .fd = streams[TO_NETWORK].fd, .events = streams[TO_NETWORK].used ? POLLOUT : 0 }, { .fd = is_ending ? -1 : STDIN_FILENO, .events = POLLIN },
		};

		if (poll(entries, 4, is_ending ? ENDING_MS : -1) < 0)
			fail("poll");
		if (entries[FROM_CARD].revents)
			read_frames(&streams[FROM_CARD]);
		if (entries[TO_CARD].revents)
			flush(&streams[TO_CARD]);
		if (entries[TO_NETWORK].revents)
			flush(&streams[TO_NETWORK]);
		if (entries[3].revents)
			read_order();
		if (is_ending && (to_send || frames.ponged != frames.ping))
			go_on();
		else if (is_ending)
			end_connections();
	}
}

/* A free port of 127.0.0.1 */
static int listen_somewhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t          size    = sizeof(address);
	int const          fd      = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, STREAMS) < 0 || getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		fail("listen");
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

int main(int count, char **arguments)
{
	struct in_addr address;
	int            listener;

	if (count != 5 || inet_pton(AF_INET, arguments[2], &address) != 1) {
		fprintf(stderr, "usage: malformed SEED ADDRESS PORT FILE\n");
		return 2;
	}
	seed = strtoul(arguments[1], NULL, 10);
	record = arguments[4];
	frames_init(&frames, seed, ntohl(address.s_addr), (uint16_t)strtoul(arguments[3], NULL, 10));
	signal(SIGPIPE, SIG_IGN);
	listener = listen_somewhere();
	for (unsigned i = 0; i < STREAMS; i++) {
		streams[i].fd = accept(listener, NULL, NULL);
		if (streams[i].fd < 0 || fcntl(streams[i].fd, F_SETFL, O_NONBLOCK) < 0)
			fail("accept");
	}
	loop();
}
