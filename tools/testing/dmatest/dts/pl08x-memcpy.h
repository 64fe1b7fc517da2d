/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver wants to know before it offers memcpy channels, chosen so
 * that QEMU's model copies correctly. It has three bugs; two of them are
 * kept away here, the third by guest/qemu-pl080-kick.c:
 *
 * LLI bit 0: the model does not mask bit 0 of a linked-list address, which
 * names the AHB master to fetch the next item with. So there must be no
 * lli-bus-interface-ahb2.
 *
 * Widths: the model miscopies when source and destination have different
 * widths, which the driver chooses when the two addresses are not equally
 * aligned. MEMCPY_BUS_WIDTH is 8, where that cannot happen, or 32 in
 * scenarios that keep every address and length a multiple of four.
 */
#ifndef MEMCPY_BUS_WIDTH
#error "MEMCPY_BUS_WIDTH comes from the scenario"
#endif

#define PL08X_MEMCPY_PROPERTIES				\
	lli-bus-interface-ahb1;				\
	mem-bus-interface-ahb1;				\
	mem-bus-interface-ahb2;				\
	memcpy-burst-size = <256>;			\
	memcpy-bus-width = <MEMCPY_BUS_WIDTH>;		\
	#dma-cells = <2>
