# SPDX-License-Identifier: GPL-2.0
#
# kunit.py's ARM machine with a second CPU, for the races, and with more memory
# than the kernel maps at once, for pages of high memory. Its ticks are short, as
# tests wait for many; what no test wants of a kernel's defaults is not built.
from ..qemu_config import QemuArchParams

QEMU_ARCH = QemuArchParams(linux_arch='arm',
			   kconfig='''
CONFIG_ARCH_VIRT=y
CONFIG_SERIAL_AMBA_PL010=y
CONFIG_SERIAL_AMBA_PL010_CONSOLE=y
CONFIG_SERIAL_AMBA_PL011=y
CONFIG_SERIAL_AMBA_PL011_CONSOLE=y
CONFIG_HIGHMEM=y
CONFIG_HZ_1000=y
CONFIG_HIGH_RES_TIMERS=y
CONFIG_EXPERT=y
# CONFIG_BLOCK is not set
# CONFIG_HID_SUPPORT is not set
# CONFIG_HW_RANDOM is not set
# CONFIG_INPUT is not set
# CONFIG_IO_URING is not set
# CONFIG_PROC_FS is not set
# CONFIG_SUSPEND is not set
# CONFIG_USB_SUPPORT is not set
# CONFIG_VT is not set''',
			   qemu_arch='arm',
			   kernel_path='arch/arm/boot/zImage',
			   kernel_command_line='console=ttyAMA0',
			   extra_qemu_params=['-machine', 'virt', '-smp', '2'])
