/* SPDX-License-Identifier: MIT */
/*
 * From the component's start to main(), and its end. The program's arguments and environment come from the configuration, in the form that Linux
 * puts on a new program's stack, for that is where musl looks.
 */
#include "vfs.h"

#include <base/startup.h>
#include <elf.h>
#include <sys/mman.h>

/* Of musl, and of the program. */
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void), void (*end)(void));
int main(int argc, char **argv, char **environment);

enum { AUX_COUNT = 12, STACK_DEFAULT_SIZE = 0x20000, WORDS_MAX = 128, PATH_SIZE = 256 };

/* --- What all files share --- */

struct env *libc_env;

static struct mutex lock;
static struct heap  heap;

void libc_lock(void)
{
	mutex_lock(&lock);
}

void libc_unlock(void)
{
	mutex_unlock(&lock);
}

void *libc_alloc(size_t size)
{
	void *block;

	return heap_alloc(&heap, size, &block) == STATUS_OK ? block : NULL;
}

void libc_free(void *memory)
{
	heap_free(&heap, memory);
}

_Noreturn void libc_exit(int value)
{
	device_flush();
	libc_unlock();
	env_exit(libc_env, (uint32_t)value & 0xff);
	__builtin_unreachable();
}

long call_exit_group(long const a[6])
{
	libc_exit((int)a[0]);
}

/* --- Arguments --- */

/* argc, argv, NULL, environment, NULL, auxiliary vector: as words, and the texts behind them. */
struct block {
	uint64_t words[WORDS_MAX];
	unsigned count;       /* of words */
	char    *text;        /* where the next one goes */
	size_t   left;
};

static MUST_CHECK enum status add_word(struct block *block, uint64_t word)
{
	if (block->count == WORDS_MAX - 2 * AUX_COUNT - 2)
		return STATUS_TOO_LONG;
	block->words[block->count++] = word;
	return STATUS_OK;
}

/* The value of attribute `name` behind `prefix`. */
static MUST_CHECK enum status add_text(struct block *block, char const *prefix, struct node node, char const *name)
{
	TRY(add_word(block, (uint64_t)block->text));

	size_t const length = strlen(prefix);

	if (block->left <= length)
		return STATUS_TOO_LONG;
	memcpy(block->text, prefix, length);
	TRY(node_string(node, name, "", block->text + length, block->left - length));

	size_t const size = strlen(block->text) + 1;

	block->text += size;
	block->left -= size;
	return STATUS_OK;
}

static void add_auxiliary(struct block *block, uint64_t type, uint64_t value)
{
	block->words[block->count++] = type;
	block->words[block->count++] = value;
}

/* So many random bytes as there are: without the instruction, the clock and an address, which are hard to guess but not random. */
static void make_random(uint64_t words[2])
{
	words[0] = time_now_ns() * UINT64_C(0x9e3779b97f4a7c15);
	words[1] = words[0] ^ (uint64_t)&words << 17;
	libc_random(words, 2);
}

static void add_all_auxiliary(struct block *block)
{
	static uint64_t     random[2];
	Elf64_Ehdr const   *image = (Elf64_Ehdr const *)IMAGE_ADDRESS;

	make_random(random);
	add_auxiliary(block, AT_PAGESZ, PAGE_SIZE);
	add_auxiliary(block, AT_PHDR, IMAGE_ADDRESS + image->e_phoff);
	add_auxiliary(block, AT_PHENT, image->e_phentsize);
	add_auxiliary(block, AT_PHNUM, image->e_phnum);
	add_auxiliary(block, AT_RANDOM, (uint64_t)random);
	add_auxiliary(block, AT_NULL, 0);
}

static enum status make_arguments(struct block *block, struct node config)
{
	unsigned count = 0;

	node_for_each (arg, config, "arg") {
		TRY(add_text(block, "", arg, "value"));
		count++;
	}
	if (!count) {
		TRY(add_word(block, (uint64_t)"program"));
		count++;
	}
	block->words[0] = count;
	TRY(add_word(block, 0));
	node_for_each (variable, config, "env") {
		char name[NODE_NAME_SIZE + 1];

		TRY(node_string(variable, "key", "", name, sizeof(name) - 1));
		TRY(string_append(name, sizeof(name), "="));
		TRY(add_text(block, name, variable, "value"));
	}
	TRY(add_word(block, 0));
	add_all_auxiliary(block);
	return STATUS_OK;
}

/* --- Start --- */

/* On the stack of the program. */
static int run_main(void *argument)
{
	uint64_t *words = argument;

	return __libc_start_main(main, (int)words[0], (char **)(words + 1), NULL, NULL, NULL);
}

/* The first task's stack, with a guard page below it: a reservation that has memory but for its first page. */
static enum status make_stack(size_t size, void **end)
{
	long const start = call_mmap((long[6]) { 0, (long)(size + PAGE_SIZE), PROT_NONE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0 });

	if (start < 0 || call_mprotect((long[6]) { start + (long)PAGE_SIZE, (long)size, PROT_READ | PROT_WRITE }) < 0)
		return STATUS_OUT_OF_RAM;
	*end = (void *)((uint64_t)start + PAGE_SIZE + size);
	return STATUS_OK;
}

static enum status enter_directory(struct node libc)
{
	char path[PATH_SIZE], file[NODE_FILE_SIZE];
	long result;

	TRY(node_string(libc, "cwd", "/", path, sizeof(path)));
	result = path_set_working(path);
	if (result)
		log_error("%s:%u: cwd=\"%s\" is no directory in <vfs>: error %ld", node_file(libc, file), node_line(libc), path, -result);
	return result ? STATUS_NOT_FOUND : STATUS_OK;
}

static enum status start_program(struct env *env, struct node libc, struct block *block)
{
	size_t const         size    = node_bytes(libc, "stack", STACK_DEFAULT_SIZE, PAGE_SIZE, 1UL << 28);
	struct clone_request request = { .function = run_main, .argument = block->words };
	struct task         *task;

	TRY(make_stack(align_up(size, PAGE_SIZE), &request.stack));
	if (task_create(env, &request, &task) < 0)
		return STATUS_OUT_OF_CAPS;
	return task_start_first(task);
}

enum status component_construct(struct env *env)
{
	struct node const config = env_config(env);
	struct node const libc   = node_child(config, "libc");
	struct block     *block;

	libc_env = env;
	heap_init(&heap, env->account.cap, &heap_source_ram);
	TRY(heap_alloc(&heap, PAGE_SIZE, (void **)&block));
	block->text = (char *)(block + 1);
	block->left = PAGE_SIZE - sizeof(*block);
	block->count = 1;
	TRY(make_arguments(block, config));
	TRY(vfs_start(env, config));
	TRY(fd_start(libc));
	TRY(enter_directory(libc));
	if (&libc_network)
		TRY(libc_network.start(env, config));
	return start_program(env, libc, block);
}
