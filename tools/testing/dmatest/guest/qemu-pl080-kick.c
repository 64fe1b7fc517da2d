// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps the interrupt line of QEMU's PL080 up to date.
 *
 * When a write to a channel's configuration register starts a transfer, the
 * model runs it at once but does not update its interrupt line. A write to any
 * global register does. DMACSync is one that the driver never uses and whose
 * reset value is 0, so 0 is written there, over and over.
 *
 * This belongs to the emulator alone: on hardware nothing starts it.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define KICK_INTERVAL_NS	1000000

static volatile uint32_t *map_register(unsigned long addr)
{
	unsigned long page = sysconf(_SC_PAGESIZE);
	unsigned long off = addr & (page - 1);
	char *base;
	int fd;

	fd = open("/dev/mem", O_RDWR | O_SYNC);
	if (fd < 0)
		err(1, "/dev/mem");
	base = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    addr - off);
	if (base == MAP_FAILED)
		err(1, "mmap of %#lx", addr);
	close(fd);
	return (volatile uint32_t *)(base + off);
}

int main(int argc, char **argv)
{
	const struct timespec interval = { .tv_nsec = KICK_INTERVAL_NS };
	const struct sched_param param = { .sched_priority = 1 };
	volatile uint32_t *sync_reg;
	unsigned long addr;
	char *end;

	if (argc != 2)
		errx(2, "usage: qemu-pl080-kick ADDRESS-OF-DMACSYNC");
	addr = strtoul(argv[1], &end, 0);
	if (*end || end == argv[1] || addr & 3)
		errx(2, "%s: not the address of a register", argv[1]);

	sync_reg = map_register(addr);
	/* dmatest threads that poll leave no time to an ordinary task */
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		err(1, "sched_setscheduler");
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		err(1, "mlockall");

	for (;;) {
		*sync_reg = 0;
		if (nanosleep(&interval, NULL))
			err(1, "nanosleep");
	}
}
