// SPDX-License-Identifier: GPL-2.0-only
/*
 * dma-sim: the operations: how they are prepared, and their arithmetic.
 *
 * All of them are one: some sources are gathered into P, which is their sum, and
 * into Q, in which each has its coefficient, burst by burst; then P and Q are
 * written, or it is looked whether they are zero. A copy has one source, a fill
 * has none. Since all of a burst is read before any of it is written, a
 * destination can be a source as well.
 *
 * The engine knows addresses of the bus only. What it reads and writes is what
 * stands at them: in a bounce buffer, if the mapping has one.
 */

#include <crypto/utils.h>
#include <linux/dma-direct.h>
#include <linux/highmem.h>
#include <linux/string.h>

#include "internal.h"

/* The page at an address of the bus; @len is cut to what is left of it. */
static struct page *dma_sim_page(struct device *dev, dma_addr_t addr,
				 size_t *offset, size_t *len)
{
	phys_addr_t phys = dma_to_phys(dev, addr);

	if (!pfn_valid(PHYS_PFN(phys))) {
		dev_err_ratelimited(dev, "no memory at %pad\n", &addr);
		return NULL;
	}

	*offset = offset_in_page(phys);
	*len = min_t(size_t, *len, PAGE_SIZE - *offset);

	return pfn_to_page(PHYS_PFN(phys));
}

/* All products with @coef in GF(2^8), of which 0x11d is the polynomial. */
static void dma_sim_products(u8 *row, u8 coef)
{
	unsigned int bit, i;

	row[0] = 0;
	for (bit = 1; bit < 256; bit <<= 1) {
		for (i = 0; i < bit; i++)
			row[bit + i] = row[i] ^ coef;
		coef = (coef << 1) ^ (coef & 0x80 ? 0x1d : 0);
	}
}

static void dma_sim_xor_product(u8 *sum, const u8 *src, size_t len, u8 coef)
{
	u8 row[256];
	size_t i;

	if (!coef)
		return;
	if (coef == 1) {
		crypto_xor(sum, src, len);
		return;
	}

	dma_sim_products(row, coef);
	for (i = 0; i < len; i++)
		sum[i] ^= row[src[i]];
}

/* Add what stands at @addr to P and, with a coefficient, to Q. */
static int dma_sim_gather(struct device *dev, dma_addr_t addr, size_t len,
			  u8 *p, u8 *q, u8 coef)
{
	size_t done, part, offset;
	struct page *page;
	const u8 *src;

	for (done = 0; done < len; done += part) {
		part = len - done;
		page = dma_sim_page(dev, addr + done, &offset, &part);
		if (!page)
			return -EFAULT;

		src = kmap_local_page(page);
		if (p)
			crypto_xor(p + done, src + offset, part);
		if (q)
			dma_sim_xor_product(q + done, src + offset, part, coef);
		kunmap_local(src);
	}

	return 0;
}

static int dma_sim_scatter(struct device *dev, dma_addr_t addr, size_t len,
			   const u8 *data)
{
	size_t done, part, offset;
	struct page *page;

	for (done = 0; done < len; done += part) {
		part = len - done;
		page = dma_sim_page(dev, addr + done, &offset, &part);
		if (!page)
			return -EFAULT;

		memcpy_to_page(page, offset, data + done, part);
	}

	return 0;
}

static void dma_sim_moved(struct dma_sim_chan *chan, struct dma_sim_desc *desc,
			  size_t bytes)
{
	struct dma_sim *sim = chan->sim;

	dma_sim_count(sim, &sim->stats.bytes[desc->op], bytes);
}

static int dma_sim_read(struct dma_sim_chan *chan, struct dma_sim_desc *desc,
			size_t off, size_t len)
{
	struct device *dev = chan->vc.chan.device->dev;
	u8 *p = desc->has_p ? chan->p : NULL;
	u8 *q = desc->has_q ? chan->q : NULL;
	unsigned int i;
	int ret = 0;

	memset(chan->p, desc->value, len);
	memset(chan->q, 0, len);

	for (i = 0; !ret && i < desc->src_cnt; i++)
		ret = dma_sim_gather(dev, desc->src[i] + off, len, p, q,
				     desc->coef[i]);
	dma_sim_moved(chan, desc, (size_t)desc->src_cnt * len);
	if (!desc->accumulate)
		return ret;

	/* P and Q as they were count as well, each for itself alone */
	if (!ret && p)
		ret = dma_sim_gather(dev, desc->dst[0] + off, len, p, NULL, 0);
	if (!ret && q)
		ret = dma_sim_gather(dev, desc->dst[1] + off, len, NULL, q, 1);
	dma_sim_moved(chan, desc, (desc->has_p + desc->has_q) * len);

	return ret;
}

static int dma_sim_write(struct dma_sim_chan *chan, struct dma_sim_desc *desc,
			 size_t off, size_t len)
{
	struct device *dev = chan->vc.chan.device->dev;
	int ret = 0;

	if (desc->has_p)
		ret = dma_sim_scatter(dev, desc->dst[0] + off, len, chan->p);
	if (!ret && desc->has_q)
		ret = dma_sim_scatter(dev, desc->dst[1] + off, len, chan->q);
	dma_sim_moved(chan, desc, (desc->has_p + desc->has_q) * len);

	return ret;
}

static void dma_sim_validate(struct dma_sim_chan *chan,
			     struct dma_sim_desc *desc, size_t len)
{
	if (desc->has_p && memchr_inv(chan->p, 0, len))
		desc->found |= SUM_CHECK_P_RESULT;
	if (desc->has_q && memchr_inv(chan->q, 0, len))
		desc->found |= SUM_CHECK_Q_RESULT;
}

/**
 * dma_sim_burst() - carry out a piece of an operation
 * @chan: the channel
 * @desc: descriptor at its engine
 * @off: where the piece begins, in bytes
 * @len: its length in bytes, not more than a burst
 *
 * Context: The thread of the channel.
 * Return: 0, or -EFAULT if there is no memory at an address.
 */
int dma_sim_burst(struct dma_sim_chan *chan, struct dma_sim_desc *desc,
		  size_t off, size_t len)
{
	int ret;

	if (chan->sim->cfg.pretend)
		return 0;

	ret = dma_sim_read(chan, desc, off, len);
	if (ret)
		return ret;

	if (!desc->check)
		return dma_sim_write(chan, desc, off, len);

	dma_sim_validate(chan, desc, len);
	return 0;
}

/**
 * dma_sim_report() - tell the client what a validation has found
 * @desc: descriptor that has been carried out to its end
 *
 * Context: Before the descriptor is complete.
 */
void dma_sim_report(struct dma_sim_desc *desc)
{
	if (desc->check)
		*desc->check = desc->found;
}

/* Preparation */

/**
 * struct dma_sim_request - what a client asks for
 * @op: operation
 * @len: bytes
 * @dst: destinations, or P and Q to validate
 * @has_p: dst[0] is used
 * @has_q: dst[1] is used
 * @src: sources
 * @coef: their coefficients, or NULL
 * @src_cnt: their number
 * @max_src: most sources that the engine can stand
 * @extra: sources that are added, of them @src_cnt knows nothing
 */
struct dma_sim_request {
	enum dma_sim_op op;
	size_t len;
	dma_addr_t dst[2];
	bool has_p;
	bool has_q;
	const dma_addr_t *src;
	const u8 *coef;
	unsigned int src_cnt;
	unsigned int max_src;
	unsigned int extra;
};

static bool dma_sim_aligned(struct dma_sim_chan *chan,
			    const struct dma_sim_request *req)
{
	dma_addr_t bits = req->len;
	unsigned int i;

	if (req->has_p)
		bits |= req->dst[0];
	if (req->has_q)
		bits |= req->dst[1];
	for (i = 0; i < req->src_cnt; i++)
		bits |= req->src[i];

	return !(bits & (BIT(chan->sim->cfg.align) - 1));
}

/* What no driver has to stand is a bug of the client. */
static const char *dma_sim_objection(struct dma_sim_chan *chan,
				     const struct dma_sim_request *req)
{
	if (!req->len)
		return "no length";
	if (req->src_cnt + req->extra > req->max_src)
		return "too many sources";
	if (!req->has_p && !req->has_q)
		return "neither P nor Q";
	if (!req->src_cnt && req->op != DMA_SIM_MEMSET)
		return "no sources";
	if (!dma_sim_aligned(chan, req))
		return "bad alignment";

	return NULL;
}

static struct dma_sim_desc *dma_sim_prep(struct dma_chan *c,
					 const struct dma_sim_request *req)
{
	struct dma_sim_chan *chan = to_dma_sim_chan(c);
	const char *why = dma_sim_objection(chan, req);
	struct dma_sim_desc *desc;

	if (why) {
		dev_err_ratelimited(c->device->dev, "%s refused: %s\n",
				    dma_sim_op_names[req->op], why);
		dma_sim_count(chan->sim, &chan->sim->stats.prep_failed, 1);
		return NULL;
	}

	desc = dma_sim_desc_get(chan, req->op, req->len,
				req->src_cnt + req->extra);
	if (!desc)
		return NULL;

	desc->dst[0] = req->dst[0];
	desc->dst[1] = req->dst[1];
	desc->has_p = req->has_p;
	desc->has_q = req->has_q;
	memcpy(desc->src, req->src, req->src_cnt * sizeof(*desc->src));
	if (req->coef)
		memcpy(desc->coef, req->coef, req->src_cnt);

	return desc;
}

static struct dma_async_tx_descriptor *dma_sim_ready(struct dma_chan *c,
						     struct dma_sim_desc *desc,
						     unsigned long flags)
{
	if (!desc)
		return NULL;

	return dma_sim_desc_ready(to_dma_sim_chan(c), desc, flags);
}

static struct dma_async_tx_descriptor *
dma_sim_prep_memcpy(struct dma_chan *c, dma_addr_t dst, dma_addr_t src,
		    size_t len, unsigned long flags)
{
	struct dma_sim_request req = {
		.op = DMA_SIM_MEMCPY,
		.len = len,
		.dst = { dst },
		.has_p = true,
		.src = &src,
		.src_cnt = 1,
		.max_src = 1,
	};

	return dma_sim_ready(c, dma_sim_prep(c, &req), flags);
}

static struct dma_async_tx_descriptor *
dma_sim_prep_memset(struct dma_chan *c, dma_addr_t dst, int value, size_t len,
		    unsigned long flags)
{
	struct dma_sim_request req = {
		.op = DMA_SIM_MEMSET,
		.len = len,
		.dst = { dst },
		.has_p = true,
	};
	struct dma_sim_desc *desc;

	desc = dma_sim_prep(c, &req);
	if (desc)
		desc->value = value;

	return dma_sim_ready(c, desc, flags);
}

static struct dma_async_tx_descriptor *
dma_sim_prep_xor(struct dma_chan *c, dma_addr_t dst, dma_addr_t *src,
		 unsigned int src_cnt, size_t len, unsigned long flags)
{
	struct dma_sim_request req = {
		.op = DMA_SIM_XOR,
		.len = len,
		.dst = { dst },
		.has_p = true,
		.src = src,
		.src_cnt = src_cnt,
		.max_src = c->device->max_xor,
	};

	return dma_sim_ready(c, dma_sim_prep(c, &req), flags);
}

/* The first source is what is to be validated, so nothing stands in @dst. */
static struct dma_async_tx_descriptor *
dma_sim_prep_xor_val(struct dma_chan *c, dma_addr_t *src, unsigned int src_cnt,
		     size_t len, enum sum_check_flags *result,
		     unsigned long flags)
{
	struct dma_sim_request req = {
		.op = DMA_SIM_XOR_VAL,
		.len = len,
		.dst = { src[0] },
		.has_p = true,
		.src = src + 1,
		.src_cnt = src_cnt - 1,
		.max_src = c->device->max_xor - 1,
	};
	struct dma_sim_desc *desc;

	desc = dma_sim_prep(c, &req);
	if (desc) {
		desc->check = result;
		desc->accumulate = true;
	}

	return dma_sim_ready(c, desc, flags);
}

/*
 * An engine that cannot go on with P and Q by itself takes them for sources.
 * Since each source goes into both, Q has to be taken out of P again; see
 * dma_maxpq(), which tells the client how many sources that leaves.
 */
static unsigned int dma_sim_pq_extra(struct dma_chan *c, unsigned long flags)
{
	if (!dmaf_continue(flags) || dma_dev_has_pq_continue(c->device))
		return 0;

	return dmaf_p_disabled_continue(flags) ? 1 : 3;
}

static void dma_sim_pq_sources(struct dma_sim_desc *desc, unsigned int nr)
{
	static const u8 coef[3] = { 0, 1, 0 };
	dma_addr_t p = desc->dst[0], q = desc->dst[1];
	dma_addr_t src[3] = { p, q, q };

	/* what is not computed has no address */
	if (!desc->has_p)
		src[0] = q;
	if (!desc->has_q) {
		src[1] = p;
		src[2] = p;
	}

	memcpy(&desc->src[desc->src_cnt - nr], nr == 1 ? &q : src,
	       nr * sizeof(*src));
	memcpy(&desc->coef[desc->src_cnt - nr], nr == 1 ? &coef[1] : coef, nr);
}

static struct dma_async_tx_descriptor *
dma_sim_prep_pq(struct dma_chan *c, dma_addr_t *dst, dma_addr_t *src,
		unsigned int src_cnt, const unsigned char *scf, size_t len,
		unsigned long flags)
{
	struct dma_sim_request req = {
		.op = DMA_SIM_PQ,
		.len = len,
		.dst = { dst[0], dst[1] },
		.has_p = !(flags & DMA_PREP_PQ_DISABLE_P),
		.has_q = !(flags & DMA_PREP_PQ_DISABLE_Q),
		.src = src,
		.coef = scf,
		.src_cnt = src_cnt,
		.max_src = dma_dev_to_maxpq(c->device),
		.extra = dma_sim_pq_extra(c, flags),
	};
	struct dma_sim_desc *desc;

	desc = dma_sim_prep(c, &req);
	if (desc && req.extra)
		dma_sim_pq_sources(desc, req.extra);
	else if (desc)
		desc->accumulate = dmaf_continue(flags);

	return dma_sim_ready(c, desc, flags);
}

static struct dma_async_tx_descriptor *
dma_sim_prep_pq_val(struct dma_chan *c, dma_addr_t *pq, dma_addr_t *src,
		    unsigned int src_cnt, const unsigned char *scf, size_t len,
		    enum sum_check_flags *pqres, unsigned long flags)
{
	struct dma_sim_request req = {
		.op = DMA_SIM_PQ_VAL,
		.len = len,
		.dst = { pq[0], pq[1] },
		.has_p = !(flags & DMA_PREP_PQ_DISABLE_P),
		.has_q = !(flags & DMA_PREP_PQ_DISABLE_Q),
		.src = src,
		.coef = scf,
		.src_cnt = src_cnt,
		.max_src = dma_dev_to_maxpq(c->device),
	};
	struct dma_sim_desc *desc;

	desc = dma_sim_prep(c, &req);
	if (desc) {
		desc->check = pqres;
		desc->accumulate = true;
	}

	return dma_sim_ready(c, desc, flags);
}

static struct dma_async_tx_descriptor *
dma_sim_prep_interrupt(struct dma_chan *c, unsigned long flags)
{
	struct dma_sim_desc *desc;

	desc = dma_sim_desc_get(to_dma_sim_chan(c), DMA_SIM_INTERRUPT, 0, 0);

	return dma_sim_ready(c, desc, flags);
}

static void dma_sim_set_caps(struct dma_device *ddev,
			     const struct dma_sim_config *cfg, unsigned int ops)
{
	static const enum dma_transaction_type caps[] = {
		[DMA_SIM_MEMCPY] = DMA_MEMCPY,
		[DMA_SIM_MEMSET] = DMA_MEMSET,
		[DMA_SIM_XOR] = DMA_XOR,
		[DMA_SIM_XOR_VAL] = DMA_XOR_VAL,
		[DMA_SIM_PQ] = DMA_PQ,
		[DMA_SIM_PQ_VAL] = DMA_PQ_VAL,
		[DMA_SIM_INTERRUPT] = DMA_INTERRUPT,
	};
	enum dma_sim_op op;

	for (op = 0; op < DMA_SIM_NR_OPS; op++)
		if (ops & BIT(op))
			dma_cap_set(caps[op], ddev->cap_mask);

	if (cfg->private)
		dma_cap_set(DMA_PRIVATE, ddev->cap_mask);
	if (cfg->order == DMA_SIM_OUT_OF_ORDER)
		dma_cap_set(DMA_COMPLETION_NO_ORDER, ddev->cap_mask);
}

/**
 * dma_sim_set_ops() - tell the core what a device can be asked to do
 * @ddev: the device
 * @cfg: what it is like
 * @ops: its operations, which may be some of those of @cfg only
 *
 * Context: Process context, before the device is registered.
 */
void dma_sim_set_ops(struct dma_device *ddev, const struct dma_sim_config *cfg,
		     unsigned int ops)
{
	dma_sim_set_caps(ddev, cfg, ops);

	ddev->copy_align = cfg->align;
	ddev->xor_align = cfg->align;
	ddev->pq_align = cfg->align;
	ddev->fill_align = cfg->align;
	ddev->max_xor = cfg->max_xor;
	dma_set_maxpq(ddev, cfg->max_pq, cfg->pq_continue);

	if (ops & BIT(DMA_SIM_MEMCPY))
		ddev->device_prep_dma_memcpy = dma_sim_prep_memcpy;
	if (ops & BIT(DMA_SIM_MEMSET))
		ddev->device_prep_dma_memset = dma_sim_prep_memset;
	if (ops & BIT(DMA_SIM_XOR))
		ddev->device_prep_dma_xor = dma_sim_prep_xor;
	if (ops & BIT(DMA_SIM_XOR_VAL))
		ddev->device_prep_dma_xor_val = dma_sim_prep_xor_val;
	if (ops & BIT(DMA_SIM_PQ))
		ddev->device_prep_dma_pq = dma_sim_prep_pq;
	if (ops & BIT(DMA_SIM_PQ_VAL))
		ddev->device_prep_dma_pq_val = dma_sim_prep_pq_val;
	if (ops & BIT(DMA_SIM_INTERRUPT))
		ddev->device_prep_dma_interrupt = dma_sim_prep_interrupt;
}
