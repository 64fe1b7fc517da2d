// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of memory operations: from the first leg to the end.
 *
 * Who may go on with a chain where:
 *
 *	the submitter		engine legs; CPU legs if it is a task
 *	the end of a run	nothing but the end of the chain
 *	softirq work		engine legs
 *	the workqueue		engine legs and CPU legs
 *
 * The end of a run comes in a context that the provider chooses, with locks of the
 * provider held for some. So it submits nothing: for the next leg, or run, a work
 * item in softirq context does that; a thread is woken only if the CPU has
 * something to do.
 */

#include <linux/preempt.h>

#include "chain.h"

/* Is what a notice is about done, and will nothing of it be used again? */
static bool async_notice_ready(struct async_chain *chain,
			       const struct async_notice *notice)
{
	const struct async_op *op = notice->op;
	unsigned int i, todo;

	if (!chain->first)
		return true;

	/* its own number is the least that these can be */
	todo = chain->first->seq;
	for (i = 0; i < op->nr_refs; i++)
		if (async_block_root(op->refs[i].block)->last >= todo)
			return false;

	return true;
}

/* Give the notices that are due, in their order. Nothing is mapped now. */
static void async_chain_tell(struct async_chain *chain)
{
	struct async_notice *notice = chain->notices;

	while (notice && async_notice_ready(chain, notice)) {
		chain->notices = notice->next;
		notice->fn(notice->arg, notice->op->failed ? -EIO : 0);
		notice = chain->notices;
	}
}

static void async_op_done(struct async_op *op)
{
	if (op->result)
		*op->result = op->val;
}

static void async_op_cpu(struct async_op *op)
{
	op->val = 0;
	op->type->cpu(op);
	async_op_done(op);
}

/* Do the next operation. */
static void async_chain_cpu(struct async_chain *chain)
{
	struct async_op *op = chain->first;

	async_op_cpu(op);
	chain->first = op->next;
	async_chain_tell(chain);
}

/**
 * async_chain_flush() - do what was described so far
 * @chain: the chain, which its client still describes
 *
 * From then on the client's operations are done as they are described.
 *
 * Context: Process context. Does not sleep.
 */
void async_chain_flush(struct async_chain *chain)
{
	while (chain->first)
		async_chain_cpu(chain);
	chain->sync = true;
}

/* Nothing more is done. */
static void async_chain_fail(struct async_chain *chain)
{
	struct async_op *op;

	for (op = chain->first; op; op = op->next)
		op->failed = true;
	chain->first = NULL;
	chain->error = -EIO;
}

static void async_chain_finish(struct async_chain *chain)
{
	async_chain_fn done = chain->done;
	void *arg = chain->arg;
	int error = chain->error;

	async_chain_tell(chain);
	async_chain_free(chain);
	if (done)
		done(arg, error);
}

/* Is anything gone that the operation needs? */
static bool async_op_lost(const struct async_op *op)
{
	unsigned int i = op->use & ASYNC_USE_OLD ? 0 : op->nr_dst;

	for (; i < op->nr_refs; i++) {
		struct async_block *block = async_block_root(op->refs[i].block);

		if (block->state & ASYNC_BLOCK_LOST)
			return true;
	}

	return false;
}

static void async_op_redo(struct async_op *op)
{
	unsigned int i;

	op->folded = 0;
	op->failed = async_op_lost(op);
	if (!op->failed)
		async_op_cpu(op);

	for (i = 0; i < op->nr_dst; i++) {
		const struct async_ref *ref = &op->refs[i];
		struct async_block *block = async_block_root(ref->block);

		if (op->failed)
			block->state |= ASYNC_BLOCK_LOST;
		else if (async_ref_covers(ref, block, op->len))
			block->state &= ~ASYNC_BLOCK_LOST;
	}
}

/* An engine has failed: do its run again on the CPU, as far as it goes. */
static void async_leg_redo(struct async_chain *chain)
{
	bool failed = false;
	struct async_op *op, *end;

	async_leg_losses(chain);
	end = chain->leg_end;
	if (chain->partial)
		end = chain->partial->next;
	for (op = chain->first; op != end; op = op->next) {
		async_op_redo(op);
		failed |= op->failed;
	}

	chain->first = end;
	chain->in_leg = false;
	chain->redo = false;
	if (failed)
		async_chain_fail(chain);
	async_chain_tell(chain);
}

/* All operations of the run are done. */
static void async_run_done(struct async_chain *chain)
{
	while (chain->first != chain->run_next) {
		async_op_done(chain->first);
		chain->first = chain->first->next;
	}
}

/* The end of a run, in any context. */
static void async_run_ended(struct async_chain *chain)
{
	bool failed = chain->result != DMA_TRANS_NOERROR;

	if (!failed) {
		async_run_done(chain);
		if (chain->run_next != chain->leg_end)
			return;	/* there is another run */
	}

	dmaengine_unmap_put(chain->mapped);
	chain->mapped = NULL;
	async_leg_unpin(chain);
	if (failed) {
		/* what the engine was not given is not lost */
		chain->leg_end = chain->run_next;
		chain->redo = true;
	} else {
		chain->in_leg = false;
		async_chain_tell(chain);
	}
}

static void async_chain_work(struct work_struct *work)
{
	struct async_chain *chain = container_of(work, struct async_chain,
						 work);

	chain->issue_later = false;	/* its submitter may have issued by now */
	async_chain_go(chain);
}

/* For engine legs: in softirq context. */
static void async_chain_defer_engine(struct async_chain *chain)
{
	INIT_WORK(&chain->work, async_chain_work);
	queue_work(system_bh_wq, &chain->work);
}

/* For CPU legs. Its own work item, as lockdep sees it: nothing shares a context. */
static void async_chain_defer_cpu(struct async_chain *chain)
{
	INIT_WORK(&chain->work, async_chain_work);
	queue_work(async_chain_wq, &chain->work);
}

/* Submit the next run, perhaps of a new leg; false if it is the CPU's turn. */
static bool async_chain_engine(struct async_chain *chain, bool *in_flight)
{
	bool engine;

	rcu_read_lock();
	engine = chain->in_leg || async_leg_plan(chain);
	if (engine)
		*in_flight = async_run_start(chain);
	rcu_read_unlock();

	return engine;
}

/**
 * async_chain_go() - go on with a chain
 * @chain: the chain, which is the caller's, but not after the call
 *
 * Context: As for async_chain_submit(), or softirq context with no locks held.
 */
void async_chain_go(struct async_chain *chain)
{
	bool in_flight = false;

	while (chain->first) {
		if (!chain->redo && async_chain_engine(chain, &in_flight)) {
			if (in_flight)
				return;
			async_run_ended(chain);
		} else if (!in_task()) {
			async_chain_defer_cpu(chain);
			return;
		} else if (chain->redo) {
			async_leg_redo(chain);
		} else {
			async_chain_cpu(chain);
		}
	}
	async_chain_finish(chain);
}

/* Go on after the end of a run, in any context. */
static void async_chain_resume(struct async_chain *chain)
{
	async_run_ended(chain);
	if (!chain->first)
		async_chain_finish(chain);
	else if (!chain->redo &&
		 (chain->in_leg || async_op_for_engine(chain->first)))
		async_chain_defer_engine(chain);
	else
		async_chain_defer_cpu(chain);
}

static void async_chain_event(struct async_chain *chain)
{
	if (atomic_dec_and_test(&chain->events))
		async_chain_resume(chain);
}

/**
 * async_chain_run_over() - the record of a run has gone
 * @arg: the chain
 * @result: how the descriptors have ended
 *
 * A leg of several runs is still mapped now. Until the next run is in flight, or
 * all is unmapped, nothing but the pin keeps the device.
 *
 * Context: Any context.
 */
void async_chain_run_over(void *arg, enum dmaengine_tx_result result)
{
	struct async_chain *chain = arg;

	chain->result = result;
	if (chain->mapped && !chain->pinned) {
		chain->pinned = chain->run_chan;
		dma_chan_pin(chain->pinned);
	}
	WRITE_ONCE(chain->over, true);
	async_chain_event(chain);
}

static void async_chain_kick(struct work_struct *work)
{
	struct async_chain *chain = container_of(to_delayed_work(work),
						 struct async_chain, kick);

	if (READ_ONCE(chain->over)) {
		async_chain_event(chain);
		return;
	}

	rcu_read_lock();
	if (async_chan_usable(chain->run_chan, chain->leg_dev))
		dma_async_is_tx_complete(chain->run_chan, chain->kick_cookie,
					 NULL, NULL);
	rcu_read_unlock();
	queue_delayed_work(async_chain_wq, &chain->kick, 1);
}

/**
 * async_chain_kick_start() - look after a run whose end no interrupt may tell
 * @chain: the chain, whose submission of the run is not over
 * @cookie: the last descriptor
 *
 * A run that was cut short has no descriptor that asks for an interrupt. There
 * are engines that then tell of its end with the next one that does, or when they
 * are asked. So ask, once in a jiffy. That is one more event for the run.
 *
 * Context: Any context.
 */
void async_chain_kick_start(struct async_chain *chain, dma_cookie_t cookie)
{
	chain->kick_cookie = cookie;
	atomic_inc(&chain->events);
	INIT_DELAYED_WORK(&chain->kick, async_chain_kick);
	queue_delayed_work(async_chain_wq, &chain->kick, 1);
}
