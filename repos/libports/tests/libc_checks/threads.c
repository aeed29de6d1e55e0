/* SPDX-License-Identifier: MIT */
/* <pthread.h>, <semaphore.h>, thread-local storage, setjmp, atexit, memory */
#define _GNU_SOURCE
#include "checks.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 1000 };

static pthread_mutex_t   mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t    condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_key_t     key;
static __thread int      local = 7;
static long              counter;
static int               turn, destroyed;
static sem_t             semaphore;

static void *add(void *argument)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	local += (int)(intptr_t)argument;
	return (void *)(intptr_t)local;
}

static void check_join(void)
{
	pthread_t threads[THREADS];
	long      sum = 0;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, add, (void *)(intptr_t)i);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		sum += (intptr_t)result;
	}
	SHOW("%ld", counter);
	SHOW("%ld", sum);
	SHOW("%d", local);
}

/* Two take turns. */
static void *take_turns(void *argument)
{
	int const mine = (int)(intptr_t)argument;

	for (int i = 0; i < 50; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % 2 != mine)
			pthread_cond_wait(&condition, &mutex);
		turn++;
		pthread_cond_broadcast(&condition);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void check_condition(void)
{
	pthread_t       other;
	struct timespec soon;

	SHOW("%d", pthread_create(&other, NULL, take_turns, (void *)1));
	take_turns(NULL);
	SHOW("%d", pthread_join(other, NULL));
	SHOW("%d", turn);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 3000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	SHOW("%d", pthread_cond_timedwait(&condition, &mutex, &soon) == ETIMEDOUT);
	SHOW("%d", pthread_mutex_trylock(&mutex) == EBUSY);
	SHOW("%d", pthread_mutex_unlock(&mutex));
}

static void *meet(void *argument)
{
	return (void *)(intptr_t)(pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void check_barrier(void)
{
	pthread_t threads[3];
	int       serial = 0;

	SHOW("%d", pthread_barrier_init(&barrier, NULL, 4));
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, meet, NULL);
	serial += meet(NULL) != NULL;
	for (int i = 0; i < 3; i++) {
		void *result;

		pthread_join(threads[i], &result);
		serial += result != NULL;
	}
	SHOW("%d", serial);
}

static void *wait_for_cancel(void *argument)
{
	pthread_setspecific(key, &destroyed);
	sem_post(&semaphore);
	for (;;)
		poll(NULL, 0, -1);
	return NULL;
}

static void destroy(void *value)
{
	++*(int *)value;
}

static void *finish(void *argument)
{
	pthread_setspecific(key, &destroyed);
	sem_post(&semaphore);
	return NULL;
}

static void check_cancel(void)
{
	pthread_attr_t attributes;
	pthread_t      thread;
	void          *result = NULL;

	SHOW("%d", sem_init(&semaphore, 0, 0));
	SHOW("%d", pthread_key_create(&key, destroy));
	SHOW("%d", pthread_create(&thread, NULL, wait_for_cancel, NULL));
	SHOW("%d", sem_wait(&semaphore));
	SHOW("%d", pthread_cancel(thread));
	SHOW("%d", pthread_join(thread, &result));
	SHOW("%d", result == PTHREAD_CANCELED);
	SHOW("%d", destroyed);
	SHOW("%d", sem_trywait(&semaphore) < 0 && errno == EAGAIN);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 65536);
	SHOW("%d", pthread_create(&thread, &attributes, finish, NULL));
	SHOW("%d", sem_wait(&semaphore));
}

static void initialize(void)
{
	counter = 1000;
}

static void check_once(void)
{
	pthread_once_t   once = PTHREAD_ONCE_INIT;
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

	SHOW("%d", pthread_once(&once, initialize));
	counter++;
	SHOW("%d", pthread_once(&once, initialize));
	SHOW("%ld", counter);
	SHOW("%d", pthread_rwlock_rdlock(&lock));
	SHOW("%d", pthread_rwlock_tryrdlock(&lock));
	SHOW("%d", pthread_rwlock_trywrlock(&lock) == EBUSY);
	SHOW("%d", pthread_rwlock_unlock(&lock) + pthread_rwlock_unlock(&lock));
	SHOW("%d", pthread_rwlock_wrlock(&lock));
	SHOW("%d", pthread_equal(pthread_self(), pthread_self()) != 0);
}

static void check_memory(void)
{
	unsigned char *blocks[200];
	jmp_buf        place;
	int volatile   jumps = 0;
	long           wrong = 0;

	for (int i = 0; i < 200; i++) {
		blocks[i] = malloc((size_t)i * i + 1);
		memset(blocks[i], i, (size_t)i * i + 1);
	}
	for (int i = 0; i < 200; i += 2)
		free(blocks[i]);
	for (int i = 1; i < 200; i += 2) {
		blocks[i] = realloc(blocks[i], (size_t)i * i * 2 + 1);
		for (int j = 0; j <= i * i; j++)
			wrong += blocks[i][j] != i;
		free(blocks[i]);
	}
	SHOW("%ld", wrong);
	SHOW("%d", *(int *)calloc(1000, 4));
	SHOW("%d", (int)((uintptr_t)aligned_alloc(4096, 8192) % 4096));
	SHOW("%d", malloc(SIZE_MAX / 2) == NULL && errno == ENOMEM);
	if (setjmp(place) < 3)
		longjmp(place, ++jumps);
	SHOW("%d", jumps);
}

void check_threads(void)
{
	check_join();
	check_condition();
	check_barrier();
	check_cancel();
	check_once();
	check_memory();
}
