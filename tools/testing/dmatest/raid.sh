#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs md's RAID levels 5 and 6, and dm-integrity, on simulated DMA engines under
# QEMU, and judges the result. README says what that proves. All is as with
# dmatest.sh, but for what lib/kind-raid.sh says.

KIND=raid exec "$(dirname "${BASH_SOURCE[0]}")/dmatest.sh" "$@"
