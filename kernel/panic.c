/* SPDX-License-Identifier: MIT */
/* print and panic: polling, no locks, no memory. A panic within a panic just halts. */
#include <kernel/panic.h>

#include <stdarg.h>

#include <kernel/console.h>
#include <kernel/cpu.h>
#include <kernel/x86_64/cpu_ops.h>
#include <kernel/x86_64/machine.h>

#define BACKTRACE_MAX 24

extern char kernel_text[], kernel_end[];

static void put_string(char const *s)
{
	for (; *s; s++)
		console_put(*s);
}

static void put_number(uint64_t value, unsigned base, unsigned width)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (; n < width; width--)
		console_put('0');
	while (n)
		console_put(digits[--n]);
}

/* %c %s %d %u %x %lu %lx %016lx: enough for boot and panic. */
static void print_list(char const *format, va_list args)
{
	for (; *format; format++) {
		unsigned width = 0;
		bool is_long = false;

		if (*format != '%') {
			console_put(*format);
			continue;
		}
		for (format++; *format >= '0' && *format <= '9'; format++)
			width = width * 10 + *format - '0';
		if (*format == 'l') {
			is_long = true;
			format++;
		}
		if (*format == 's') {
			put_string(va_arg(args, char const *));
		} else if (*format == 'c') {
			console_put(va_arg(args, int));
		} else if (*format == 'd') {
			int value = va_arg(args, int);
			if (value < 0)
				console_put('-');
			put_number(value < 0 ? -(int64_t)value : value, 10, width);
		} else {
			uint64_t value = is_long ? va_arg(args, uint64_t) : va_arg(args, unsigned);
			put_number(value, *format == 'x' ? 16 : 10, width);
		}
	}
}

void print(char const *format, ...)
{
	va_list args;
	va_start(args, format);
	print_list(format, args);
	va_end(args);
}

static void print_registers(struct frame const *f)
{
	print("kernel:   rip %016lx rsp %016lx rflags %lx cs %lx\n", f->rip, f->rsp, f->rflags, f->cs);
	print("kernel:   rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
	print("kernel:   rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
	print("kernel:   r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
	print("kernel:   r13 %016lx r14 %016lx r15 %016lx cr3 %016lx\n", f->r13, f->r14, f->r15, read_cr3());
}

static void print_backtrace(uint64_t ip, uint64_t const *bp)
{
	uint64_t window = this_cpu.number * KERNEL_WINDOW; /* addresses are told as symbols have them: in the first */

	print("kernel: backtrace: 0x%lx", ip - window);
	for (unsigned i = 0; i < BACKTRACE_MAX; i++) {
		if ((char const *)bp < kernel_text || (char const *)(bp + 2) > kernel_end || (uint64_t)bp % 8)
			break;
		print(" 0x%lx", bp[1] - window);
		bp = (uint64_t const *)bp[0];
	}
	print("\n");
}

static void begin_panic(void)
{
	static bool panicking;

	if (__atomic_test_and_set(&panicking, __ATOMIC_ACQUIRE))
		cpu_halt();
	cpu_stop_others();
	print("\nkernel: panic: ");
	if (this_cpu.number)
		print("CPU %u: ", this_cpu.number);
}

void panic_at(struct frame const *frame, char const *format, ...)
{
	va_list args;

	begin_panic();
	va_start(args, format);
	print_list(format, args);
	va_end(args);
	print("\n");
	print_registers(frame);
	print_backtrace(frame->rip, (uint64_t const *)frame->rbp);
	machine_end(MACHINE_END, MACHINE_EXIT_PANIC);
}

void panic(char const *format, ...)
{
	va_list args;

	begin_panic();
	va_start(args, format);
	print_list(format, args);
	va_end(args);
	print("\n");
	if (this_cpu.current)
		print_registers(&this_cpu.current->frame);
	print_backtrace((uint64_t)__builtin_return_address(0), *(uint64_t const **)__builtin_frame_address(0));
	machine_end(MACHINE_END, MACHINE_EXIT_PANIC);
}
