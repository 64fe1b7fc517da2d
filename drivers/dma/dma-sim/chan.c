// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-sim: channels. A thread for each plays the engine.
 *
 * A descriptor goes the way that virt-dma has drawn: allocated, submitted,
 * issued. Then the thread takes it off the list, into chan->engine, and works
 * on it in bursts, with no lock held. When it is through, the descriptor is
 * complete by cookie, and it is announced: its unmap record is released and the
 * callback called, in the context that was asked for.
 *
 *	issued --> engine --> completed (tasklet) or ended --> announced, freed
 *	             |  |
 *	             |  +---> lost ----------> terminated, freed
 *	             +------> desc_terminated -> freed by synchronize
 *
 * device_terminate_all() does not wait. It marks the descriptor at the engine,
 * which the thread sees before its next burst, and frees all others. Only
 * device_synchronize() knows that the thread has let go.
 */

#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "internal.h"

static bool dma_sim_may_run(struct dma_sim_chan *chan)
{
	lockdep_assert_held(&chan->vc.lock);

	return !list_empty(&chan->vc.desc_issued) && !chan->stuck &&
	       (!chan->paused || chan->gone);
}

/* How many of the issued descriptors can run now, whichever comes first? */
static unsigned int dma_sim_candidates(struct dma_sim_chan *chan)
{
	struct virt_dma_desc *vd;
	unsigned int nr = 0;

	if (chan->sim->cfg.order == DMA_SIM_IN_ORDER)
		return 1;

	list_for_each_entry(vd, &chan->vc.desc_issued, node) {
		nr++;
		if (vd->tx.flags & DMA_PREP_FENCE)
			break;
	}

	return nr;
}

static struct dma_sim_desc *dma_sim_pick(struct dma_sim_chan *chan)
{
	unsigned int nr = dma_sim_candidates(chan);
	struct virt_dma_desc *vd;
	u32 skip = 0;

	if (nr > 1)
		skip = prandom_u32_state(&chan->rnd) % nr;

	list_for_each_entry(vd, &chan->vc.desc_issued, node)
		if (!skip--)
			break;

	list_del_init(&vd->node);
	return to_dma_sim_desc(vd);
}

/* Each fault counts each descriptor, whatever the others say. */
static enum dma_sim_fault_type dma_sim_fate(struct dma_sim *sim)
{
	enum dma_sim_fault_type type, fate = DMA_SIM_NR_FAULTS;

	for (type = DMA_SIM_FAULT_READ; type <= DMA_SIM_FAULT_LOST; type++)
		if (dma_sim_fault_hit(sim, type))
			fate = type;

	return fate;
}

/* Take the next descriptor to the engine, if there is one that may run. */
static struct dma_sim_desc *dma_sim_start(struct dma_sim_chan *chan)
{
	struct dma_sim_desc *desc = NULL;

	spin_lock_irq(&chan->vc.lock);
	chan->parked = chan->paused;
	if (dma_sim_may_run(chan)) {
		desc = dma_sim_pick(chan);
		desc->fault = dma_sim_fate(chan->sim);
		chan->engine = desc;
	} else {
		wake_up_all(&chan->quiet);
	}
	spin_unlock_irq(&chan->vc.lock);

	return desc;
}

/* Does nobody wait for this descriptor any more? */
static bool dma_sim_unwanted(struct dma_sim_chan *chan,
			     struct dma_sim_desc *desc)
{
	lockdep_assert_held(&chan->vc.lock);

	return desc->terminated || chan->gone;
}

static bool dma_sim_stop_asked(struct dma_sim_chan *chan,
			       struct dma_sim_desc *desc)
{
	bool stop;

	spin_lock_irq(&chan->vc.lock);
	stop = dma_sim_unwanted(chan, desc);
	spin_unlock_irq(&chan->vc.lock);

	return stop;
}

/* Neither paused by the client, nor held by whoever plays with the engine. */
static bool dma_sim_may_move(struct dma_sim_chan *chan,
			     struct dma_sim_desc *desc)
{
	bool unwanted, may;

	spin_lock_irq(&chan->vc.lock);
	unwanted = dma_sim_unwanted(chan, desc);
	chan->parked = chan->paused && !unwanted;
	may = unwanted || !(chan->paused || READ_ONCE(chan->sim->held));
	spin_unlock_irq(&chan->vc.lock);

	return may;
}

/* Let time pass, unless the descriptor is not wanted any more. */
static void dma_sim_rest(struct dma_sim_chan *chan, struct dma_sim_desc *desc,
			 unsigned int us)
{
	if (us)
		wait_event_hrtimeout(chan->wait, dma_sim_stop_asked(chan, desc),
				     ns_to_ktime((u64)us * NSEC_PER_USEC));
}

/* Between two bursts: shall there be another? */
static bool dma_sim_go_on(struct dma_sim_chan *chan, struct dma_sim_desc *desc)
{
	wait_event_idle(chan->wait, dma_sim_may_move(chan, desc));
	/* an engine that is never idle would have the CPU for itself */
	cond_resched();

	return !dma_sim_stop_asked(chan, desc);
}

/* Bytes that the engine can move before it fails, counted from @off. */
static size_t dma_sim_before_fault(struct dma_sim_desc *desc, size_t off,
				   size_t len)
{
	size_t middle = desc->len / 2;

	if (off + len <= middle)
		return len;

	switch (desc->fault) {
	case DMA_SIM_FAULT_READ:	/* nothing of the burst is written */
		return 0;
	case DMA_SIM_FAULT_WRITE:	/* some of it is */
		return len / 2;
	default:
		return len;
	}
}

/* What has become of the descriptor when it is at the end of its way. */
static enum dmaengine_tx_result dma_sim_result(struct dma_sim_desc *desc)
{
	switch (desc->fault) {
	case DMA_SIM_FAULT_READ:
		return DMA_TRANS_READ_FAILED;
	case DMA_SIM_FAULT_WRITE:
		return DMA_TRANS_WRITE_FAILED;
	case DMA_SIM_FAULT_ABORT:
		return DMA_TRANS_ABORTED;
	default:
		return DMA_TRANS_NOERROR;
	}
}

/* Move the data, burst by burst, until all is done or something is wrong. */
static enum dmaengine_tx_result dma_sim_move(struct dma_sim_chan *chan,
					     struct dma_sim_desc *desc)
{
	const struct dma_sim_config *cfg = &chan->sim->cfg;
	size_t off, len, good;

	for (off = 0; off < desc->len; off += len) {
		if (!dma_sim_go_on(chan, desc))
			return DMA_TRANS_ABORTED;

		len = min_t(size_t, cfg->burst, desc->len - off);
		good = dma_sim_before_fault(desc, off, len);
		if (good && dma_sim_burst(chan, desc, off, good))
			return DMA_TRANS_READ_FAILED;

		spin_lock_irq(&chan->vc.lock);
		desc->done = off + good;
		spin_unlock_irq(&chan->vc.lock);
		if (good < len)
			return dma_sim_result(desc);

		dma_sim_rest(chan, desc, cfg->burst_us);
	}

	return DMA_TRANS_NOERROR;
}

static enum dmaengine_tx_result dma_sim_execute(struct dma_sim_chan *chan,
						struct dma_sim_desc *desc)
{
	enum dmaengine_tx_result result;

	dma_sim_rest(chan, desc, chan->sim->cfg.latency_us);
	if (!dma_sim_go_on(chan, desc) || desc->fault == DMA_SIM_FAULT_ABORT)
		return DMA_TRANS_ABORTED;

	result = dma_sim_move(chan, desc);
	if (result == DMA_TRANS_NOERROR)	/* with no length, too */
		result = dma_sim_result(desc);

	return result;
}

/* The work is done, but nobody will hear of it. */
static void dma_sim_lose(struct dma_sim_chan *chan, struct dma_sim_desc *desc)
{
	lockdep_assert_held(&chan->vc.lock);

	dma_sim_count(chan->sim, &chan->sim->stats.lost, 1);
	list_add_tail(&desc->vd.node, &chan->lost);
	if (chan->sim->cfg.order == DMA_SIM_IN_ORDER ||
	    desc->vd.tx.flags & DMA_PREP_FENCE)
		chan->stuck = true;
}

/* The descriptor is complete: count its cookie, see that it is announced. */
static void dma_sim_complete(struct dma_sim_chan *chan,
			     struct dma_sim_desc *desc)
{
	lockdep_assert_held(&chan->vc.lock);

	if (chan->sim->cfg.completion == DMA_SIM_SOFTIRQ) {
		vchan_cookie_complete(&desc->vd);
		return;
	}

	dma_cookie_complete(&desc->vd.tx);
	list_add_tail(&desc->vd.node, &chan->ended);
	if (chan->sim->cfg.completion == DMA_SIM_HARDIRQ)
		irq_work_queue(&chan->irq_work);
	else
		chan->calls++;
}

static void dma_sim_account(struct dma_sim *sim, struct dma_sim_desc *desc,
			    enum dmaengine_tx_result result)
{
	if (result != DMA_TRANS_NOERROR) {
		dma_sim_count(sim, &sim->stats.errors, 1);
		return;
	}

	dma_sim_count(sim, &sim->stats.ops[desc->op], 1);
	dma_sim_count(sim, &sim->stats.completed, 1);
}

/* The engine lets go of a descriptor, which may be freed from here on. */
static void dma_sim_finish(struct dma_sim_chan *chan, struct dma_sim_desc *desc,
			   enum dmaengine_tx_result result)
{
	spin_lock_irq(&chan->vc.lock);
	chan->engine = NULL;
	if (desc->terminated) {
		wake_up_all(&chan->quiet);
	} else if (desc->fault == DMA_SIM_FAULT_LOST && !chan->gone) {
		dma_sim_lose(chan, desc);
	} else {
		if (result == DMA_TRANS_NOERROR)
			dma_sim_report(desc);
		desc->vd.tx_result.result = result;
		desc->vd.tx_result.residue = desc->len - desc->done;
		dma_sim_account(chan->sim, desc, result);
		dma_sim_complete(chan, desc);
	}
	spin_unlock_irq(&chan->vc.lock);
}

/*
 * Take the next descriptor that is to be announced, and note what it owes its
 * client. One for reuse can be submitted again by its callback, any other is
 * freed before; so it is not looked at afterwards.
 */
static bool dma_sim_next_ended(struct dma_sim_chan *chan,
			       struct dmaengine_desc_callback *cb,
			       struct dmaengine_result *result)
{
	struct virt_dma_desc *vd;
	unsigned long flags;
	bool reuse = false;

	spin_lock_irqsave(&chan->vc.lock, flags);
	vd = list_first_entry_or_null(&chan->ended, struct virt_dma_desc, node);
	if (vd) {
		dmaengine_desc_get_last_callback(&vd->tx, cb);
		*result = vd->tx_result;
		reuse = dmaengine_desc_test_reuse(&vd->tx);
		list_del_init(&vd->node);
		if (reuse)
			list_add_tail(&vd->node, &chan->vc.desc_allocated);
	}
	spin_unlock_irqrestore(&chan->vc.lock, flags);

	if (vd && !reuse)
		chan->vc.desc_free(vd);

	return vd;
}

static void dma_sim_announce(struct dma_sim_chan *chan)
{
	struct dmaengine_desc_callback cb;
	struct dmaengine_result result;

	while (dma_sim_next_ended(chan, &cb, &result))
		dmaengine_desc_callback_invoke(&cb, &result);
}

static void dma_sim_irq_work(struct irq_work *work)
{
	dma_sim_announce(container_of(work, struct dma_sim_chan, irq_work));
}

/* In the thread, if it is that which dma_sim_complete() left to it. */
static void dma_sim_announce_here(struct dma_sim_chan *chan)
{
	if (!(chan->calls & 1))
		return;

	dma_sim_announce(chan);

	spin_lock_irq(&chan->vc.lock);
	chan->calls++;
	wake_up_all(&chan->quiet);
	spin_unlock_irq(&chan->vc.lock);
}

static bool dma_sim_wake_thread(struct dma_sim_chan *chan)
{
	bool run;

	if (kthread_should_stop())
		return true;

	spin_lock_irq(&chan->vc.lock);
	run = dma_sim_may_run(chan) || chan->parked != chan->paused;
	spin_unlock_irq(&chan->vc.lock);

	return run;
}

static int dma_sim_thread(void *data)
{
	struct dma_sim_chan *chan = data;
	struct dma_sim_desc *desc;

	while (!kthread_should_stop()) {
		desc = dma_sim_start(chan);
		if (!desc) {
			wait_event_idle(chan->wait, dma_sim_wake_thread(chan));
			continue;
		}

		dma_sim_finish(chan, desc, dma_sim_execute(chan, desc));
		dma_sim_announce_here(chan);
	}

	return 0;
}

/* Descriptors */

static void dma_sim_desc_free(struct virt_dma_desc *vd)
{
	struct dma_sim_chan *chan = to_dma_sim_chan(vd->tx.chan);

	atomic_dec(&chan->nr_descs);
	kfree(to_dma_sim_desc(vd));
}

static bool dma_sim_chan_gone(struct dma_sim_chan *chan)
{
	unsigned long flags;
	bool gone;

	spin_lock_irqsave(&chan->vc.lock, flags);
	gone = chan->gone;
	spin_unlock_irqrestore(&chan->vc.lock, flags);

	return gone;
}

static bool dma_sim_desc_reserve(struct dma_sim_chan *chan)
{
	unsigned int max = chan->sim->cfg.desc_max;

	if (dma_sim_chan_gone(chan) ||
	    dma_sim_fault_hit(chan->sim, DMA_SIM_FAULT_PREP))
		return false;

	if (atomic_inc_return(&chan->nr_descs) <= max || !max)
		return true;

	atomic_dec(&chan->nr_descs);
	return false;
}

/**
 * dma_sim_desc_get() - allocate a descriptor
 * @chan: its channel
 * @op: its operation
 * @len: bytes
 * @src_cnt: number of sources that there shall be room for
 *
 * Context: Any context.
 * Return: the descriptor, to be passed to dma_sim_desc_ready(), or NULL.
 */
struct dma_sim_desc *dma_sim_desc_get(struct dma_sim_chan *chan,
				      enum dma_sim_op op, size_t len,
				      unsigned int src_cnt)
{
	struct dma_sim_desc *desc;
	size_t size;

	if (!dma_sim_desc_reserve(chan))
		goto failed;

	/* the coefficients stand behind the sources */
	size = struct_size(desc, src, src_cnt) + src_cnt;
	desc = kzalloc(size, GFP_NOWAIT | __GFP_NOWARN);
	if (!desc) {
		atomic_dec(&chan->nr_descs);
		goto failed;
	}

	desc->op = op;
	desc->len = len;
	desc->src_cnt = src_cnt;
	desc->coef = (u8 *)desc + struct_size(desc, src, src_cnt);

	return desc;

failed:
	dma_sim_count(chan->sim, &chan->sim->stats.prep_failed, 1);
	return NULL;
}

/* Nothing has become of it, so the client keeps what is for reuse. */
static void dma_sim_submit_failed(struct dma_sim_chan *chan,
				  struct dma_sim_desc *desc)
{
	bool reuse = dmaengine_desc_test_reuse(&desc->vd.tx);
	unsigned long flags;

	dma_sim_count(chan->sim, &chan->sim->stats.submit_failed, 1);
	if (reuse)
		return;

	spin_lock_irqsave(&chan->vc.lock, flags);
	list_del_init(&desc->vd.node);
	spin_unlock_irqrestore(&chan->vc.lock, flags);
	chan->vc.desc_free(&desc->vd);
}

static dma_cookie_t dma_sim_try_submit(struct dma_sim_chan *chan,
				       struct dma_sim_desc *desc)
{
	dma_cookie_t cookie = -EIO;
	unsigned long flags;

	if (dma_sim_fault_hit(chan->sim, DMA_SIM_FAULT_SUBMIT))
		return cookie;

	spin_lock_irqsave(&chan->vc.lock, flags);
	if (chan->gone) {
		cookie = -ENODEV;
	} else if (chan->engine == desc) {
		/* one for reuse, terminated, but not yet synchronized */
		cookie = -EBUSY;
	} else {
		desc->done = 0;
		desc->found = 0;
		desc->terminated = false;
		desc->vd.tx_result.result = DMA_TRANS_NOERROR;
		desc->vd.tx_result.residue = 0;
		cookie = dma_cookie_assign(&desc->vd.tx);
		list_move_tail(&desc->vd.node, &chan->vc.desc_submitted);
		dma_sim_count(chan->sim, &chan->sim->stats.submitted, 1);
	}
	spin_unlock_irqrestore(&chan->vc.lock, flags);

	return cookie;
}

static dma_cookie_t dma_sim_tx_submit(struct dma_async_tx_descriptor *tx)
{
	struct dma_sim_chan *chan = to_dma_sim_chan(tx->chan);
	struct dma_sim_desc *desc = container_of(tx, struct dma_sim_desc,
						 vd.tx);
	dma_cookie_t cookie;

	cookie = dma_sim_try_submit(chan, desc);
	if (dma_submit_error(cookie))
		dma_sim_submit_failed(chan, desc);

	return cookie;
}

/**
 * dma_sim_desc_ready() - hand a descriptor to the client
 * @chan: its channel
 * @desc: descriptor from dma_sim_desc_get(), with all that it is about
 * @flags: flags of the client
 *
 * Context: Any context.
 * Return: what the client gets.
 */
struct dma_async_tx_descriptor *
dma_sim_desc_ready(struct dma_sim_chan *chan, struct dma_sim_desc *desc,
		   unsigned long flags)
{
	struct dma_async_tx_descriptor *tx;

	tx = vchan_tx_prep(&chan->vc, &desc->vd, flags);
	tx->tx_submit = dma_sim_tx_submit;

	return tx;
}

/* What the DMA engine core calls */

static void dma_sim_issue_pending(struct dma_chan *c)
{
	struct dma_sim_chan *chan = to_dma_sim_chan(c);
	unsigned long flags;

	spin_lock_irqsave(&chan->vc.lock, flags);
	if (vchan_issue_pending(&chan->vc))
		wake_up_all(&chan->wait);
	spin_unlock_irqrestore(&chan->vc.lock, flags);
}

static size_t dma_sim_residue(struct dma_sim_chan *chan, dma_cookie_t cookie)
{
	struct dma_sim_desc *desc = chan->engine;
	struct virt_dma_desc *vd;

	lockdep_assert_held(&chan->vc.lock);

	if (desc && desc->vd.tx.cookie == cookie)
		return desc->len - desc->done;

	vd = vchan_find_desc(&chan->vc, cookie);
	if (vd)
		return to_dma_sim_desc(vd)->len;

	list_for_each_entry(vd, &chan->vc.desc_submitted, node)
		if (vd->tx.cookie == cookie)
			return to_dma_sim_desc(vd)->len;

	return 0;
}

static enum dma_status dma_sim_tx_status(struct dma_chan *c,
					 dma_cookie_t cookie,
					 struct dma_tx_state *state)
{
	struct dma_sim_chan *chan = to_dma_sim_chan(c);
	enum dma_status status;
	unsigned long flags;

	spin_lock_irqsave(&chan->vc.lock, flags);
	status = dma_cookie_status(c, cookie, state);
	if (chan->sim->cfg.order == DMA_SIM_OUT_OF_ORDER)
		status = DMA_OUT_OF_ORDER;
	if (status != DMA_COMPLETE)
		dma_set_residue(state, dma_sim_residue(chan, cookie));
	if (status == DMA_IN_PROGRESS && chan->paused && chan->parked)
		status = DMA_PAUSED;
	spin_unlock_irqrestore(&chan->vc.lock, flags);

	return status;
}

static void dma_sim_set_pause(struct dma_sim_chan *chan, bool pause)
{
	unsigned long flags;

	spin_lock_irqsave(&chan->vc.lock, flags);
	chan->paused = pause;
	wake_up_all(&chan->wait);
	spin_unlock_irqrestore(&chan->vc.lock, flags);
}

static int dma_sim_pause(struct dma_chan *c)
{
	dma_sim_set_pause(to_dma_sim_chan(c), true);
	return 0;
}

static int dma_sim_resume(struct dma_chan *c)
{
	dma_sim_set_pause(to_dma_sim_chan(c), false);
	return 0;
}

/*
 * Collect on @head what is not yet complete, apart from what is running, in the
 * order of its cookies.
 */
static void dma_sim_collect(struct dma_sim_chan *chan, struct list_head *head)
{
	lockdep_assert_held(&chan->vc.lock);

	list_splice_tail_init(&chan->lost, head);
	list_splice_tail_init(&chan->vc.desc_issued, head);
	list_splice_tail_init(&chan->vc.desc_submitted, head);
	chan->stuck = false;
}

static int dma_sim_terminate_all(struct dma_chan *c)
{
	struct dma_sim_chan *chan = to_dma_sim_chan(c);
	unsigned long flags;
	LIST_HEAD(head);
	size_t nr;

	/* what is prepared only belongs to the client */
	spin_lock_irqsave(&chan->vc.lock, flags);
	dma_sim_collect(chan, &head);
	nr = list_count_nodes(&head);
	if (chan->engine && !chan->engine->terminated) {
		chan->engine->terminated = true;
		vchan_terminate_vdesc(&chan->engine->vd);
		nr++;
	}
	dma_sim_count(chan->sim, &chan->sim->stats.terminated, nr);

	/* these are complete and counted, but nobody will be told */
	list_splice_tail_init(&chan->ended, &head);
	list_splice_tail_init(&chan->vc.desc_completed, &head);
	chan->paused = false;
	wake_up_all(&chan->wait);
	wake_up_all(&chan->quiet);
	spin_unlock_irqrestore(&chan->vc.lock, flags);

	vchan_dma_desc_free_list(&chan->vc, &head);
	return 0;
}

/* Has the engine let go of what was terminated? */
static bool dma_sim_let_go(struct dma_sim_chan *chan)
{
	bool ret;

	spin_lock_irq(&chan->vc.lock);
	ret = !chan->engine || !chan->engine->terminated;
	spin_unlock_irq(&chan->vc.lock);

	return ret;
}

static unsigned int dma_sim_nr_calls(struct dma_sim_chan *chan)
{
	unsigned int calls;

	spin_lock_irq(&chan->vc.lock);
	calls = chan->calls;
	spin_unlock_irq(&chan->vc.lock);

	return calls;
}

/* Not what another thread has terminated meanwhile, if the engine still has it. */
static void dma_sim_free_terminated(struct dma_sim_chan *chan)
{
	LIST_HEAD(head);

	spin_lock_irq(&chan->vc.lock);
	list_splice_tail_init(&chan->vc.desc_terminated, &head);
	if (chan->engine && chan->engine->terminated)
		list_move(&chan->engine->vd.node, &chan->vc.desc_terminated);
	spin_unlock_irq(&chan->vc.lock);

	vchan_dma_desc_free_list(&chan->vc, &head);
}

static void dma_sim_synchronize(struct dma_chan *c)
{
	struct dma_sim_chan *chan = to_dma_sim_chan(c);
	unsigned int calls;

	wait_event(chan->quiet, dma_sim_let_go(chan));
	calls = dma_sim_nr_calls(chan);
	if (calls & 1)
		wait_event(chan->quiet, dma_sim_nr_calls(chan) != calls);
	irq_work_sync(&chan->irq_work);
	tasklet_kill(&chan->vc.task);
	dma_sim_free_terminated(chan);
}

static void dma_sim_free_buffers(struct dma_sim_chan *chan)
{
	kfree(chan->p);
	kfree(chan->q);
	chan->p = NULL;
	chan->q = NULL;
}

static int dma_sim_alloc_chan_resources(struct dma_chan *c)
{
	struct dma_sim_chan *chan = to_dma_sim_chan(c);
	unsigned int burst = chan->sim->cfg.burst;
	struct task_struct *thread;

	if (dma_sim_chan_gone(chan))
		return -ESHUTDOWN;

	chan->p = kmalloc(burst, GFP_KERNEL);
	chan->q = kmalloc(burst, GFP_KERNEL);
	if (!chan->p || !chan->q) {
		dma_sim_free_buffers(chan);
		return -ENOMEM;
	}

	prandom_seed_state(&chan->rnd, chan->sim->cfg.seed + c->chan_id);
	thread = kthread_run(dma_sim_thread, chan, "%s", dma_chan_name(c));
	if (IS_ERR(thread)) {
		dma_sim_free_buffers(chan);
		return PTR_ERR(thread);
	}

	chan->thread = thread;
	return 0;
}

static void dma_sim_free_chan_resources(struct dma_chan *c)
{
	struct dma_sim_chan *chan = to_dma_sim_chan(c);

	dma_sim_terminate_all(c);
	kthread_stop(chan->thread);
	chan->thread = NULL;
	dma_sim_synchronize(c);
	vchan_free_chan_resources(&chan->vc);
	dma_sim_free_buffers(chan);
}

static bool dma_sim_idle(struct dma_sim_chan *chan)
{
	bool idle;

	spin_lock_irq(&chan->vc.lock);
	idle = !chan->engine && list_empty(&chan->vc.desc_issued) &&
	       !(chan->calls & 1);
	spin_unlock_irq(&chan->vc.lock);

	return idle;
}

/**
 * dma_sim_chan_stop() - end all transfers of a channel, as its device goes
 * @chan: the channel
 *
 * What is in flight is aborted, and its client is told. From here on there are
 * no descriptors, and those that exist cannot be submitted. A client that still
 * has the channel can terminate and release it.
 *
 * Context: Process context, may sleep.
 */
void dma_sim_chan_stop(struct dma_sim_chan *chan)
{
	LIST_HEAD(head);

	spin_lock_irq(&chan->vc.lock);
	chan->gone = true;
	dma_sim_collect(chan, &head);
	list_splice_tail_init(&head, &chan->vc.desc_issued);
	wake_up_all(&chan->wait);
	spin_unlock_irq(&chan->vc.lock);

	wait_event(chan->quiet, dma_sim_idle(chan));
	dma_sim_synchronize(&chan->vc.chan);
}

/**
 * dma_sim_chan_init() - set up a channel
 * @chan: the channel
 * @sdev: its device
 *
 * Context: Process context.
 */
void dma_sim_chan_init(struct dma_sim_chan *chan, struct dma_sim_dev *sdev)
{
	chan->sim = sdev->sim;
	chan->vc.desc_free = dma_sim_desc_free;
	init_waitqueue_head(&chan->wait);
	init_waitqueue_head(&chan->quiet);
	INIT_LIST_HEAD(&chan->ended);
	INIT_LIST_HEAD(&chan->lost);
	chan->irq_work = IRQ_WORK_INIT_HARD(dma_sim_irq_work);
	vchan_init(&chan->vc, &sdev->ddev);
}

/**
 * dma_sim_set_chan_ops() - tell the core what all channels can do
 * @ddev: their device
 *
 * Context: Process context.
 */
void dma_sim_set_chan_ops(struct dma_device *ddev)
{
	ddev->device_alloc_chan_resources = dma_sim_alloc_chan_resources;
	ddev->device_free_chan_resources = dma_sim_free_chan_resources;
	ddev->device_issue_pending = dma_sim_issue_pending;
	ddev->device_tx_status = dma_sim_tx_status;
	ddev->device_pause = dma_sim_pause;
	ddev->device_resume = dma_sim_resume;
	ddev->device_terminate_all = dma_sim_terminate_all;
	ddev->device_synchronize = dma_sim_synchronize;
	ddev->descriptor_reuse = true;
	ddev->residue_granularity = DMA_RESIDUE_GRANULARITY_BURST;
}
