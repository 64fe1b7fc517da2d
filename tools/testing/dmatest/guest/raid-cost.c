// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the instructions that the whole machine spends on I/O to a block device:
 * those that the processor says it has executed, so time that it sleeps is not
 * among them. The machine has one processor.
 *
 *	raid-cost full DEVICE BYTES SIZE
 *		writes all of it in order, SIZE bytes at a time
 *	raid-cost small DEVICE BYTES COUNT
 *		writes COUNT blocks of 4 KiB, here and there
 *	raid-cost read DEVICE BYTES SIZE
 *		reads all of it in order
 *
 * Past the page cache. Prints the number. Exit status 0, or 2 with a reason.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/perf_event.h>

#define BUF_SIZE	(1 << 20)
#define BLOCK		4096

static unsigned char *buf;
static int dev;

static void fail(const char *what)
{
	printf("%s: %s\n", what, errno ? strerror(errno) : "no");
	exit(2);
}

static long long number(const char *text)
{
	char *end;
	long long value = strtoll(text, &end, 0);

	errno = 0;
	if (!*text || *end || value <= 0)
		fail(text);

	return value;
}

static int open_counter(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
	};
	int fd = syscall(__NR_perf_event_open, &attr, -1, 0, -1, 0);

	if (fd < 0)
		fail("the processor does not count instructions");

	return fd;
}

static uint64_t read_counter(int fd)
{
	uint64_t value;

	errno = 0;
	if (read(fd, &value, sizeof(value)) != sizeof(value))
		fail("counter");

	return value;
}

static void write_at(size_t size, off_t pos)
{
	errno = 0;
	if (pwrite(dev, buf, size, pos) != (ssize_t)size)
		fail("write");
}

static void do_full(off_t bytes, size_t size)
{
	off_t pos;

	for (pos = 0; pos + (off_t)size <= bytes; pos += size)
		write_at(size, pos);
}

static void do_small(off_t bytes, unsigned int count)
{
	uint64_t state = 1;

	while (count--) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		write_at(BLOCK, (off_t)((state >> 32) % (bytes / BLOCK)) * BLOCK);
	}
}

static void do_read(off_t bytes, size_t size)
{
	off_t pos;

	errno = 0;
	for (pos = 0; pos + (off_t)size <= bytes; pos += size)
		if (pread(dev, buf, size, pos) != (ssize_t)size)
			fail("read");
}

int main(int argc, char **argv)
{
	long long bytes, last;
	uint64_t before;
	int counter;

	errno = 0;
	if (argc != 5 || posix_memalign((void **)&buf, BLOCK, BUF_SIZE))
		fail("usage: raid-cost full|small|read DEVICE BYTES SIZE|COUNT");
	memset(buf, 0x5a, BUF_SIZE);
	bytes = number(argv[3]);
	last = number(argv[4]);
	dev = open(argv[2], O_RDWR | O_DIRECT);
	if (dev < 0)
		fail(argv[2]);
	counter = open_counter();
	before = read_counter(counter);
	if (!strcmp(argv[1], "full") && last <= BUF_SIZE)
		do_full(bytes, last);
	else if (!strcmp(argv[1], "small"))
		do_small(bytes, last);
	else if (!strcmp(argv[1], "read") && last <= BUF_SIZE)
		do_read(bytes, last);
	else
		fail(argv[1]);
	printf("%llu\n", (unsigned long long)(read_counter(counter) - before));

	return 0;
}
