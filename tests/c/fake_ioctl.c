/* SPDX-License-Identifier: Apache-2.0
 * The fake kernel's control calls, each as strict as the kernel's own. */
#include "fake_kernel.h"
#include <stdarg.h>

/* Slices lie apart on the bus, the last one shortest. */
static int slice_ioctl(struct object *q, uint64_t *info)
{
	uint64_t units = (q->map[SS].len + 0xffff) >> 16, first = *info * (uint64_t)slice;

	if (!slice || !q->map[SS].at || first >= units)
		return -EINVAL;
	*info = 0x40000000 + *info * 0x10000000;
	*info |= units - first < (uint64_t)slice ? units - first : (uint64_t)slice;
	return first + (uint64_t)slice < units;
}

static int node_ioctl(struct object *q, const char *name, void *arg)
{
	if (q->gone)
		return -ENXIO;
	if (!strcmp(name, "START")) {
		if (q->started || q->zombie)
			return -EINVAL;
		if (q->map[DUS].at)
			memset(q->map[DUS].at, 0, DEPTH * (SQE + CQE));
		q->sq_head = q->sq_tail = q->cq_head = q->cq_tail = 0;
		q->phase = q->started = 1;
		return 0;
	}
	if (!strcmp(name, "PUT_Q")) {
		q->started = 0;
		q->zombie = v6; /* mainline's queue can be started again */
		return 0;
	}
	if (!strcmp(name, "SET_QP_CTX")) {
		uint16_t *context = arg;
		if (context[1] > 1)
			return -EINVAL;
		context[0] = (uint16_t)q->number;
		return 0;
	}
	if (!strcmp(name, "SET_QP_INFO")) {
		((uint32_t *)arg)[0] = SQE;
		((uint16_t *)arg)[2] = ((uint16_t *)arg)[3] = DEPTH;
		return 0;
	}
	if (!strcmp(name, "GET_SS_DMA"))
		return slice_ioctl(q, arg);
	return -EINVAL;
}

static int group_ioctl(struct object *g, const char *name, void *arg)
{
	if (!strcmp(name, "GROUP_GET_STATUS")) {
		uint32_t *status = arg; /* argsz, flags: viable 1, in a container 2 */
		if (status[0] < 8)
			return -EINVAL;
		status[1] = (fault("notviable", NULL) ? 0 : 1) | (g->container ? 2 : 0);
		return 0;
	}
	if (!strcmp(name, "SET_CONTAINER")) {
		struct object *c = find(*(int *)arg);
		if (g->container || !c || c->kind != CONTAINER)
			return -EINVAL;
		g->container = c;
		return 0;
	}
	if (!strcmp(name, "GET_DEVICE_FD")) {
		struct object *q;
		if (!g->container || !g->container->iommu)
			return -EINVAL;
		q = create(MDEV, "mdev", 0);
		q->started = 1;
		return q->fd;
	}
	return -EINVAL;
}

static int map_dma(struct object *c, const uint32_t *argsz, const uint64_t *map)
{
	unsigned char present;
	uint64_t vaddr = map[1], iova = map[2], size = map[3];

	if (argsz[0] < 32 || !(argsz[1] & 3) || !size || (vaddr | iova | size) % page)
		return -EINVAL;
	for (int i = 0; i < c->maps; i++)
		if (iova < c->dma[i].iova + c->dma[i].size && c->dma[i].iova < iova + size)
			return -EEXIST;
	for (uint64_t at = vaddr; at < vaddr + size; at += page)
		if (mincore((void *)at, 1, &present))
			return -EFAULT;
	if (c->maps == COUNT(c->dma))
		return -ENOSPC;
	c->dma[c->maps].iova = iova;
	c->dma[c->maps++].size = size;
	return 0;
}

/* As type1 v2: a range may hold several mappings, but must not cut one. */
static int unmap_dma(struct object *c, const uint32_t *argsz, uint64_t *map)
{
	uint64_t iova = map[1], end = iova + map[2], done = 0;

	if (argsz[0] < 24 || argsz[1])
		return -EINVAL;
	for (int i = 0; i < c->maps; i++) {
		uint64_t first = c->dma[i].iova, last = first + c->dma[i].size;
		if (first < end && iova < last && (first < iova || end < last))
			return -EINVAL;
	}
	for (int i = 0; i < c->maps; i++)
		if (c->dma[i].iova >= iova && c->dma[i].iova < end) {
			done += c->dma[i].size;
			c->dma[i--] = c->dma[--c->maps];
		}
	map[2] = done;
	return 0;
}

static int container_ioctl(struct object *c, const char *name, void *arg)
{
	int type = (int)(uintptr_t)arg;

	if (!strcmp(name, "GET_API_VERSION"))
		return 0;
	if (!strcmp(name, "CHECK_EXTENSION"))
		return type == 1 || type == 3;
	if (!strcmp(name, "SET_IOMMU")) {
		reap();
		if (c->iommu || !groups_in(c) || (type != 1 && type != 3))
			return -EINVAL;
		c->iommu = 1;
		return 0;
	}
	if (!c->iommu)
		return -EINVAL;
	if (!strcmp(name, "IOMMU_GET_INFO"))
		return *(uint32_t *)arg < 16 ? -EINVAL : 0;
	if (!strcmp(name, "MAP_DMA"))
		return map_dma(c, arg, arg);
	if (!strcmp(name, "UNMAP_DMA"))
		return unmap_dma(c, arg, arg);
	return -ENOTTY; /* BIND and UNBIND are of patches that were not merged */
}

static const struct {
	enum kind kind;
	unsigned long request;
	const char *name;
} requests[] = {
	{ NODE, 0xc004480a, "SET_QP_CTX" },	  { NODE, 0xc010480b, "SET_QP_INFO" },
	{ CONTAINER, 0x3b64, "GET_API_VERSION" }, { CONTAINER, 0x3b65, "CHECK_EXTENSION" },
	{ CONTAINER, 0x3b66, "SET_IOMMU" },	  { CONTAINER, 0x3b70, "IOMMU_GET_INFO" },
	{ CONTAINER, 0x3b71, "MAP_DMA" },	  { CONTAINER, 0x3b72, "UNMAP_DMA" },
	{ GROUP, 0x3b67, "GROUP_GET_STATUS" },	  { GROUP, 0x3b68, "SET_CONTAINER" },
	{ GROUP, 0x3b6a, "GET_DEVICE_FD" },	  { NODE, 0x80085703, "GET_SS_DMA" },
	{ CONTAINER, 0x3b7a, "BIND" },		  { CONTAINER, 0x3b7b, "UNBIND" },
	{ MDEV, 0x5701, "WAIT" },		  { MDEV, 0x5702, "BIND_PASID" },
};

static const char *request_name(enum kind kind, unsigned long request)
{
	static const char *const mainline[] = { "START", "PUT_Q", "?" };
	static const char *const version6[] = { "SHARE_SVAS", "START", "PUT_Q" };

	if (kind == NODE && request - 0x5700 < 3)
		return (v6 ? version6 : mainline)[request - 0x5700];
	for (int i = 0; i < COUNT(requests); i++)
		if (requests[i].kind == kind && requests[i].request == request)
			return requests[i].name;
	return "?";
}

int ioctl(int fd, unsigned long request, ...)
{
	const char *name;
	struct object *o;
	long value;
	void *arg;
	va_list list;

	va_start(list, request);
	arg = va_arg(list, void *);
	va_end(list);
	lock();
	o = find(fd);
	if (!o) {
		unlock();
		return REAL(ioctl)(fd, request, arg);
	}
	name = request_name(o->kind, request);
	if (fault(name, &value))
		;
	else if (o->kind == NODE)
		value = node_ioctl(o, name, arg);
	else if (o->kind == GROUP)
		value = group_ioctl(o, name, arg);
	else if (o->kind == CONTAINER)
		value = container_ioctl(o, name, arg);
	else
		value = !strcmp(name, "WAIT") ? -ENODEV : -EINVAL; /* WAIT has no driver */
	note("ioctl %s = %ld", name, value);
	unlock();
	return answer(value);
}
