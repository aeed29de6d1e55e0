/* SPDX-License-Identifier: MIT */
/* Registers of a virtio device. What was stored to memory before a write is seen by the device first: x86 keeps stores in order. */
#include <virtio/registers.h>

uint32_t virtio_read(uintptr_t at, unsigned bytes)
{
	switch (bytes) {
	case 1:  return *(volatile uint8_t *)at;
	case 2:  return *(volatile uint16_t *)at;
	default: return *(volatile uint32_t *)at;
	}
}

void virtio_write(uintptr_t at, unsigned bytes, uint32_t value)
{
	__asm__ volatile("" ::: "memory");
	switch (bytes) {
	case 1:  *(volatile uint8_t *)at = (uint8_t)value; break;
	case 2:  *(volatile uint16_t *)at = (uint16_t)value; break;
	default: *(volatile uint32_t *)at = value;
	}
}
