// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the same to a block device and to a reference, a plain file, and
 * compares the two byte by byte. All data, places and sizes come from a seed,
 * so that a run can be repeated.
 *
 *	raid-io fill DEVICE REFERENCE BYTES SEED SIZE
 *		writes all of it in order, SIZE bytes at a time
 *	raid-io random DEVICE REFERENCE BYTES SEED COUNT UNIT WORKERS [buffered]
 *		WORKERS processes write COUNT times each, and read now and then what
 *		they wrote. The units, of UNIT bytes, belong to the workers in turn:
 *		they meet in the stripes of an array, but never write the same bytes.
 *	raid-io meet DEVICE REFERENCE BYTES SEED COUNT WORKERS
 *		WORKERS processes write COUNT times each, all to the same blocks. Then
 *		a sector must be as one of its writes left it, and not as one that
 *		was over before another began. The reference becomes what is there.
 *	raid-io discard DEVICE REFERENCE OFFSET BYTES
 *		the reference becomes zero there
 *	raid-io compare DEVICE REFERENCE BYTES [buffered]
 *	raid-io garbage DEVICE OFFSET BYTES SEED
 *	raid-io read DEVICE BYTES TIMES
 *		and looks at nothing: others may write meanwhile
 *
 * Past the page cache, unless it says buffered. Prints what it did and how many
 * bytes that were. Exit status 0; 1: the data are wrong; 2: anything else.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/fs.h>

#define BUF_SIZE	(1 << 20)
#define SECTOR		512
#define BLOCK		4096

static int dev, ref;
static unsigned char *ours, *theirs;

static void fail(const char *what)
{
	printf("%s: %s\n", what, errno ? strerror(errno) : "no");
	fflush(stdout);
	_exit(2);
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 32;
}

static void fill_buffer(unsigned char *buf, size_t len, uint64_t seed)
{
	uint32_t value;
	size_t i;

	seed = seed * 0x9e3779b97f4a7c15ULL + 1;
	for (i = 0; i < len; i += sizeof(value)) {
		value = next_random(&seed);
		memcpy(buf + i, &value, sizeof(value));
	}
}

static long long number(const char *text)
{
	char *end;
	long long value = strtoll(text, &end, 0);

	errno = 0;
	if (!*text || *end || value < 0)
		fail(text);

	return value;
}

static void read_all(int fd, unsigned char *buf, size_t len, off_t pos,
		     const char *what)
{
	ssize_t got;

	while (len) {
		errno = 0;
		got = pread(fd, buf, len, pos);
		if (got <= 0)
			fail(what);
		buf += got;
		pos += got;
		len -= got;
	}
}

static void write_all(int fd, const unsigned char *buf, size_t len, off_t pos,
		      const char *what)
{
	errno = 0;
	if (pwrite(fd, buf, len, pos) != (ssize_t)len)
		fail(what);
}

static void write_both(size_t len, off_t pos)
{
	write_all(dev, ours, len, pos, "write to the device");
	write_all(ref, ours, len, pos, "write to the reference");
}

/* Tell where and how much of it is wrong; return the number of wrong bytes. */
static long compare_at(size_t len, off_t pos)
{
	size_t i, first = len;
	long wrong = 0;

	read_all(dev, theirs, len, pos, "read from the device");
	read_all(ref, ours, len, pos, "read from the reference");
	if (!memcmp(ours, theirs, len))
		return 0;
	for (i = 0; i < len; i++) {
		if (ours[i] == theirs[i])
			continue;
		if (first == len)
			first = i;
		wrong++;
	}
	printf("wrong: %ld bytes of %zu at %lld, the first at %lld: %02x instead of %02x\n",
	       wrong, len, (long long)pos, (long long)pos + (long long)first,
	       theirs[first], ours[first]);

	return wrong;
}

static int do_fill(off_t bytes, uint64_t seed, size_t size)
{
	off_t pos;

	if (!size || size > BUF_SIZE || size % SECTOR || bytes % SECTOR)
		fail("size");
	for (pos = 0; pos < bytes; pos += size) {
		if (size > (size_t)(bytes - pos))
			size = bytes - pos;
		fill_buffer(ours, size, seed + pos);
		write_both(size, pos);
	}
	printf("filled %lld\n", (long long)bytes);

	return 0;
}

static int work(off_t bytes, uint64_t seed, unsigned int count, size_t unit,
		unsigned int worker, unsigned int workers)
{
	uint64_t state = seed * 1000 + worker;
	unsigned int turns = bytes / unit / workers;
	unsigned int sectors = unit / SECTOR;
	long wrong = 0;

	while (count--) {
		off_t start = next_random(&state) % turns;
		unsigned int first = next_random(&state) % sectors;
		unsigned int nr = 1 + next_random(&state) % (sectors - first);

		/* half of them are whole blocks */
		if (next_random(&state) & 1) {
			nr += first % (BLOCK / SECTOR);
			first -= first % (BLOCK / SECTOR);
			nr = (nr + BLOCK / SECTOR - 1) & -(BLOCK / SECTOR);
		}
		start = (start * workers + worker) * unit;
		fill_buffer(ours, nr * SECTOR, next_random(&state));
		write_both(nr * SECTOR, start + first * SECTOR);
		if (!(next_random(&state) & 3))
			wrong += compare_at(unit, start);
	}

	return wrong != 0;
}

static int do_random(const char *name, off_t bytes, uint64_t seed,
		     unsigned int count, size_t unit, unsigned int workers,
		     int flags)
{
	int worst = 0, status;
	unsigned int i;

	if (unit < BLOCK || unit % BLOCK || unit > BUF_SIZE || !count ||
	    !workers || bytes < (off_t)(unit * workers))
		fail("unit, count, workers");
	fflush(stdout);
	for (i = 0; i < workers; i++) {
		if (fork())
			continue;
		dev = open(name, O_RDWR | flags);
		if (dev < 0)
			fail(name);
		status = work(bytes, seed, count, unit, i, workers);
		if (fsync(dev))
			fail("fsync");
		fflush(stdout);
		_exit(status);
	}
	for (i = 0; i < workers; i++) {
		if (wait(&status) < 0)
			fail("wait");
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 2;
		worst = status > worst ? status : worst;
	}
	printf("written %u\n", count * workers);

	return worst;
}

/* a write of raid-io meet: which sectors, what, and when */
struct meeting {
	uint64_t seed, begin, end;
	unsigned int first, nr;
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void meet(off_t bytes, uint64_t *state, struct meeting *one)
{
	unsigned int in_block = next_random(state) % (BLOCK / SECTOR);

	one->first = next_random(state) % (bytes / BLOCK) * (BLOCK / SECTOR);
	one->nr = BLOCK / SECTOR;
	/* half of them are parts of a block */
	if (next_random(state) & 1) {
		one->first += in_block;
		one->nr = 1 + next_random(state) % (one->nr - in_block);
	}
	one->seed = next_random(state);
	fill_buffer(ours, one->nr * SECTOR, one->seed);
	one->begin = now();
	write_all(dev, ours, one->nr * SECTOR, (off_t)one->first * SECTOR,
		  "write to the device");
	one->end = now();
}

static int covers(const struct meeting *one, unsigned int sector)
{
	return sector - one->first < one->nr;
}

/* Did another write to @sector begin when @one was over? */
static int is_over(const struct meeting *all, unsigned int nr,
		   const struct meeting *one, unsigned int sector)
{
	while (nr--)
		if (covers(all + nr, sector) && all[nr].begin > one->end)
			return 1;
	return 0;
}

/* Is what was read from @sector what it may be? */
static int sector_is_right(const struct meeting *all, unsigned int nr,
			   unsigned int sector)
{
	const struct meeting *one;
	int written = 0;

	for (one = all; one < all + nr; one++) {
		if (!covers(one, sector))
			continue;
		written = 1;
		if (is_over(all, nr, one, sector))
			continue;
		fill_buffer(ours, one->nr * SECTOR, one->seed);
		if (!memcmp(theirs, ours + (sector - one->first) * SECTOR, SECTOR))
			return 1;
	}
	if (written)
		return 0;
	read_all(ref, ours, SECTOR, (off_t)sector * SECTOR,
		 "read from the reference");
	return !memcmp(theirs, ours, SECTOR);
}

static int check_meetings(const struct meeting *all, unsigned int nr,
			  off_t bytes)
{
	off_t pos;

	for (pos = 0; pos < bytes; pos += SECTOR) {
		read_all(dev, theirs, SECTOR, pos, "read from the device");
		if (!sector_is_right(all, nr, pos / SECTOR)) {
			printf("wrong: no write left the sector at %lld so\n",
			       (long long)pos);
			return 1;
		}
		write_all(ref, theirs, SECTOR, pos, "write to the reference");
	}
	return 0;
}

static int do_meet(const char *name, off_t bytes, uint64_t seed,
		   unsigned int count, unsigned int workers)
{
	unsigned int nr = count * workers, i, left;
	struct meeting *all;
	int status;

	if (bytes < BLOCK || bytes % BLOCK || !count || !workers)
		fail("bytes, count, workers");
	all = mmap(NULL, nr * sizeof(*all), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED)
		fail("memory");
	fflush(stdout);
	for (i = 0; i < workers; i++) {
		uint64_t state = seed * 1000 + i;

		if (fork())
			continue;
		dev = open(name, O_RDWR | O_DIRECT);
		if (dev < 0)
			fail(name);
		for (left = count; left--; )
			meet(bytes, &state, all + i * count + left);
		_exit(0);
	}
	for (i = 0; i < workers; i++)
		if (wait(&status) < 0 || status)
			fail("a worker did not end well");
	if (check_meetings(all, nr, bytes))
		return 1;
	printf("written %u\n", nr);

	return 0;
}

static int do_compare(off_t bytes)
{
	unsigned int differ = 0;
	off_t pos, size = BUF_SIZE;

	for (pos = 0; pos < bytes; pos += size) {
		if (size > bytes - pos)
			size = bytes - pos;
		/* the first few tell enough */
		if (compare_at(size, pos) && ++differ == 4)
			break;
	}
	if (differ)
		return 1;
	printf("compared %lld\n", (long long)bytes);

	return 0;
}

static int do_discard(off_t pos, off_t bytes)
{
	uint64_t range[2] = { pos, bytes };
	off_t end = pos + bytes;

	errno = 0;
	if (ioctl(dev, BLKDISCARD, range))
		fail("discard");
	memset(ours, 0, BLOCK);
	for (; pos < end; pos += BLOCK)
		write_all(ref, ours, BLOCK, pos, "write to the reference");
	printf("discarded %lld\n", (long long)bytes);

	return 0;
}

static int do_garbage(off_t pos, off_t bytes, uint64_t seed)
{
	if (!bytes || bytes > BUF_SIZE || (pos | bytes) % SECTOR)
		fail("bytes");
	fill_buffer(ours, bytes, seed);
	write_all(dev, ours, bytes, pos, "write to the device");
	printf("garbage %lld\n", (long long)bytes);

	return 0;
}

static int do_read(off_t bytes, long long times)
{
	off_t pos;

	while (times--)
		for (pos = 0; pos + BUF_SIZE <= bytes; pos += BUF_SIZE)
			read_all(dev, theirs, BUF_SIZE, pos, "read from the device");
	printf("read %lld\n", (long long)bytes);

	return 0;
}

static int is(const char *given, const char *name, int argc, int least,
	      int most)
{
	return !strcmp(given, name) && argc >= least && argc <= most;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int flags = O_DIRECT;

	errno = 0;
	if (argc > 2 && !strcmp(argv[argc - 1], "buffered"))
		flags = 0;
	if (posix_memalign((void **)&ours, BLOCK, BUF_SIZE) ||
	    posix_memalign((void **)&theirs, BLOCK, BUF_SIZE))
		fail("memory");
	if (argc < 4)
		fail("usage: raid-io fill|random|meet|discard|compare|garbage|read");
	dev = open(argv[2], O_RDWR | flags);
	if (dev < 0)
		fail(argv[2]);
	if (is(what, "garbage", argc, 6, 6))
		return do_garbage(number(argv[3]), number(argv[4]),
				  number(argv[5]));
	if (is(what, "read", argc, 5, 5))
		return do_read(number(argv[3]), number(argv[4]));
	ref = open(argv[3], O_RDWR | O_CREAT, 0600);
	if (ref < 0)
		fail(argv[3]);
	if (is(what, "fill", argc, 7, 7))
		return do_fill(number(argv[4]), number(argv[5]),
			       number(argv[6]));
	if (is(what, "random", argc, 9, 10))
		return do_random(argv[2], number(argv[4]), number(argv[5]),
				 number(argv[6]), number(argv[7]),
				 number(argv[8]), flags);
	if (is(what, "meet", argc, 8, 8))
		return do_meet(argv[2], number(argv[4]), number(argv[5]),
			       number(argv[6]), number(argv[7]));
	if (is(what, "discard", argc, 6, 6))
		return do_discard(number(argv[4]), number(argv[5]));
	if (is(what, "compare", argc, 5, 6))
		return do_compare(number(argv[4]));
	errno = 0;
	fail(what);
	return 2;
}
