// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the DMA engine's unmap records.
 *
 * They bring a provider that moves no data and does nothing by itself: a test
 * tells it when a transfer ends, how, and in which context. It comes in two
 * flavours: one made with virt-dma, and one with a ring of descriptors that are
 * initialised once and recycled as they are.
 *
 * What happens is noted, a letter each, and tests compare the words:
 *
 *	U: a record has gone	C: a callback		T: terminate_all
 *	X: the same, while the	R: channel resources	S: synchronize
 *	   engine still ran	   freed
 */

#include <kunit/device.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/dmaengine.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "../dmaengine.h"
#include "../virt-dma.h"

#define FAKE_CHANS	2
#define FAKE_RING	32
#define FAKE_XFERS	16
#define FAKE_EVENTS	64
#define FAKE_LEN	64
#define FAKE_SEED	0x756e6d61

#define MANY_ENTRIES	3000
#define RACE_XFERS	2000

/* A record and what became of it. */
struct rec {
	struct fake *fake;
	struct dmaengine_unmap_data *unmap;
	dma_addr_t addr;
	atomic_t running;	/* transfers at the engine */
	atomic_t gone;
};

struct xfer {
	struct fake_chan *fc;
	struct dma_async_tx_descriptor *tx;
	struct rec *rec;
	struct rec own;
	struct list_head stopping;
	dma_cookie_t cookie;
	enum dmaengine_tx_result result;
	bool running;
};

struct fake_desc {
	struct virt_dma_desc vd;
	struct xfer *x;
	bool busy;		/* ring only */
};

/* The ring flavour borrows the structures of virt-dma, not its functions. */
struct fake_chan {
	struct virt_dma_chan vc;
	struct fake *fake;
	struct list_head stopping;
	struct fake_desc ring[FAKE_RING];
	unsigned int next;
	bool requested;
};

struct fake {
	struct kunit *test;
	struct device *dev;
	struct page *page;
	struct dma_device ddev;
	struct fake_chan chans[FAKE_CHANS];
	struct xfer xfers[FAKE_XFERS];
	unsigned int nr_xfers;
	unsigned int ring_size;
	bool virt;
	bool registered;
	atomic_t live;		/* descriptors of virt-dma */
	atomic_t early;		/* records that went while the engine ran */

	int alloc_err;		/* of the last channel */
	int submit_err;
	int terminate_err;
	void (*on_submit)(struct fake *fake);
	void (*on_terminate)(struct fake *fake);
	void (*on_synchronize)(struct fake *fake);
	void (*on_status)(struct fake *fake);

	char events[FAKE_EVENTS];
	atomic_t nr_events;
};

static struct fake_chan *to_fake_chan(struct dma_chan *chan)
{
	return container_of(chan, struct fake_chan, vc.chan);
}

static struct fake_desc *to_fake_desc(struct dma_async_tx_descriptor *tx)
{
	return container_of(tx, struct fake_desc, vd.tx);
}

static void fake_event(struct fake *fake, char event)
{
	int i = atomic_fetch_inc(&fake->nr_events);

	if (i < FAKE_EVENTS - 1)
		fake->events[i] = event;
}

/* Compare the events of some kinds, and forget all events. */
static void expect_only(struct fake *fake, const char *kinds, const char *want,
			const char *what)
{
	char got[FAKE_EVENTS] = "";
	unsigned int i, n = 0;

	for (i = 0; i < FAKE_EVENTS && fake->events[i]; i++)
		if (strchr(kinds, fake->events[i]))
			got[n++] = fake->events[i];

	KUNIT_EXPECT_STREQ_MSG(fake->test, got, want, "%s (%s)", what,
			       fake->virt ? "virt-dma" : "ring");
	memset(fake->events, 0, sizeof(fake->events));
	atomic_set(&fake->nr_events, 0);
}

static void expect(struct fake *fake, const char *want, const char *what)
{
	expect_only(fake, "UXC", want, what);
}

static void xfer_start(struct xfer *x)
{
	if (!x || x->running)
		return;

	x->running = true;
	atomic_inc(&x->rec->running);
}

static void xfer_stop(struct xfer *x)
{
	if (!x || !x->running)
		return;

	x->running = false;
	atomic_dec(&x->rec->running);
}

/* The provider */

static dma_cookie_t fake_tx_submit(struct dma_async_tx_descriptor *tx)
{
	struct fake_chan *fc = to_fake_chan(tx->chan);
	struct fake_desc *fd = to_fake_desc(tx);
	struct fake *fake = fc->fake;
	unsigned long flags;
	dma_cookie_t cookie;

	if (fake->submit_err)
		return fake->submit_err;

	xfer_start(fd->x);
	if (fake->virt) {
		cookie = vchan_tx_submit(tx);
	} else {
		spin_lock_irqsave(&fc->vc.lock, flags);
		list_add_tail(&fd->vd.node, &fc->vc.desc_submitted);
		cookie = dma_cookie_assign(tx);
		spin_unlock_irqrestore(&fc->vc.lock, flags);
	}
	if (fake->on_submit)
		fake->on_submit(fake);

	return cookie;
}

static struct dma_async_tx_descriptor *
fake_prep_virt(struct fake_chan *fc, unsigned long flags)
{
	struct dma_async_tx_descriptor *tx;
	struct fake_desc *fd;

	fd = kzalloc(sizeof(*fd), GFP_NOWAIT);
	if (!fd)
		return NULL;

	atomic_inc(&fc->fake->live);
	tx = vchan_tx_prep(&fc->vc, &fd->vd, flags);
	tx->tx_submit = fake_tx_submit;

	return tx;
}

static struct dma_async_tx_descriptor *
fake_prep_ring(struct fake_chan *fc, unsigned long flags)
{
	struct fake_desc *fd;
	unsigned long irqflags;
	bool busy;

	spin_lock_irqsave(&fc->vc.lock, irqflags);
	fd = &fc->ring[fc->next];
	busy = fd->busy;
	if (!busy) {
		fd->busy = true;
		fd->x = NULL;
		fd->vd.tx.flags = flags;
		fc->next = (fc->next + 1) % fc->fake->ring_size;
	}
	spin_unlock_irqrestore(&fc->vc.lock, irqflags);

	return busy ? NULL : &fd->vd.tx;
}

static struct dma_async_tx_descriptor *
fake_prep(struct dma_chan *chan, unsigned long flags)
{
	struct fake_chan *fc = to_fake_chan(chan);

	if (fc->fake->virt)
		return fake_prep_virt(fc, flags);

	return fake_prep_ring(fc, flags);
}

static struct dma_async_tx_descriptor *
fake_prep_memcpy(struct dma_chan *chan, dma_addr_t dst, dma_addr_t src,
		 size_t len, unsigned long flags)
{
	return fake_prep(chan, flags);
}

static struct dma_async_tx_descriptor *
fake_prep_cyclic(struct dma_chan *chan, dma_addr_t addr, size_t len,
		 size_t period, enum dma_transfer_direction dir,
		 unsigned long flags)
{
	return fake_prep(chan, flags);
}

static int fake_desc_free_ring(struct dma_async_tx_descriptor *tx)
{
	to_fake_desc(tx)->busy = false;
	return 0;
}

static void fake_desc_free_virt(struct virt_dma_desc *vd)
{
	struct fake_chan *fc = to_fake_chan(vd->tx.chan);

	atomic_dec(&fc->fake->live);
	kfree(container_of(vd, struct fake_desc, vd));
}

static void fake_issue_pending(struct dma_chan *chan)
{
	struct virt_dma_chan *vc = to_virt_chan(chan);
	unsigned long flags;

	spin_lock_irqsave(&vc->lock, flags);
	vchan_issue_pending(vc);
	spin_unlock_irqrestore(&vc->lock, flags);
}

static enum dma_status fake_tx_status(struct dma_chan *chan,
				      dma_cookie_t cookie,
				      struct dma_tx_state *state)
{
	struct fake *fake = to_fake_chan(chan)->fake;

	if (fake->on_status)
		fake->on_status(fake);

	return dma_cookie_status(chan, cookie, state);
}

static void fake_terminate_desc(struct fake_chan *fc, struct fake_desc *fd)
{
	if (fd->x && fd->x->running)
		list_add_tail(&fd->x->stopping, &fc->stopping);

	list_del_init(&fd->vd.node);
	if (fc->fake->virt)
		vchan_terminate_vdesc(&fd->vd);
	else
		fd->busy = dmaengine_desc_test_reuse(&fd->vd.tx);
}

/* The engine runs on until it is synchronized. */
static int fake_terminate_all(struct dma_chan *chan)
{
	struct fake_chan *fc = to_fake_chan(chan);
	struct fake *fake = fc->fake;
	struct fake_desc *fd, *next;
	LIST_HEAD(head);

	fake_event(fake, 'T');
	if (fake->terminate_err)
		return fake->terminate_err;

	scoped_guard(spinlock_irqsave, &fc->vc.lock) {
		list_splice_tail_init(&fc->vc.desc_issued, &head);
		list_splice_tail_init(&fc->vc.desc_submitted, &head);
		list_splice_tail_init(&fc->vc.desc_completed, &head);
		list_for_each_entry_safe(fd, next, &head, vd.node)
			fake_terminate_desc(fc, fd);
	}
	if (fake->on_terminate)
		fake->on_terminate(fake);

	return 0;
}

static void fake_synchronize(struct dma_chan *chan)
{
	struct fake_chan *fc = to_fake_chan(chan);
	struct fake *fake = fc->fake;
	struct xfer *x, *next;

	fake_event(fake, 'S');
	scoped_guard(spinlock_irqsave, &fc->vc.lock) {
		list_for_each_entry_safe(x, next, &fc->stopping, stopping) {
			list_del_init(&x->stopping);
			xfer_stop(x);
		}
	}
	if (fake->virt)
		vchan_synchronize(&fc->vc);
	if (fake->on_synchronize)
		fake->on_synchronize(fake);
}

static int fake_alloc_chan_resources(struct dma_chan *chan)
{
	struct fake *fake = to_fake_chan(chan)->fake;

	return chan->chan_id == FAKE_CHANS - 1 ? fake->alloc_err : 0;
}

static void fake_free_chan_resources(struct dma_chan *chan)
{
	struct fake_chan *fc = to_fake_chan(chan);

	if (fc->fake->virt)
		vchan_free_chan_resources(&fc->vc);
	fake_event(fc->fake, 'R');
}

/* It goes with its test. */
static void fake_device_release(struct dma_device *ddev)
{
}

static void fake_chan_init(struct fake *fake, struct fake_chan *fc)
{
	unsigned int i;

	vchan_init(&fc->vc, &fake->ddev);
	fc->vc.desc_free = fake_desc_free_virt;
	fc->fake = fake;
	INIT_LIST_HEAD(&fc->stopping);

	for (i = 0; i < FAKE_RING; i++) {
		struct dma_async_tx_descriptor *tx = &fc->ring[i].vd.tx;

		dma_async_tx_descriptor_init(tx, &fc->vc.chan);
		tx->tx_submit = fake_tx_submit;
		tx->desc_free = fake_desc_free_ring;
		INIT_LIST_HEAD(&fc->ring[i].vd.node);
	}
}

static void fake_ddev_init(struct fake *fake)
{
	struct dma_device *ddev = &fake->ddev;

	ddev->dev = fake->dev;
	dma_cap_set(DMA_MEMCPY, ddev->cap_mask);
	dma_cap_set(DMA_CYCLIC, ddev->cap_mask);
	dma_cap_set(DMA_PRIVATE, ddev->cap_mask);
	ddev->directions = BIT(DMA_MEM_TO_DEV);
	ddev->descriptor_reuse = true;
	ddev->device_prep_dma_memcpy = fake_prep_memcpy;
	ddev->device_prep_dma_cyclic = fake_prep_cyclic;
	ddev->device_issue_pending = fake_issue_pending;
	ddev->device_tx_status = fake_tx_status;
	ddev->device_terminate_all = fake_terminate_all;
	ddev->device_synchronize = fake_synchronize;
	ddev->device_alloc_chan_resources = fake_alloc_chan_resources;
	ddev->device_free_chan_resources = fake_free_chan_resources;
	ddev->device_release = fake_device_release;
	INIT_LIST_HEAD(&ddev->channels);
}

static void fake_release_chan(struct fake *fake, unsigned int i)
{
	struct fake_chan *fc = &fake->chans[i];

	if (fc->requested)
		dma_release_channel(&fc->vc.chan);
	fc->requested = false;
}

static void fake_unregister(struct fake *fake)
{
	if (fake->registered)
		dma_async_device_unregister(&fake->ddev);
	fake->registered = false;
}

static void fake_exit(void *data)
{
	struct fake *fake = data;
	unsigned int i;

	for (i = 0; i < FAKE_CHANS; i++)
		fake_release_chan(fake, i);
	fake_unregister(fake);

	KUNIT_EXPECT_EQ_MSG(fake->test, atomic_read(&fake->early), 0,
			    "unmapped while the engine ran");
	KUNIT_EXPECT_EQ_MSG(fake->test, atomic_read(&fake->live), 0,
			    "the provider has leaked descriptors");
	__free_page(fake->page);
}

static void fake_request_chan(struct fake *fake, unsigned int i)
{
	struct fake_chan *fc = &fake->chans[i];

	KUNIT_ASSERT_NOT_NULL_MSG(fake->test,
				  dma_get_slave_channel(&fc->vc.chan),
				  "channel %u cannot be requested", i);
	fc->requested = true;
}

static struct fake *fake_alloc(struct kunit *test, bool virt)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->test = test;
	fake->virt = virt;
	fake->ring_size = FAKE_RING;
	fake->dev = kunit_device_register(test, "dmaengine-unmap");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->dev);
	fake->page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake->page);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fake_exit, fake));

	fake_ddev_init(fake);
	for (i = 0; i < FAKE_CHANS; i++)
		fake_chan_init(fake, &fake->chans[i]);

	return fake;
}

static void fake_register(struct fake *fake)
{
	KUNIT_ASSERT_EQ_MSG(fake->test, 0,
			    dma_async_device_register(&fake->ddev),
			    "the provider cannot be registered");
	fake->registered = true;
}

static struct fake *fake_new(struct kunit *test, bool virt)
{
	struct fake *fake = fake_alloc(test, virt);
	unsigned int i;

	fake_register(fake);
	for (i = 0; i < FAKE_CHANS; i++)
		fake_request_chan(fake, i);

	return fake;
}

struct flavour {
	const char *name;
	bool virt;
};

static const struct flavour flavours[] = {
	{ "ring", false },
	{ "virt-dma", true },
};

KUNIT_ARRAY_PARAM_DESC(flavour, flavours, name);

static struct fake *fake_flavour(struct kunit *test)
{
	const struct flavour *flavour = test->param_value;

	return fake_new(test, flavour->virt);
}

/* What the engine does when a test says so */

enum fake_ctx {
	FAKE_PROCESS,
	FAKE_SOFTIRQ,
	FAKE_HARDIRQ,
	FAKE_LOCKED,
};

struct fake_job {
	struct fake_desc *fd;
	enum dmaengine_tx_result result;
	bool locked;
	bool in_context;
	struct tasklet_struct tasklet;
	struct irq_work irq_work;
};

/* As an interrupt handler would: after this a client that polls goes on. */
static void fake_complete(struct fake_desc *fd, enum dmaengine_tx_result result,
			  struct dmaengine_desc_callback *cb)
{
	struct fake_chan *fc = to_fake_chan(fd->vd.tx.chan);

	lockdep_assert_held(&fc->vc.lock);

	list_del_init(&fd->vd.node);
	xfer_stop(fd->x);
	if (fc->fake->virt) {
		memset(cb, 0, sizeof(*cb));
		fd->vd.tx_result.result = result;
		vchan_cookie_complete(&fd->vd);
		return;
	}

	dma_cookie_complete(&fd->vd.tx);
	dmaengine_desc_get_callback(&fd->vd.tx, cb);
	fd->busy = dmaengine_desc_test_reuse(&fd->vd.tx);
}

static void fake_job_run(struct fake_job *job)
{
	struct fake_chan *fc = to_fake_chan(job->fd->vd.tx.chan);
	struct dmaengine_result result = { .result = job->result };
	struct dmaengine_desc_callback cb;

	scoped_guard(spinlock_irqsave, &fc->vc.lock) {
		fake_complete(job->fd, job->result, &cb);
		if (job->locked)
			dmaengine_desc_callback_invoke(&cb, &result);
	}
	if (!job->locked)
		dmaengine_desc_callback_invoke(&cb, &result);
}

static void fake_job_tasklet(struct tasklet_struct *t)
{
	struct fake_job *job = from_tasklet(job, t, tasklet);

	job->in_context = in_serving_softirq();
	fake_job_run(job);
}

static void fake_job_irq(struct irq_work *work)
{
	struct fake_job *job = container_of(work, struct fake_job, irq_work);

	job->in_context = in_hardirq();
	fake_job_run(job);
}

static void fake_end_in(struct xfer *x, enum dmaengine_tx_result result,
			enum fake_ctx ctx)
{
	struct fake_job job = {
		.fd = to_fake_desc(x->tx),
		.result = result,
		.locked = ctx == FAKE_LOCKED,
		.in_context = true,
		.irq_work = IRQ_WORK_INIT_HARD(fake_job_irq),
	};

	if (ctx == FAKE_SOFTIRQ) {
		tasklet_setup(&job.tasklet, fake_job_tasklet);
		tasklet_schedule(&job.tasklet);
		tasklet_kill(&job.tasklet);
	} else if (ctx == FAKE_HARDIRQ) {
		irq_work_queue(&job.irq_work);
		irq_work_sync(&job.irq_work);
	} else {
		fake_job_run(&job);
	}
	KUNIT_EXPECT_TRUE_MSG(x->fc->fake->test, job.in_context,
			      "ended in the wrong context");
	tasklet_kill(&x->fc->vc.task);
}

static void fake_end(struct xfer *x)
{
	fake_end_in(x, DMA_TRANS_NOERROR, FAKE_PROCESS);
}

static void fake_period(struct xfer *x)
{
	if (!x->fc->fake->virt) {
		dmaengine_desc_get_callback_invoke(x->tx, NULL);
		return;
	}

	scoped_guard(spinlock_irqsave, &x->fc->vc.lock)
		vchan_cyclic_callback(&to_fake_desc(x->tx)->vd);
	tasklet_kill(&x->fc->vc.task);
}

/* The client */

static void rec_done(void *arg)
{
	struct rec *rec = arg;
	bool early = atomic_read(&rec->running);

	atomic_inc(&rec->gone);
	fake_event(rec->fake, early ? 'X' : 'U');
	if (early)
		atomic_inc(&rec->fake->early);
}

static void rec_get(struct fake *fake, struct rec *rec, int nr_descs)
{
	struct kunit *test = fake->test;
	int err;

	rec->fake = fake;
	rec->unmap = dmaengine_get_shared_unmap(fake->dev, 1, nr_descs,
						GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL_MSG(test, rec->unmap, "no memory for a record");
	err = dmaengine_map_page(rec->unmap, fake->dev, fake->page, 0, FAKE_LEN,
				 DMA_TO_DEVICE, &rec->addr);
	KUNIT_ASSERT_EQ_MSG(test, err, 0, "page not mapped");
	dmaengine_unmap_set_done(rec->unmap, rec_done, rec);
}

static void xfer_callback(void *arg)
{
	struct xfer *x = arg;

	fake_event(x->fc->fake, 'C');
}

static void xfer_callback_result(void *arg,
				 const struct dmaengine_result *result)
{
	struct xfer *x = arg;

	x->result = result->result;
	fake_event(x->fc->fake, 'C');
}

static void xfer_init(struct fake *fake, struct xfer *x, unsigned int chan)
{
	x->fc = &fake->chans[chan];
	x->rec = &x->own;
	INIT_LIST_HEAD(&x->stopping);
}

static void xfer_set_tx(struct xfer *x, struct dma_async_tx_descriptor *tx)
{
	KUNIT_ASSERT_NOT_NULL_MSG(x->fc->fake->test, tx, "no descriptor");
	to_fake_desc(tx)->x = x;
	tx->callback = xfer_callback;
	tx->callback_result = NULL;
	tx->callback_param = x;
	x->tx = tx;
}

static void xfer_prep_memcpy(struct xfer *x, unsigned long flags)
{
	struct dma_chan *chan = &x->fc->vc.chan;

	xfer_set_tx(x, dmaengine_prep_dma_memcpy(chan, x->rec->addr,
						 x->rec->addr, FAKE_LEN,
						 flags));
}

/* A transfer without a record */
static struct xfer *xfer_bare(struct fake *fake, unsigned int chan)
{
	struct xfer *x = &fake->xfers[fake->nr_xfers++];

	KUNIT_ASSERT_LE_MSG(fake->test, fake->nr_xfers, FAKE_XFERS,
			    "too many transfers in a test");
	xfer_init(fake, x, chan);
	xfer_prep_memcpy(x, 0);

	return x;
}

/* One that holds a record which others may hold too */
static struct xfer *xfer_shared(struct fake *fake, unsigned int chan,
				struct rec *rec)
{
	struct xfer *x = xfer_bare(fake, chan);

	x->rec = rec;
	dma_set_unmap(x->tx, rec->unmap);

	return x;
}

/* One whose record the client still has a reference to */
static struct xfer *xfer_kept(struct fake *fake)
{
	struct xfer *x = xfer_bare(fake, 0);

	rec_get(fake, x->rec, 1);
	dma_set_unmap(x->tx, x->rec->unmap);

	return x;
}

static struct xfer *xfer_prep(struct fake *fake)
{
	struct xfer *x = xfer_kept(fake);

	dmaengine_unmap_put(x->rec->unmap);

	return x;
}

static void xfer_submit(struct xfer *x)
{
	x->cookie = dmaengine_submit(x->tx);
	KUNIT_ASSERT_FALSE_MSG(x->fc->fake->test, dma_submit_error(x->cookie),
			       "submit failed: %d", x->cookie);
}

static struct xfer *xfer_run(struct fake *fake)
{
	struct xfer *x = xfer_prep(fake);

	xfer_submit(x);

	return x;
}

static struct dma_chan *fake_chan(struct fake *fake)
{
	return &fake->chans[0].vc.chan;
}

static void terminate_async(struct fake *fake)
{
	KUNIT_ASSERT_EQ_MSG(fake->test, 0,
			    dmaengine_terminate_async(fake_chan(fake)),
			    "not terminated");
}

static void terminate_sync(struct fake *fake)
{
	terminate_async(fake);
	dmaengine_synchronize(fake_chan(fake));
}

/* A device that counts its mappings, and fails when it is told to */
struct mapper {
	struct device *dev;
	int live;
	u64 sum;
	bool fail;
};

static u64 mapper_sum(dma_addr_t addr, size_t len, enum dma_data_direction dir)
{
	return (u64)addr * 31 + len * 7 + dir;
}

static dma_addr_t mapper_map(struct device *dev, struct page *page,
			     unsigned long offset, size_t len,
			     enum dma_data_direction dir, unsigned long attrs)
{
	struct mapper *mapper = dev_get_drvdata(dev);
	dma_addr_t addr = page_to_phys(page) + offset;

	if (mapper->fail)
		return DMA_MAPPING_ERROR;

	mapper->live++;
	mapper->sum += mapper_sum(addr, len, dir);

	return addr;
}

static void mapper_unmap(struct device *dev, dma_addr_t addr, size_t len,
			 enum dma_data_direction dir, unsigned long attrs)
{
	struct mapper *mapper = dev_get_drvdata(dev);

	mapper->live--;
	mapper->sum -= mapper_sum(addr, len, dir);
}

static const struct dma_map_ops mapper_ops = {
	.map_page = mapper_map,
	.unmap_page = mapper_unmap,
};

static void mapper_init(struct kunit *test, struct mapper *mapper,
			const char *name)
{
	if (!IS_ENABLED(CONFIG_ARCH_HAS_DMA_OPS))
		kunit_skip(test, "devices have no DMA ops of their own here");

	mapper->dev = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mapper->dev);
	dev_set_drvdata(mapper->dev, mapper);
	set_dma_ops(mapper->dev, &mapper_ops);
}

static void mapper_expect(struct kunit *test, struct mapper *mapper, int live,
			  const char *what)
{
	KUNIT_EXPECT_EQ_MSG(test, mapper->live, live, "%s: %s", what,
			    dev_name(mapper->dev));
	if (!live)
		KUNIT_EXPECT_EQ_MSG(test, mapper->sum, 0,
				    "%s: other ranges than mapped", what);
}

static void count_done(void *arg)
{
	(*(int *)arg)++;
}

struct record {
	struct dmaengine_unmap_data *unmap;
	struct page *page;
	int done;
};

static void free_page_action(void *page)
{
	__free_page(page);
}

static void record_init(struct kunit *test, struct record *record,
			struct device *dev, int nr)
{
	record->done = 0;
	record->page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, record->page);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_page_action,
						  record->page));
	record->unmap = dmaengine_get_unmap_data(dev, nr, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL_MSG(test, record->unmap, "no memory");
	dmaengine_unmap_set_done(record->unmap, count_done, &record->done);
}

static int record_map(struct record *record, struct device *dev, size_t offset,
		      size_t len, enum dma_data_direction dir, dma_addr_t *addr)
{
	return dmaengine_map_page(record->unmap, dev, record->page, offset, len,
				  dir, addr);
}

/* Tests: the record itself */

static void record_map_put(struct kunit *test)
{
	struct mapper mapper = { };
	struct record record;
	dma_addr_t addr;
	int err;

	mapper_init(test, &mapper, "mapper");
	record_init(test, &record, mapper.dev, 2);
	err = record_map(&record, mapper.dev, 64, 32, DMA_TO_DEVICE, &addr);
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "first mapping");
	KUNIT_EXPECT_EQ_MSG(test, (u64)addr, page_to_phys(record.page) + 64,
			    "address of the mapping");
	err = record_map(&record, mapper.dev, 512, 128, DMA_FROM_DEVICE, &addr);
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "second mapping");
	mapper_expect(test, &mapper, 2, "before the put");
	KUNIT_EXPECT_EQ_MSG(test, record.done, 0, "told before the put");

	dmaengine_unmap_put(record.unmap);
	mapper_expect(test, &mapper, 0, "after the put");
	KUNIT_EXPECT_EQ_MSG(test, record.done, 1, "told after the put");
}

static void record_empty(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "dmaengine-unmap");
	struct record record;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	dmaengine_unmap_put(NULL);
	record_init(test, &record, dev, 0);
	dmaengine_unmap_put(record.unmap);
	KUNIT_EXPECT_EQ_MSG(test, record.done, 1, "an empty record goes too");
}

static void record_bad_numbers(struct kunit *test)
{
	static const struct {
		int nr;
		int nr_descs;
	} bad[] = {
		{ -1, 1 }, { INT_MIN, 1 }, { 1, 0 }, { 1, -1 }, { 0, INT_MIN },
		{ INT_MAX, 1 }, { 1, INT_MAX }, { INT_MAX, INT_MAX },
	};
	struct device *dev = kunit_device_register(test, "dmaengine-unmap");
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_NULL_MSG(test,
				      dmaengine_get_shared_unmap(dev, bad[i].nr,
								 bad[i].nr_descs,
								 GFP_KERNEL),
				      "record of %d mappings, %d descriptors",
				      bad[i].nr, bad[i].nr_descs);
}

static void record_many_entries(struct kunit *test)
{
	struct mapper mapper = { };
	struct record record;
	dma_addr_t addr;
	int i, err;

	mapper_init(test, &mapper, "mapper");
	record_init(test, &record, mapper.dev, MANY_ENTRIES);
	for (i = 0; i < MANY_ENTRIES; i++) {
		err = record_map(&record, mapper.dev, i % 2048, 1 + i % 512,
				 DMA_TO_DEVICE, &addr);
		KUNIT_ASSERT_EQ_MSG(test, err, 0, "mapping %d", i);
	}
	mapper_expect(test, &mapper, MANY_ENTRIES, "all mapped");
	dmaengine_unmap_put(record.unmap);
	mapper_expect(test, &mapper, 0, "all unmapped");
}

static void record_two_devices(struct kunit *test)
{
	struct mapper mappers[2] = { };
	struct record record;
	dma_addr_t addr;
	int i, err;

	mapper_init(test, &mappers[0], "mapper0");
	mapper_init(test, &mappers[1], "mapper1");
	record_init(test, &record, mappers[0].dev, 3);
	for (i = 0; i < 3; i++) {
		err = record_map(&record, mappers[i % 2].dev, 64 * i, 64,
				 DMA_TO_DEVICE, &addr);
		KUNIT_ASSERT_EQ_MSG(test, err, 0, "mapping %d", i);
	}
	mapper_expect(test, &mappers[0], 2, "mapped");
	mapper_expect(test, &mappers[1], 1, "mapped");
	dmaengine_unmap_put(record.unmap);
	mapper_expect(test, &mappers[0], 0, "unmapped");
	mapper_expect(test, &mappers[1], 0, "unmapped");
}

static void record_map_fails(struct kunit *test)
{
	struct mapper mapper = { };
	struct record record;
	dma_addr_t addr;
	int i, err;

	mapper_init(test, &mapper, "mapper");
	record_init(test, &record, mapper.dev, 2);
	for (i = 0; i < 3; i++) {
		mapper.fail = i == 1;
		addr = 42;
		err = record_map(&record, mapper.dev, 64 * i, 64, DMA_TO_DEVICE,
				 &addr);
		KUNIT_EXPECT_EQ_MSG(test, err, mapper.fail ? -ENOMEM : 0,
				    "mapping %d", i);
		KUNIT_EXPECT_EQ_MSG(test, addr == 42, mapper.fail,
				    "address of mapping %d", i);
	}
	mapper_expect(test, &mapper, 2, "mapped");
	dmaengine_unmap_put(record.unmap);
	mapper_expect(test, &mapper, 0, "unmapped");
}

/* Tests: sharing */

static void share_orders(struct kunit *test)
{
	static const int orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct fake *fake = fake_flavour(test);
	struct xfer *x[3];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		struct rec rec = { };

		fake->nr_xfers = 0;
		rec_get(fake, &rec, 3);
		for (j = 0; j < 3; j++)
			x[j] = xfer_shared(fake, i % 2 ? j % 2 : 0, &rec);
		dmaengine_unmap_put(rec.unmap);
		for (j = 0; j < 3; j++)
			xfer_submit(x[j]);
		expect(fake, "", "nothing has ended");
		for (j = 0; j < 3; j++)
			fake_end(x[orders[i][j]]);
		expect(fake, "CCUC", "gone with the last, before its callback");
	}
}

static void share_random(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct rec rec = { };
	struct xfer *x[FAKE_XFERS];
	struct rnd_state rnd;
	unsigned int i;

	kunit_info(test, "seed %#x\n", FAKE_SEED);
	prandom_seed_state(&rnd, FAKE_SEED);
	rec_get(fake, &rec, FAKE_XFERS);
	for (i = 0; i < FAKE_XFERS; i++) {
		x[i] = xfer_shared(fake, prandom_u32_state(&rnd) % 2, &rec);
		xfer_submit(x[i]);
	}
	dmaengine_unmap_put(rec.unmap);
	for (i = FAKE_XFERS; i > 0; i--) {
		unsigned int victim = prandom_u32_state(&rnd) % i;

		expect_only(fake, "UX", "", "some have not ended");
		fake_end(x[victim]);
		x[victim] = x[i - 1];
	}
	expect_only(fake, "UX", "U", "all have ended");
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&rec.gone), 1, "told once");
}

static void share_client_last(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_kept(fake);

	xfer_submit(x);
	fake_end(x);
	expect(fake, "C", "the client has a reference");
	dmaengine_unmap_put(x->rec->unmap);
	expect(fake, "U", "the client has let go");
}

static void note_result(void *arg, enum dmaengine_tx_result result)
{
	*(int *)arg = result;
}

static const enum dmaengine_tx_result end_results[] = {
	DMA_TRANS_NOERROR, DMA_TRANS_READ_FAILED, DMA_TRANS_WRITE_FAILED,
	DMA_TRANS_ABORTED,
};

static void share_result(struct fake *fake, unsigned int victim,
			 enum dmaengine_tx_result result)
{
	struct rec rec = { };
	struct xfer *x[3];
	int told = -1;
	unsigned int i;

	fake->nr_xfers = 0;
	rec_get(fake, &rec, 3);
	dmaengine_unmap_set_done_result(rec.unmap, note_result, &told);
	for (i = 0; i < 3; i++)
		x[i] = xfer_shared(fake, i % 2, &rec);
	dmaengine_unmap_put(rec.unmap);
	for (i = 0; i < 3; i++)
		xfer_submit(x[i]);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ_MSG(fake->test, told, -1, "told too early");
		fake_end_in(x[i], i == victim ? result : DMA_TRANS_NOERROR,
			    FAKE_PROCESS);
	}
	expect(fake, "CCC", "all have ended");
	KUNIT_EXPECT_EQ_MSG(fake->test, told, result, "victim %u", victim);
}

static void share_results(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	unsigned int i, victim;

	for (i = 0; i < ARRAY_SIZE(end_results); i++)
		for (victim = 0; victim < 3; victim++)
			share_result(fake, victim, end_results[i]);
}

static void share_result_terminated(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct rec rec = { };
	struct xfer *x[2];
	int told = -1;

	rec_get(fake, &rec, 2);
	dmaengine_unmap_set_done_result(rec.unmap, note_result, &told);
	x[0] = xfer_shared(fake, 0, &rec);
	x[1] = xfer_shared(fake, 1, &rec);
	dmaengine_unmap_put(rec.unmap);
	xfer_submit(x[0]);
	xfer_submit(x[1]);
	fake_end(x[1]);
	KUNIT_EXPECT_EQ_MSG(test, told, -1, "told too early");
	terminate_sync(fake);
	KUNIT_EXPECT_EQ_MSG(test, told, DMA_TRANS_ABORTED, "one was swept");
}

/* What the client knows of is no error of a descriptor. */
static void share_result_own(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct rec rec = { };
	struct xfer *x[2];
	int told = -1;

	rec_get(fake, &rec, 2);
	dmaengine_unmap_set_done_result(rec.unmap, note_result, &told);
	x[0] = xfer_shared(fake, 0, &rec);
	x[1] = xfer_shared(fake, 1, &rec);
	fake->submit_err = -ENOMEM;
	KUNIT_EXPECT_TRUE(test, dma_submit_error(dmaengine_submit(x[0]->tx)));
	fake->submit_err = 0;
	dmaengine_unmap_reclaim(rec.unmap);
	KUNIT_EXPECT_EQ_MSG(test, told, -1, "told too early");
	dmaengine_unmap_put(rec.unmap);
	KUNIT_EXPECT_EQ_MSG(test, told, DMA_TRANS_NOERROR, "no error");
}

/* Tests: the end of a descriptor */

struct end_param {
	const char *name;
	enum fake_ctx ctx;
	bool virt;
};

static const struct end_param end_params[] = {
	{ "ring, process", FAKE_PROCESS },
	{ "ring, softirq", FAKE_SOFTIRQ },
	{ "ring, hardirq", FAKE_HARDIRQ },
	{ "ring, under the lock", FAKE_LOCKED },
	{ "virt-dma, process", FAKE_PROCESS, true },
	{ "virt-dma, softirq", FAKE_SOFTIRQ, true },
	{ "virt-dma, hardirq", FAKE_HARDIRQ, true },
};

KUNIT_ARRAY_PARAM_DESC(end, end_params, name);

static void end_with_callback(struct kunit *test)
{
	const struct end_param *param = test->param_value;
	struct fake *fake = fake_new(test, param->virt);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(end_results); i++) {
		struct xfer *x = xfer_run(fake);

		expect(fake, "", "submitted");
		fake_end_in(x, end_results[i], param->ctx);
		expect(fake, "UC", "unmapped before the callback");
	}
}

static void end_with_result(struct kunit *test)
{
	const struct end_param *param = test->param_value;
	struct fake *fake = fake_new(test, param->virt);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(end_results); i++) {
		struct xfer *x = xfer_prep(fake);

		x->tx->callback = NULL;
		x->tx->callback_result = xfer_callback_result;
		x->result = -1;
		xfer_submit(x);
		fake_end_in(x, end_results[i], param->ctx);
		expect(fake, "UC", "unmapped before the result");
		KUNIT_EXPECT_EQ_MSG(test, x->result, end_results[i],
				    "the client's result");
	}
}

static void end_without_callback(struct kunit *test)
{
	const struct end_param *param = test->param_value;
	struct fake *fake = fake_new(test, param->virt);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(end_results); i++) {
		struct xfer *x = xfer_prep(fake);

		x->tx->callback = NULL;
		xfer_submit(x);
		fake_end_in(x, end_results[i], param->ctx);
		expect(fake, "U", "unmapped without a callback");
	}
}

static void end_twice(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct xfer *x = xfer_run(fake);

	fake_end(x);
	expect(fake, "UC", "first end");
	dmaengine_desc_get_callback_invoke(x->tx, NULL);
	expect(fake, "C", "second end");
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&x->rec->gone), 1, "told once");
}

static void end_twice_recycled(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct dmaengine_desc_callback cb;
	struct xfer *old, *new;

	fake->ring_size = 1;
	old = xfer_run(fake);
	dmaengine_desc_get_callback(old->tx, &cb);
	cb.callback = NULL;
	fake_end(old);
	expect(fake, "UC", "first end");

	new = xfer_run(fake);
	KUNIT_ASSERT_PTR_EQ_MSG(test, new->tx, old->tx, "not recycled");
	dmaengine_desc_callback_invoke(&cb, NULL);
	expect(fake, "", "second end of the first user");
	fake_end(new);
	expect(fake, "UC", "end of the second user");
}

/* The pattern of a provider that calls back when its lock is released. */
static void end_late_recycled(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct dmaengine_desc_callback cb;
	struct xfer *old, *new;

	fake->ring_size = 1;
	old = xfer_run(fake);
	scoped_guard(spinlock_irqsave, &old->fc->vc.lock)
		fake_complete(to_fake_desc(old->tx), DMA_TRANS_NOERROR, &cb);
	new = xfer_run(fake);
	KUNIT_ASSERT_PTR_EQ_MSG(test, new->tx, old->tx, "not recycled");
	dmaengine_desc_callback_invoke(&cb, NULL);
	expect(fake, "UC", "end of the first user");
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&old->rec->gone), 1, "first");
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&new->rec->gone), 0, "second");
	fake_end(new);
	expect(fake, "UC", "end of the second user");
}

static void end_callback_valid(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct xfer *bare = xfer_bare(fake, 0);
	struct xfer *x = xfer_prep(fake);
	struct dmaengine_desc_callback cb;

	bare->tx->callback = NULL;
	dmaengine_desc_get_callback(bare->tx, &cb);
	KUNIT_EXPECT_FALSE_MSG(test, dmaengine_desc_callback_valid(&cb),
			       "nothing is owed");
	x->tx->callback = NULL;
	dmaengine_desc_get_callback(x->tx, &cb);
	KUNIT_EXPECT_TRUE_MSG(test, dmaengine_desc_callback_valid(&cb),
			      "a record is owed");
}

static void end_no_record(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_bare(fake, 0);

	xfer_submit(x);
	fake_end(x);
	expect(fake, "C", "a descriptor without a record");
}

/* Tests: numbers that are left in descriptors */

static void stale_recycled(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct xfer *other, *x;

	fake->ring_size = 2;
	x = xfer_run(fake);
	other = xfer_run(fake);
	fake_end(x);
	expect(fake, "UC", "first user");

	x = xfer_bare(fake, 0);
	KUNIT_ASSERT_NE_MSG(test, x->tx->unmap_seq, 0, "no stale number");
	xfer_submit(x);
	fake_end(x);
	expect(fake, "C", "second user, without a record");
	fake_end(other);
	expect(fake, "UC", "neighbour");
}

static void stale_terminated(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct xfer *old, *x;

	fake->ring_size = 1;
	old = xfer_run(fake);
	terminate_async(fake);
	x = xfer_run(fake);
	KUNIT_ASSERT_PTR_EQ_MSG(test, x->tx, old->tx, "not recycled");
	fake_end(x);
	expect(fake, "UC", "the second user ends its own hold");
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&old->rec->gone), 0,
			    "that of the first is still terminated");
	dmaengine_synchronize(fake_chan(fake));
	expect(fake, "U", "synchronized");
}

static void submit_stale(struct fake *fake)
{
	struct xfer *x = xfer_bare(fake, 0);

	fake->on_terminate = NULL;
	x->tx->unmap_seq = fake->xfers[0].tx->unmap_seq;
	xfer_submit(x);
}

/* What a provider recycles while it terminates carries a number that is in use. */
static void stale_live(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);

	xfer_run(fake);
	fake->on_terminate = submit_stale;
	KUNIT_EXPECT_EQ(test, 0, dmaengine_terminate_sync(fake_chan(fake)));
	expect(fake, "U", "the first is terminated all the same");
	fake_end(&fake->xfers[1]);
	expect(fake, "C", "the second has no record");
}

static void stale_garbage(struct kunit *test)
{
	static const u64 garbage[] = {
		U64_MAX, S64_MAX, 0x6b6b6b6b6b6b6b6bULL, 1ULL << 63,
	};
	struct fake *fake = fake_new(test, false);
	struct xfer *other = xfer_run(fake);
	struct xfer *prepared = xfer_prep(fake);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(garbage); i++) {
		struct xfer *x = xfer_bare(fake, 0);

		x->tx->unmap_seq = garbage[i];
		dmaengine_desc_discard(x->tx);
		xfer_submit(x);
		fake_end(x);
		expect(fake, "C", "garbage for a number");
	}
	fake_end(other);
	xfer_submit(prepared);
	fake_end(prepared);
	expect(fake, "UCUC", "neighbours");
}

/* Tests: a failing submit */

static void submit_fails(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_prep(fake);

	fake->submit_err = -EBUSY;
	KUNIT_EXPECT_EQ_MSG(test, dmaengine_submit(x->tx), -EBUSY,
			    "error of the provider");
	expect(fake, "U", "submit failed");
}

static void submit_fails_kept(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_kept(fake);

	fake->submit_err = -EBUSY;
	KUNIT_EXPECT_EQ_MSG(test, dmaengine_submit(x->tx), -EBUSY,
			    "error of the provider");
	expect(fake, "", "the client has a reference");
	dmaengine_unmap_put(x->rec->unmap);
	expect(fake, "U", "the client has let go");
}

/* The engine is faster than the core, which has not noted the submission. */
static void end_at_once(struct fake *fake)
{
	fake->on_submit = NULL;
	fake_end(&fake->xfers[0]);
}

static void submit_ends_at_once(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	fake->on_submit = end_at_once;
	xfer_run(fake);
	expect(fake, "UC", "ended before submit returned");
	terminate_sync(fake);
	expect(fake, "", "terminated");
}

static void terminate_at_once(struct fake *fake)
{
	fake->on_submit = NULL;
	terminate_sync(fake);
}

/* This may end the hold late, but not early, and not never. */
static void submit_terminated_at_once(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x;

	fake->on_submit = terminate_at_once;
	x = xfer_run(fake);
	terminate_sync(fake);
	expect(fake, "U", "terminated before submit returned");
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&x->rec->gone), 1, "told once");
}

/* Tests: descriptors that are never submitted */

static void drop_reclaim(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_kept(fake);

	dmaengine_unmap_reclaim(x->rec->unmap);
	expect(fake, "", "reclaimed, the client has a reference");
	dmaengine_unmap_put(x->rec->unmap);
	expect(fake, "U", "the client has let go");
	dmaengine_desc_get_callback_invoke(x->tx, NULL);
	expect(fake, "C", "the descriptor ends after all");
}

static void drop_discard(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_prep(fake);

	dmaengine_desc_discard(x->tx);
	expect(fake, "U", "discarded when prepared");
	dmaengine_desc_discard(x->tx);
	expect(fake, "", "discarded again");

	x = xfer_run(fake);
	dmaengine_desc_discard(x->tx);
	expect(fake, "", "discarded when submitted");
	fake_end(x);
	expect(fake, "UC", "ended");

	x = xfer_run(fake);
	terminate_async(fake);
	dmaengine_desc_discard(x->tx);
	expect(fake, "", "discarded when terminated");
	dmaengine_synchronize(fake_chan(fake));
	expect(fake, "U", "synchronized");
}

static void drop_release(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	xfer_prep(fake);
	fake_release_chan(fake, 0);
	if (fake->virt)
		expect_only(fake, "UXR", "UR", "virt-dma frees it");
	else
		expect_only(fake, "UXR", "RU", "the core sweeps");
}

/* Tests: polling */

static void poll_reclaim(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_kept(fake);
	struct dmaengine_desc_callback cb;
	enum dma_status status;
	int gone;

	x->tx->callback = NULL;
	xfer_submit(x);
	status = dma_async_is_tx_complete(fake_chan(fake), x->cookie, NULL,
					  NULL);
	KUNIT_EXPECT_EQ_MSG(test, status, DMA_IN_PROGRESS, "not yet complete");

	local_bh_disable();
	scoped_guard(spinlock_irqsave, &x->fc->vc.lock)
		fake_complete(to_fake_desc(x->tx), DMA_TRANS_NOERROR, &cb);
	status = dma_sync_wait(fake_chan(fake), x->cookie);
	dmaengine_unmap_reclaim(x->rec->unmap);
	dmaengine_unmap_put(x->rec->unmap);
	gone = atomic_read(&x->rec->gone);
	local_bh_enable();
	KUNIT_EXPECT_EQ_MSG(test, status, DMA_COMPLETE, "complete by cookie");
	KUNIT_EXPECT_EQ_MSG(test, gone, 1, "reclaimed before it was ended");

	dmaengine_desc_callback_invoke(&cb, NULL);
	tasklet_kill(&x->fc->vc.task);
	expect(fake, "U", "ended by the provider, too");
}

static void poll_late(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_kept(fake);

	xfer_submit(x);
	fake_end(x);
	expect(fake, "C", "ended, the client has a reference");
	dmaengine_unmap_reclaim(x->rec->unmap);
	dmaengine_unmap_put(x->rec->unmap);
	expect(fake, "U", "reclaimed after the provider ended it");
}

/* The transfer completes, but the client is not run for longer than it waits. */
static void fake_complete_and_stall(struct fake *fake)
{
	fake->on_status = NULL;
	fake_end(&fake->xfers[0]);
	msleep(5100);
}

static void poll_not_run(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct xfer *x = xfer_run(fake);
	enum dma_status status;

	fake->on_status = fake_complete_and_stall;
	status = dma_sync_wait(fake_chan(fake), x->cookie);
	KUNIT_EXPECT_EQ_MSG(test, status, DMA_COMPLETE, "it has completed");
	expect(fake, "UC", "ended");
}

/* Tests: termination */

static void terminate_then_sync(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	xfer_run(fake);
	xfer_run(fake);
	terminate_async(fake);
	expect(fake, "", "terminate_async alone");
	dmaengine_synchronize(fake_chan(fake));
	expect(fake, "UU", "synchronized");
	dmaengine_synchronize(fake_chan(fake));
	expect(fake, "", "synchronized again");
}

static void terminate_sync_at_once(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	xfer_run(fake);
	dma_async_issue_pending(fake_chan(fake));
	KUNIT_EXPECT_EQ(test, 0, dmaengine_terminate_sync(fake_chan(fake)));
	expect_only(fake, "TSUXC", "TSU", "terminate_sync");
}

static void fake_stuck(struct fake *fake)
{
	dmaengine_chan_stuck(fake_chan(fake));
}

static void terminate_stuck(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	xfer_run(fake);
	fake->on_synchronize = fake_stuck;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, dmaengine_terminate_sync(fake_chan(fake)));
	expect(fake, "", "the engine goes on");
	fake->on_synchronize = NULL;
	KUNIT_EXPECT_EQ(test, 0, dmaengine_synchronize(fake_chan(fake)));
	expect(fake, "U", "it has stopped after all");
}

static void terminate_submit_between(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x;

	xfer_run(fake);
	terminate_async(fake);
	x = xfer_run(fake);
	dmaengine_synchronize(fake_chan(fake));
	expect(fake, "U", "what was terminated, and no more");
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&x->rec->gone), 0,
			    "submitted after the termination");
	fake_end(x);
	expect(fake, "UC", "what was submitted later");
}

static void terminate_prepared(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_prep(fake);

	terminate_sync(fake);
	expect(fake, "", "prepared, not submitted");
	xfer_submit(x);
	fake_end(x);
	expect(fake, "UC", "submitted after the termination");
}

static void terminate_fails(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_run(fake);
	int err;

	fake->terminate_err = -EIO;
	err = dmaengine_terminate_async(fake_chan(fake));
	KUNIT_EXPECT_EQ_MSG(test, err, -EIO, "error of the provider");
	err = dmaengine_terminate_sync(fake_chan(fake));
	KUNIT_EXPECT_EQ_MSG(test, err, -EIO, "error of the provider");
	dmaengine_synchronize(fake_chan(fake));
	expect(fake, "", "nothing was terminated");
	fake_end(x);
	expect(fake, "UC", "ended");
	fake->terminate_err = 0;
}

static void terminate_twice(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	xfer_run(fake);
	terminate_async(fake);
	xfer_run(fake);
	terminate_async(fake);
	terminate_async(fake);
	expect(fake, "", "terminated");
	dmaengine_synchronize(fake_chan(fake));
	expect(fake, "UU", "synchronized once");
}

static void terminate_other_chan(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct rec rec = { };
	struct xfer *x;

	rec_get(fake, &rec, 2);
	xfer_submit(xfer_shared(fake, 0, &rec));
	x = xfer_shared(fake, 1, &rec);
	xfer_submit(x);
	dmaengine_unmap_put(rec.unmap);
	terminate_sync(fake);
	expect(fake, "", "the other channel goes on");
	fake_end(x);
	expect(fake, "UC", "both have ended");
}

/* The provider calls back late, when the channel is terminated already. */
static void terminate_late_end(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct xfer *x = xfer_run(fake);
	struct dmaengine_desc_callback cb;

	scoped_guard(spinlock_irqsave, &x->fc->vc.lock)
		fake_complete(to_fake_desc(x->tx), DMA_TRANS_NOERROR, &cb);
	terminate_async(fake);
	expect(fake, "", "terminated");
	dmaengine_desc_callback_invoke(&cb, NULL);
	expect(fake, "UC", "ended");
	dmaengine_synchronize(fake_chan(fake));
	expect(fake, "", "synchronized");
}

/* virt-dma has completed it, but the tasklet has not run. */
static void terminate_completed(struct kunit *test)
{
	struct fake *fake = fake_new(test, true);
	struct xfer *x = xfer_run(fake);
	struct dmaengine_desc_callback cb;
	int err;

	local_bh_disable();
	scoped_guard(spinlock_irqsave, &x->fc->vc.lock)
		fake_complete(to_fake_desc(x->tx), DMA_TRANS_NOERROR, &cb);
	err = dmaengine_terminate_async(fake_chan(fake));
	local_bh_enable();
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "not terminated");
	tasklet_kill(&x->fc->vc.task);
	expect(fake, "", "terminated");
	dmaengine_synchronize(fake_chan(fake));
	expect(fake, "U", "synchronized");
}

static void submit_meanwhile(struct fake *fake)
{
	fake->on_terminate = NULL;
	xfer_run(fake);
}

static void terminate_submit_meanwhile(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	xfer_run(fake);
	fake->on_terminate = submit_meanwhile;
	terminate_sync(fake);
	expect(fake, "U", "what was submitted when the termination began");
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&fake->xfers[1].rec->gone), 0,
			    "submitted while the provider terminated");
	fake_end(&fake->xfers[1]);
	expect(fake, "UC", "what was submitted later");
}

static void terminate_meanwhile(struct fake *fake)
{
	fake->on_synchronize = NULL;
	xfer_run(fake);
	terminate_async(fake);
}

static void sync_terminate_meanwhile(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	xfer_run(fake);
	terminate_async(fake);
	fake->on_synchronize = terminate_meanwhile;
	dmaengine_synchronize(fake_chan(fake));
	expect(fake, "U", "what was terminated when synchronizing began");
	dmaengine_synchronize(fake_chan(fake));
	expect(fake, "U", "what was terminated later");
}

/* Tests: descriptors that go on */

static struct xfer *xfer_reusable(struct fake *fake)
{
	struct xfer *x = xfer_prep(fake);

	KUNIT_ASSERT_EQ_MSG(fake->test, 0, dmaengine_desc_set_reuse(x->tx),
			    "not reusable");

	return x;
}

static void reuse_keeps(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_reusable(fake);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		xfer_submit(x);
		fake_end(x);
		expect(fake, "C", "completed");
	}
	xfer_submit(x);
	terminate_sync(fake);
	expect(fake, "", "terminated");
	xfer_submit(x);
	fake_end(x);
	expect(fake, "C", "completed after a termination");
	KUNIT_EXPECT_EQ_MSG(test, 0, dmaengine_desc_free(x->tx), "not freed");
	expect(fake, "U", "freed");
}

static void reuse_submit_fails(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_reusable(fake);

	xfer_submit(x);
	fake_end(x);
	expect(fake, "C", "completed");
	fake->submit_err = -EBUSY;
	KUNIT_EXPECT_EQ_MSG(test, dmaengine_submit(x->tx), -EBUSY,
			    "error of the provider");
	fake->submit_err = 0;
	expect(fake, "", "to be submitted again");
	xfer_submit(x);
	fake_end(x);
	expect(fake, "C", "submitted again");
	KUNIT_EXPECT_EQ_MSG(test, 0, dmaengine_desc_free(x->tx), "not freed");
	expect(fake, "U", "freed");
}

static void reuse_cleared_before(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_reusable(fake);

	xfer_submit(x);
	fake_end(x);
	expect(fake, "C", "reusable");
	dmaengine_desc_clear_reuse(x->tx);
	xfer_submit(x);
	fake_end(x);
	expect(fake, "UC", "its last transfer");
}

static void reuse_cleared_in_flight(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_reusable(fake);

	xfer_submit(x);
	dmaengine_desc_clear_reuse(x->tx);
	expect(fake, "", "in flight");
	fake_end(x);
	expect(fake, "UC", "its last transfer");
}

static void reuse_release(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_reusable(fake);

	xfer_submit(x);
	fake_release_chan(fake, 0);
	expect_only(fake, "TUX", "TU", "channel released");
}

static void reuse_free_refused(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_prep(fake);

	KUNIT_EXPECT_EQ_MSG(test, dmaengine_desc_free(x->tx), -EPERM,
			    "not reusable, yet freed");
	expect(fake, "", "not freed");
	xfer_submit(x);
	fake_end(x);
	expect(fake, "UC", "ended");
}

static void periods(struct fake *fake, struct xfer *x)
{
	unsigned int i;

	xfer_submit(x);
	for (i = 0; i < 3; i++)
		fake_period(x);
	expect(fake, "CCC", "periods");
	terminate_sync(fake);
	expect(fake, "U", "terminated");
}

static void cyclic_keeps(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = &fake->xfers[fake->nr_xfers++];

	xfer_init(fake, x, 0);
	rec_get(fake, x->rec, 1);
	xfer_set_tx(x, dmaengine_prep_dma_cyclic(fake_chan(fake), x->rec->addr,
						 FAKE_LEN, FAKE_LEN / 4,
						 DMA_MEM_TO_DEV, 0));
	dma_set_unmap(x->tx, x->rec->unmap);
	dmaengine_unmap_put(x->rec->unmap);
	periods(fake, x);
}

static void repeat_keeps(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_prep(fake);

	x->tx->flags |= DMA_PREP_REPEAT;
	periods(fake, x);
}

static void repeat_replaced(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_prep(fake);
	struct dmaengine_desc_callback cb;

	x->tx->flags |= DMA_PREP_REPEAT;
	xfer_submit(x);
	fake_period(x);
	expect(fake, "C", "repeated");
	if (fake->virt) {
		fake_end(x);
	} else {
		xfer_stop(x);
		dmaengine_desc_get_last_callback(x->tx, &cb);
		dmaengine_desc_callback_invoke(&cb, NULL);
	}
	expect(fake, "UC", "replaced");
}

/* Tests: release of a channel */

static void release_submitted(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	xfer_run(fake);
	fake_release_chan(fake, 0);
	expect_only(fake, "TUX", "TU", "stopped, then unmapped");
}

static void release_terminated(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	xfer_run(fake);
	terminate_async(fake);
	expect(fake, "", "terminated");
	fake_release_chan(fake, 0);
	expect_only(fake, "UX", "U", "channel released");
}

static void release_idle(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_run(fake);

	fake_end(x);
	expect(fake, "UC", "ended");
	fake_release_chan(fake, 0);
	expect_only(fake, "TUX", "", "nothing to stop");
	fake_request_chan(fake, 0);
	x = xfer_run(fake);
	fake_end(x);
	expect(fake, "UC", "requested again");
}

static void release_unregister(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	xfer_run(fake);
	fake_unregister(fake);
	expect_only(fake, "TUX", "TU", "unregistered");
	fake_release_chan(fake, 0);
	expect(fake, "", "released later");
}

/* A client maps for the device of its channel until it releases that. */
static void release_unregister_keeps(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	unsigned int i, refs;

	fake_unregister(fake);
	refs = kref_read(&fake->dev->kobj.kref);
	for (i = 0; i < FAKE_CHANS; i++)
		fake_release_chan(fake, i);
	KUNIT_EXPECT_EQ(test, kref_read(&fake->dev->kobj.kref), refs - 1);
}

/* A client that was not told, and submits until it releases the channel */
static void release_unregister_in_use(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct xfer *x = xfer_prep(fake);

	xfer_run(fake);
	fake_unregister(fake);
	expect_only(fake, "TUX", "TU", "unregistered");
	xfer_submit(x);
	expect_only(fake, "TUX", "", "at the engine");
	fake_end(x);
	expect(fake, "UC", "ended as ever");
	x = xfer_run(fake);
	fake_release_chan(fake, 0);
	expect_only(fake, "TUX", "TU", "released later");
}

static void end_when_polled(struct fake *fake)
{
	fake->on_status = NULL;
	expect_only(fake, "UXR", "", "the core waits");
	fake_end(&fake->xfers[0]);
}

static void release_waits(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);

	fake->ddev.device_terminate_all = NULL;
	fake->on_status = end_when_polled;
	xfer_run(fake);
	fake_release_chan(fake, 0);
	expect_only(fake, "UXCR", "UCR", "ended while the core waited");
}

/* the reference that a hold leaves behind when it is forgotten */
static void put_forgotten(struct fake *fake, struct xfer *x)
{
	if (!atomic_read(&x->rec->gone))
		dmaengine_unmap_put(x->rec->unmap);
	expect(fake, "U", "nobody else had a reference");
}

/* The transfer never ends: the core complains and leaves the page mapped. */
static void release_stuck(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct xfer *x;

	fake->ddev.device_terminate_all = NULL;
	x = xfer_run(fake);
	fake_release_chan(fake, 0);
	expect(fake, "", "the engine may still run");
	fake_end(x);
	expect(fake, "C", "the core has forgotten it");
	put_forgotten(fake, x);
}

static void stuck_once(struct fake *fake)
{
	fake->on_synchronize = NULL;
	dmaengine_chan_stuck(fake_chan(fake));
}

/* The driver says it once, and then has nothing to wait for any more. */
static void release_stuck_sync(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_run(fake);

	fake->on_synchronize = stuck_once;
	fake_release_chan(fake, 0);
	expect(fake, "", "the engine may still run");
	put_forgotten(fake, x);
}

/* Tests: threads that share a channel */

struct race {
	struct fake *fake;
	struct xfer *xfers;
	struct rnd_state rnd;
	unsigned int terminated;
};

static int race_terminate(void *data)
{
	struct race *race = data;
	struct dma_chan *chan = fake_chan(race->fake);

	while (!kthread_should_stop()) {
		if (!dmaengine_terminate_async(chan))
			race->terminated++;
		cond_resched();
		dmaengine_synchronize(chan);
		cond_resched();
	}

	return 0;
}

/* End the oldest transfer that the other thread has left. */
static void race_end(struct fake_chan *fc)
{
	struct dmaengine_desc_callback cb = { };

	scoped_guard(spinlock_irqsave, &fc->vc.lock) {
		struct fake_desc *fd;

		fd = list_first_entry_or_null(&fc->vc.desc_submitted,
					      struct fake_desc, vd.node);
		if (fd)
			fake_complete(fd, DMA_TRANS_NOERROR, &cb);
	}
	dmaengine_desc_callback_invoke(&cb, NULL);
}

static void race_submit(struct race *race, struct xfer *x)
{
	struct dma_async_tx_descriptor *tx;
	struct fake *fake = race->fake;
	dma_cookie_t cookie;

	xfer_init(fake, x, 0);
	rec_get(fake, x->rec, 1);
	while (!(tx = dmaengine_prep_dma_memcpy(fake_chan(fake), 0, 0, FAKE_LEN,
						0)))
		race_end(x->fc);
	xfer_set_tx(x, tx);
	dma_set_unmap(tx, x->rec->unmap);
	dmaengine_unmap_put(x->rec->unmap);
	cookie = dmaengine_submit(tx);
	KUNIT_EXPECT_FALSE_MSG(fake->test, dma_submit_error(cookie),
			       "submit failed: %d", cookie);
}

static void race_check(struct race *race)
{
	struct kunit *test = race->fake->test;
	unsigned int i;

	for (i = 0; i < RACE_XFERS; i++) {
		struct xfer *x = &race->xfers[i];

		KUNIT_ASSERT_EQ_MSG(test, atomic_read(&x->rec->gone), 1,
				    "record %u", i);
	}
	KUNIT_EXPECT_GT_MSG(test, race->terminated, 0, "never terminated");
	kunit_info(test, "%u terminations\n", race->terminated);
}

static void race_threads(struct kunit *test)
{
	struct race race = { .fake = fake_flavour(test) };
	struct task_struct *task;
	unsigned int i;

	kunit_info(test, "seed %#x\n", FAKE_SEED);
	prandom_seed_state(&race.rnd, FAKE_SEED);
	race.xfers = kunit_kcalloc(test, RACE_XFERS, sizeof(*race.xfers),
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, race.xfers);
	task = kthread_run(race_terminate, &race, "dmaengine-unmap");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);

	for (i = 0; i < RACE_XFERS; i++) {
		race_submit(&race, &race.xfers[i]);
		if (prandom_u32_state(&race.rnd) % 4)
			race_end(&race.fake->chans[0]);
		if (prandom_u32_state(&race.rnd) % 16 == 0)
			cond_resched();
	}
	kthread_stop(task);
	terminate_sync(race.fake);
	race_check(&race);
}

/* Tests: the mappings are undone by somebody else meanwhile */

struct slow_end {
	struct xfer *x;
	struct task_struct *task;
	bool begun;
	bool over;
};

/* As if there was much to undo */
static void slow_done(void *arg)
{
	struct slow_end *slow = arg;

	WRITE_ONCE(slow->begun, true);
	mdelay(200);
	WRITE_ONCE(slow->over, true);
	rec_done(slow->x->rec);
}

static int slow_end_run(void *data)
{
	struct slow_end *slow = data;

	fake_end(slow->x);
	while (!kthread_should_stop())
		usleep_range(100, 200);

	return 0;
}

/* Returns when the transfer has ended, and its mappings are being undone. */
static void slow_end_start(struct fake *fake, struct slow_end *slow)
{
	struct xfer *x = xfer_bare(fake, 0);

	slow->x = x;
	rec_get(fake, x->rec, 1);
	dmaengine_unmap_set_done(x->rec->unmap, slow_done, slow);
	dma_set_unmap(x->tx, x->rec->unmap);
	dmaengine_unmap_put(x->rec->unmap);
	xfer_submit(x);
	slow->task = kthread_run(slow_end_run, slow, "dmaengine-unmap");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(fake->test, slow->task);
	while (!READ_ONCE(slow->begun))
		usleep_range(100, 200);
}

static void sync_waits_for_unmap(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct slow_end slow = { };

	slow_end_start(fake, &slow);
	terminate_sync(fake);
	KUNIT_EXPECT_TRUE_MSG(test, READ_ONCE(slow.over), "synchronized");
	kthread_stop(slow.task);
	expect(fake, "UC", "ended");
}

static void release_waits_for_unmap(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct slow_end slow = { };

	slow_end_start(fake, &slow);
	fake_release_chan(fake, 0);
	KUNIT_EXPECT_TRUE_MSG(test, READ_ONCE(slow.over), "released");
	kthread_stop(slow.task);
	expect(fake, "UC", "ended");
}

static bool any_chan(struct dma_chan *chan, void *param)
{
	return true;
}

/* A device that may ask for any channel of the provider, as "tx" */
static struct device *fake_client(struct fake *fake, struct dma_slave_map *map)
{
	struct kunit *test = fake->test;
	struct device *client;

	client = kunit_device_register(test, "dmaengine-unmap-client");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, client);
	map->slave = "tx";
	map->devname = dev_name(client);
	dma_cap_set(DMA_SLAVE, fake->ddev.cap_mask);
	fake->ddev.filter.map = map;
	fake->ddev.filter.mapcnt = 1;
	fake->ddev.filter.fn = any_chan;

	return client;
}

/* A device is not forgotten because it was short of something once. */
static void request_alloc_fails(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct dma_slave_map map = { };
	struct device *client = fake_client(fake, &map);
	struct dma_chan *chan;

	fake_release_chan(fake, FAKE_CHANS - 1);
	fake->alloc_err = -ENODEV;
	chan = dma_request_chan(client, "tx");
	KUNIT_EXPECT_TRUE_MSG(test, IS_ERR(chan), "got what failed");
	fake->alloc_err = 0;
	chan = dma_request_chan(client, "tx");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	dma_release_channel(chan);
}

static void expect_clients(struct fake *fake, int first, int last,
			   const char *what)
{
	KUNIT_EXPECT_EQ_MSG(fake->test, first,
			    fake->chans[0].vc.chan.client_count,
			    "first channel, %s", what);
	KUNIT_EXPECT_EQ_MSG(fake->test, last,
			    fake->chans[FAKE_CHANS - 1].vc.chan.client_count,
			    "last channel, %s", what);
}

/* Nor is one for everybody, and its other channels can be had. */
static void public_alloc_fails(struct kunit *test)
{
	struct fake *fake = fake_alloc(test, false);
	int others;

	dma_cap_clear(DMA_PRIVATE, fake->ddev.cap_mask);
	fake->alloc_err = -ENODEV;
	fake_register(fake);
	others = fake->chans[0].vc.chan.client_count;
	dmaengine_get();
	expect_clients(fake, others + 1, 0, "the last one failed");
	fake->alloc_err = 0;
	dmaengine_get();
	expect_clients(fake, others + 2, others + 2, "none failed");
	dmaengine_put();
	dmaengine_put();
	expect_clients(fake, others, others, "put");
}

static void register_alloc_fails(struct kunit *test)
{
	struct fake *fake = fake_alloc(test, false);
	int all;

	dma_cap_clear(DMA_PRIVATE, fake->ddev.cap_mask);
	fake->alloc_err = -ENODEV;
	dmaengine_get();
	fake_register(fake);
	all = fake->chans[0].vc.chan.client_count;
	KUNIT_EXPECT_GT_MSG(test, all, 0, "first channel");
	expect_clients(fake, all, 0, "the last one failed");
	dmaengine_put();
	expect_clients(fake, all - 1, 0, "put");
}

/* The kernel warns of a link that it is told to remove twice. */
static void release_slave_unregistered(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);
	struct dma_slave_map map = { };
	struct device *client = fake_client(fake, &map);
	struct dma_chan *chan;

	fake_release_chan(fake, 0);
	chan = dma_request_chan(client, "tx");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	fake_unregister(fake);
	dma_release_channel(chan);
	KUNIT_EXPECT_NULL(test, chan->slave);
}

static void release_unregister_terminated(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);

	xfer_run(fake);
	terminate_async(fake);
	fake_unregister(fake);
	expect_only(fake, "SUX", "SU", "synchronized, then unmapped");
}

static void release_terminated_no_free(struct kunit *test)
{
	struct fake *fake = fake_new(test, false);

	fake->ddev.device_free_chan_resources = NULL;
	xfer_run(fake);
	terminate_async(fake);
	fake_release_chan(fake, 0);
	expect_only(fake, "SUX", "SU", "synchronized, then unmapped");
}

static void reuse_cleared_terminated(struct kunit *test)
{
	struct fake *fake = fake_flavour(test);
	struct xfer *x = xfer_reusable(fake);

	xfer_submit(x);
	fake_end(x);
	expect(fake, "C", "reusable");
	dmaengine_desc_clear_reuse(x->tx);
	xfer_submit(x);
	terminate_sync(fake);
	expect(fake, "U", "no longer reusable, terminated");
}

static void free_terminated(struct fake *fake)
{
	struct virt_dma_chan *vc = &fake->chans[0].vc;
	unsigned long flags;
	LIST_HEAD(head);

	spin_lock_irqsave(&vc->lock, flags);
	list_splice_tail_init(&vc->desc_terminated, &head);
	spin_unlock_irqrestore(&vc->lock, flags);
	vchan_dma_desc_free_list(vc, &head);
}

/* terminate_all frees at once, the engine stops in synchronize */
static void terminate_frees_early(struct kunit *test)
{
	struct fake *fake = fake_new(test, true);

	fake->on_submit = terminate_at_once;
	fake->on_terminate = free_terminated;
	xfer_run(fake);
	terminate_sync(fake);
	expect(fake, "U", "terminated before submit returned");
}

/* A period is one, whatever the flags of the descriptor say. */
static void period_unmarked(struct kunit *test)
{
	struct fake *fake = fake_new(test, true);

	periods(fake, xfer_prep(fake));
}

/* The descriptor is freed before the tasklet has reported its period. */
static void period_freed(struct kunit *test)
{
	struct fake *fake = fake_new(test, true);
	struct xfer *x = xfer_prep(fake);
	struct virt_dma_chan *vc = &x->fc->vc;
	LIST_HEAD(head);

	xfer_submit(x);
	local_bh_disable();
	scoped_guard(spinlock_irqsave, &vc->lock) {
		vchan_cyclic_callback(&to_fake_desc(x->tx)->vd);
		vchan_get_all_descriptors(vc, &head);
	}
	xfer_stop(x);
	vchan_dma_desc_free_list(vc, &head);
	local_bh_enable();
	tasklet_kill(&vc->task);
	expect(fake, "", "freed");
	terminate_sync(fake);
	expect(fake, "U", "terminated");
}

/* A recycled descriptor does not call back its former client. */
static void prep_recycled(struct kunit *test)
{
	struct fake *fake = fake_new(test, true);
	struct virt_dma_chan *vc = to_virt_chan(fake_chan(fake));
	struct virt_dma_desc vd = {};

	vd.tx.callback = xfer_callback;
	vd.tx.callback_result = xfer_callback_result;
	vd.tx.callback_param = fake;
	vchan_tx_prep(vc, &vd, 0);
	scoped_guard(spinlock_irqsave, &vc->lock)
		list_del(&vd.node);
	KUNIT_EXPECT_NULL_MSG(test, vd.tx.callback, "callback kept");
	KUNIT_EXPECT_NULL_MSG(test, vd.tx.callback_result, "callback kept");
	KUNIT_EXPECT_NULL_MSG(test, vd.tx.callback_param, "parameter kept");
}

static struct kunit_case unmap_cases[] = {
	KUNIT_CASE(record_map_put),
	KUNIT_CASE(record_empty),
	KUNIT_CASE(record_bad_numbers),
	KUNIT_CASE(record_many_entries),
	KUNIT_CASE(record_two_devices),
	KUNIT_CASE(record_map_fails),
	KUNIT_CASE_PARAM(share_orders, flavour_gen_params),
	KUNIT_CASE_PARAM(share_random, flavour_gen_params),
	KUNIT_CASE_PARAM(share_client_last, flavour_gen_params),
	KUNIT_CASE_PARAM(share_results, flavour_gen_params),
	KUNIT_CASE_PARAM(share_result_terminated, flavour_gen_params),
	KUNIT_CASE_PARAM(share_result_own, flavour_gen_params),
	KUNIT_CASE_PARAM(end_with_callback, end_gen_params),
	KUNIT_CASE_PARAM(end_with_result, end_gen_params),
	KUNIT_CASE_PARAM(end_without_callback, end_gen_params),
	KUNIT_CASE_PARAM(end_no_record, flavour_gen_params),
	KUNIT_CASE(end_twice),
	KUNIT_CASE(end_twice_recycled),
	KUNIT_CASE(end_late_recycled),
	KUNIT_CASE(end_callback_valid),
	KUNIT_CASE(stale_recycled),
	KUNIT_CASE(stale_terminated),
	KUNIT_CASE(stale_live),
	KUNIT_CASE(stale_garbage),
	KUNIT_CASE_PARAM(submit_fails, flavour_gen_params),
	KUNIT_CASE_PARAM(submit_fails_kept, flavour_gen_params),
	KUNIT_CASE_PARAM(submit_ends_at_once, flavour_gen_params),
	KUNIT_CASE_PARAM(submit_terminated_at_once, flavour_gen_params),
	KUNIT_CASE_PARAM(drop_reclaim, flavour_gen_params),
	KUNIT_CASE_PARAM(drop_discard, flavour_gen_params),
	KUNIT_CASE_PARAM(drop_release, flavour_gen_params),
	KUNIT_CASE_PARAM(poll_reclaim, flavour_gen_params),
	KUNIT_CASE_PARAM(poll_late, flavour_gen_params),
	KUNIT_CASE_PARAM(terminate_then_sync, flavour_gen_params),
	KUNIT_CASE_PARAM(terminate_sync_at_once, flavour_gen_params),
	KUNIT_CASE_PARAM(terminate_stuck, flavour_gen_params),
	KUNIT_CASE_PARAM(terminate_submit_between, flavour_gen_params),
	KUNIT_CASE_PARAM(terminate_prepared, flavour_gen_params),
	KUNIT_CASE_PARAM(terminate_fails, flavour_gen_params),
	KUNIT_CASE_PARAM(terminate_twice, flavour_gen_params),
	KUNIT_CASE_PARAM(terminate_other_chan, flavour_gen_params),
	KUNIT_CASE(terminate_late_end),
	KUNIT_CASE(terminate_completed),
	KUNIT_CASE_PARAM(terminate_submit_meanwhile, flavour_gen_params),
	KUNIT_CASE_PARAM(sync_terminate_meanwhile, flavour_gen_params),
	KUNIT_CASE_PARAM(reuse_keeps, flavour_gen_params),
	KUNIT_CASE_PARAM(reuse_submit_fails, flavour_gen_params),
	KUNIT_CASE_PARAM(reuse_cleared_before, flavour_gen_params),
	KUNIT_CASE_PARAM(reuse_cleared_in_flight, flavour_gen_params),
	KUNIT_CASE_PARAM(reuse_release, flavour_gen_params),
	KUNIT_CASE_PARAM(reuse_free_refused, flavour_gen_params),
	KUNIT_CASE_PARAM(cyclic_keeps, flavour_gen_params),
	KUNIT_CASE_PARAM(repeat_keeps, flavour_gen_params),
	KUNIT_CASE_PARAM(repeat_replaced, flavour_gen_params),
	KUNIT_CASE_PARAM(release_submitted, flavour_gen_params),
	KUNIT_CASE_PARAM(release_terminated, flavour_gen_params),
	KUNIT_CASE_PARAM(release_idle, flavour_gen_params),
	KUNIT_CASE_PARAM(release_unregister, flavour_gen_params),
	KUNIT_CASE(release_unregister_keeps),
	KUNIT_CASE(release_unregister_in_use),
	KUNIT_CASE(release_waits),
	KUNIT_CASE_PARAM(release_unregister_terminated, flavour_gen_params),
	KUNIT_CASE(sync_waits_for_unmap),
	KUNIT_CASE(release_waits_for_unmap),
	KUNIT_CASE(request_alloc_fails),
	KUNIT_CASE(public_alloc_fails),
	KUNIT_CASE(register_alloc_fails),
	KUNIT_CASE(release_slave_unregistered),
	KUNIT_CASE(release_terminated_no_free),
	KUNIT_CASE_PARAM(reuse_cleared_terminated, flavour_gen_params),
	KUNIT_CASE(terminate_frees_early),
	KUNIT_CASE(period_unmarked),
	KUNIT_CASE(period_freed),
	KUNIT_CASE(prep_recycled),
	KUNIT_CASE_SLOW(release_stuck),
	KUNIT_CASE_PARAM(release_stuck_sync, flavour_gen_params),
	KUNIT_CASE_SLOW(poll_not_run),
	KUNIT_CASE_PARAM_ATTR(race_threads, flavour_gen_params,
			      {.speed = KUNIT_SPEED_SLOW}),
	{}
};

static struct kunit_suite unmap_suite = {
	.name = "dmaengine-unmap",
	.test_cases = unmap_cases,
};

kunit_test_suite(unmap_suite);

MODULE_DESCRIPTION("KUnit tests of the DMA engine's unmap records");
MODULE_LICENSE("GPL");
