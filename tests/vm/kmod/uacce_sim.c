// SPDX-License-Identifier: GPL-2.0
/*
 * uacce_sim - uacce devices whose hardware is a program.
 *
 * A program that opens /dev/uacce-sim creates a device of the kernel's uacce
 * framework and serves it (see uacce_sim_abi.h).  This module is what a device
 * driver is to the framework; queue memory is ordinary pages.
 *
 * The doorbell region cannot be ordinary: submission and completion doorbells
 * of a queue share one register, so a second store would hide the first from a
 * program that reads it later.  Its pages are mapped for reading only.  Each
 * store faults; the fault handler decodes the instruction, records what it
 * stores as an event, and steps over it.  Nothing is lost and nobody polls.
 *
 * For tests, in a machine that is thrown away afterwards.
 */
#include <linux/bitmap.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uacce.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#include <uapi/misc/uacce/hisi_qm.h>
#include "uacce_sim_abi.h"

#ifndef CONFIG_X86_64
#error "stores are decoded for x86-64 only"
#endif

#define MAX_QUEUES	256
#define MAX_MMIO_PAGES	16
/* Events that a device keeps; the last EV_RESERVE are not for doorbells. */
#define EV_RING		8192
#define EV_RESERVE	1024
#define CQE_SIZE	16
/* How long a client waits for a device program that reads no events. */
#define PATIENCE	(10 * HZ)

struct sim_dev;

struct sim_queue {
	struct sim_dev *sd;
	struct uacce_queue *uq;
	struct address_space *mapping;
	u32 number;
	s32 pid;
	void *mmio;
	void *dus;
	/* where poll() looks for the next completion */
	u16 head;
	u16 phase;
};

struct sim_dev {
	struct uacce_sim_create cfg;
	struct platform_device *pdev;
	struct uacce_device *uacce;
	size_t mmio_size, dus_size;
	bool removing;
	/* open queues; in_use is guarded by the mutex of uacce instead */
	struct mutex lock;
	struct sim_queue *queues[MAX_QUEUES];
	u32 in_use;
	/* events, and the numbers in use until their PUT event is read */
	spinlock_t ev_lock;
	wait_queue_head_t ev_some, ev_room;
	u32 ev_head, ev_tail;
	DECLARE_BITMAP(numbers, MAX_QUEUES);
	struct uacce_sim_event ev[EV_RING];
};

/* ---------------------------------------------------------------- events */

static bool sim_try_post(struct sim_queue *sq, u32 type, u64 value, u32 room)
{
	struct sim_dev *sd = sq->sd;
	bool ok;

	spin_lock(&sd->ev_lock);
	ok = sd->ev_head - sd->ev_tail < room;
	if (ok)
		sd->ev[sd->ev_head++ % EV_RING] = (struct uacce_sim_event){
			.type = type,
			.queue = sq->number,
			.pid = sq->pid,
			.value = value,
		};
	spin_unlock(&sd->ev_lock);
	if (ok)
		wake_up(&sd->ev_some);
	return ok;
}

/* Waits for room, unless the device is about to go. */
static void sim_post(struct sim_queue *sq, u32 type, u64 value)
{
	struct sim_dev *sd = sq->sd;

	if (!wait_event_timeout(sd->ev_room,
				sim_try_post(sq, type, value, EV_RING) ||
				READ_ONCE(sd->removing), PATIENCE))
		pr_err("uacce_sim: event %u of queue %u is lost\n", type,
		       sq->number);
}

static bool sim_take(struct sim_dev *sd, struct uacce_sim_event *e)
{
	bool ok;

	spin_lock(&sd->ev_lock);
	ok = sd->ev_head != sd->ev_tail;
	if (ok) {
		*e = sd->ev[sd->ev_tail++ % EV_RING];
		if (e->type == UACCE_SIM_EV_PUT)
			clear_bit(e->queue, sd->numbers);
	}
	spin_unlock(&sd->ev_lock);
	if (ok)
		wake_up(&sd->ev_room);
	return ok;
}

static bool sim_try_number(struct sim_dev *sd, u32 *number)
{
	spin_lock(&sd->ev_lock);
	*number = find_first_zero_bit(sd->numbers, MAX_QUEUES);
	if (*number < MAX_QUEUES)
		set_bit(*number, sd->numbers);
	spin_unlock(&sd->ev_lock);
	return *number < MAX_QUEUES;
}

/* ------------------------------------------------- stores to the MMIO region */

/* A register by its number in ModRM and REX. */
static unsigned long sim_reg(struct pt_regs *r, unsigned int n)
{
	switch (n) {
	case 0: return r->ax;
	case 1: return r->cx;
	case 2: return r->dx;
	case 3: return r->bx;
	case 4: return r->sp;
	case 5: return r->bp;
	case 6: return r->si;
	case 7: return r->di;
	case 8: return r->r8;
	case 9: return r->r9;
	case 10: return r->r10;
	case 11: return r->r11;
	case 12: return r->r12;
	case 13: return r->r13;
	case 14: return r->r14;
	default: return r->r15;
	}
}

/* The instruction that faulted; zeros behind the last byte that is mapped. */
static void sim_fetch(struct pt_regs *regs, u8 c[16])
{
	void __user *ip = (void __user *)regs->ip;
	int i;

	memset(c, 0, 16);
	if (!copy_from_user_nofault(c, ip, 16))
		return;
	for (i = 0; i < 16; i++)
		if (copy_from_user_nofault(c + i, ip + i, 1))
			break;
}

/*
 * Decodes "mov register or constant -> memory" of 1, 2, 4 or 8 bytes.  Returns
 * the length of the instruction, or a negative error.
 */
static int sim_decode(struct pt_regs *regs, u32 *width, u64 *value)
{
	unsigned int i = 0, rex = 0, w16 = 0, mod, rm, op, immlen = 0;
	u8 c[16];

	sim_fetch(regs, c);
	for (; i < 4; i++) {
		if (c[i] == 0x66)
			w16 = 1;
		else if (c[i] != 0x2e && c[i] != 0x3e)
			break;
	}
	if ((c[i] & 0xf0) == 0x40)
		rex = c[i++];
	op = c[i++];
	if (op == 0x0f && c[i] == 0xc3) {	/* movnti */
		i++;
		op = 0x89;
	}
	switch (op) {
	case 0x88:
	case 0xc6:
		*width = 1;
		break;
	case 0x89:
	case 0xc7:
		*width = (rex & 8) ? 8 : w16 ? 2 : 4;
		break;
	default:
		return -EOPNOTSUPP;
	}
	mod = c[i] >> 6;
	rm = c[i] & 7;
	if (mod == 3)
		return -EOPNOTSUPP;
	if (op == 0x88 && !rex && ((c[i] >> 3) & 4))
		return -EOPNOTSUPP;		/* ah, ch, dh, bh */
	*value = sim_reg(regs, ((c[i] >> 3) & 7) | ((rex & 4) << 1));
	i++;
	if (rm == 4) {				/* SIB */
		if (mod == 0 && (c[i] & 7) == 5)
			i += 4;
		i++;
	} else if (mod == 0 && rm == 5) {	/* relative to the IP */
		i += 4;
	}
	if (mod == 1)
		i += 1;
	else if (mod == 2)
		i += 4;
	if (op == 0xc6)
		immlen = 1;
	else if (op == 0xc7)
		immlen = *width == 2 ? 2 : 4;
	if (i + immlen > sizeof(c))
		return -EOPNOTSUPP;
	if (immlen == 1)
		*value = (s64)(s8)c[i];
	else if (immlen == 2)
		*value = (s64)(s16)(c[i] | c[i + 1] << 8);
	else if (immlen == 4)
		*value = (s64)(s32)(c[i] | c[i + 1] << 8 | c[i + 2] << 16 |
				    (u32)c[i + 3] << 24);
	if (*width < 8)
		*value &= (1ULL << (*width * 8)) - 1;
	return i + immlen;
}

static vm_fault_t sim_store(struct vm_fault *vmf, struct sim_queue *sq)
{
	struct pt_regs *regs = task_pt_regs(current);
	unsigned long off = vmf->real_address - vmf->vma->vm_start;
	struct uacce_sim_create *cfg = &sq->sd->cfg;
	bool rings;
	u32 width;
	u64 value;
	int len;

	/* a system call that would write there: nothing a client does */
	if (!(vmf->flags & FAULT_FLAG_USER))
		return VM_FAULT_SIGBUS;
	len = sim_decode(regs, &width, &value);
	if (len < 0 || off + width > sq->sd->mmio_size) {
		pr_warn("uacce_sim: %s[%d]: unsupported store to MMIO at %lx\n",
			current->comm, current->pid, regs->ip);
		return VM_FAULT_SIGBUS;
	}
	rings = width == 8 && off == cfg->db_offset;
	/* no room: the store is executed again, until there is */
	if (!sim_try_post(sq, rings ? UACCE_SIM_EV_DOORBELL : UACCE_SIM_EV_STRAY,
			  rings ? value : off, EV_RING - EV_RESERVE)) {
		cond_resched();
		return VM_FAULT_NOPAGE;
	}
	regs->ip += len;
	return VM_FAULT_NOPAGE;
}

/*
 * The framework's order of locks is its own mutex, mmap_lock, mutex of the
 * queue; put_queue runs with the last, or when there are no mappings.
 */
static vm_fault_t sim_access(struct vm_fault *vmf, bool absent)
{
	struct uacce_queue *uq = vmf->vma->vm_private_data;
	unsigned long addr = vmf->address & PAGE_MASK;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	struct sim_queue *sq;

	mutex_lock(&uq->mutex);
	sq = uq->priv;
	if (sq && vmf->flags & FAULT_FLAG_WRITE)
		ret = sim_store(vmf, sq);
	else if (sq && absent)
		ret = vmf_insert_pfn(vmf->vma, addr,
				     vmalloc_to_pfn(sq->mmio + addr -
						    vmf->vma->vm_start));
	mutex_unlock(&uq->mutex);
	return ret;
}

static vm_fault_t sim_fault(struct vm_fault *vmf)
{
	return sim_access(vmf, true);
}

static vm_fault_t sim_mkwrite(struct vm_fault *vmf)
{
	return sim_access(vmf, false);
}

/*
 * The framework's own vm_operations, and the two handlers above. Written once:
 * a client may fault through them while another one maps its queue.
 */
static struct vm_operations_struct sim_mmio_ops;
static DEFINE_MUTEX(sim_mmio_ops_lock);

static void sim_take_over_ops(struct vm_area_struct *vma)
{
	mutex_lock(&sim_mmio_ops_lock);
	if (!sim_mmio_ops.fault) {
		sim_mmio_ops = *vma->vm_ops;
		sim_mmio_ops.pfn_mkwrite = sim_mkwrite;
		sim_mmio_ops.fault = sim_fault;
	}
	mutex_unlock(&sim_mmio_ops_lock);
	vma->vm_ops = &sim_mmio_ops;
}

static void sim_vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

static int sim_mmap_mmio(struct sim_dev *sd, struct vm_area_struct *vma)
{
	if (vma->vm_end - vma->vm_start > sd->mmio_size ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	sim_take_over_ops(vma);
	sim_vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTDUMP);
	return 0;
}

/* ------------------------------------------------- what the framework calls */

static int sim_available(struct uacce_device *uacce)
{
	struct sim_dev *sd = uacce->priv;

	return sd->cfg.instances - sd->in_use;
}

static void sim_free(struct sim_queue *sq)
{
	/* pages live on while the device program has them mapped */
	vfree(sq->mmio);
	vfree(sq->dus);
	kfree(sq);
}

static int sim_get_queue(struct uacce_device *uacce, unsigned long arg,
			 struct uacce_queue *q)
{
	struct sim_dev *sd = uacce->priv;
	struct sim_queue *sq;

	if (sd->in_use >= sd->cfg.instances)
		return -EBUSY;
	sq = kzalloc(sizeof(*sq), GFP_KERNEL);
	if (!sq)
		return -ENOMEM;
	sq->mmio = vmalloc_user(sd->mmio_size);
	sq->dus = vmalloc_user(sd->dus_size);
	if (!sq->mmio || !sq->dus) {
		sim_free(sq);
		return -ENOMEM;
	}
	sq->sd = sd;
	sq->uq = q;
	sq->pid = task_tgid_nr(current);
	sq->phase = 1;
	if (!wait_event_timeout(sd->ev_room,
				sim_try_number(sd, &sq->number) ||
				READ_ONCE(sd->removing), PATIENCE) ||
	    sq->number >= MAX_QUEUES) {
		sim_free(sq);
		return -EBUSY;
	}
	mutex_lock(&sd->lock);
	sd->queues[sq->number] = sq;
	mutex_unlock(&sd->lock);
	sd->in_use++;
	q->priv = sq;
	sim_post(sq, UACCE_SIM_EV_OPEN, 0);
	return 0;
}

static void sim_put_queue(struct uacce_queue *q)
{
	struct sim_queue *sq = q->priv;
	struct sim_dev *sd = sq->sd;

	mutex_lock(&sd->lock);
	sd->queues[sq->number] = NULL;
	mutex_unlock(&sd->lock);
	sd->in_use--;
	sim_post(sq, UACCE_SIM_EV_PUT, 0);
	q->priv = NULL;
	/*
	 * On removal a client may have faulted a page in again since
	 * uacce_remove() unmapped the device; from here on it cannot.
	 */
	if (sd->removing && sq->mapping)
		unmap_mapping_range(sq->mapping, 0, 0, 1);
	sim_free(sq);
}

static int sim_start_queue(struct uacce_queue *q)
{
	struct sim_queue *sq = q->priv;

	sq->head = 0;
	sq->phase = 1;
	sim_post(sq, UACCE_SIM_EV_START, 0);
	return 0;
}

static void sim_stop_queue(struct uacce_queue *q)
{
	sim_post(q->priv, UACCE_SIM_EV_STOP, 0);
}

/*
 * True once for each batch of completions, as with an interrupt that is
 * acknowledged: entries that one poll() has seen are not news to the next.
 */
static int sim_is_q_updated(struct uacce_queue *q)
{
	struct sim_queue *sq = q->priv;
	struct uacce_sim_create *cfg = &sq->sd->cfg;
	u8 *cq = sq->dus + (size_t)cfg->sqe_size * cfg->sq_depth;
	int updated = 0;

	/* at most once around: the device program may write anything */
	while (updated < cfg->cq_depth) {
		u16 word = le16_to_cpup((__le16 *)(cq + sq->head * CQE_SIZE + 14));

		if ((word & 1) != sq->phase)
			break;
		if (++sq->head == cfg->cq_depth) {
			sq->head = 0;
			sq->phase ^= 1;
		}
		updated++;
	}
	return updated;
}

static int sim_mmap(struct uacce_queue *q, struct vm_area_struct *vma,
		    struct uacce_qfile_region *qfr)
{
	struct sim_queue *sq = q->priv;
	int ret = -EINVAL;

	if (qfr->type == UACCE_QFRT_MMIO)
		ret = sim_mmap_mmio(sq->sd, vma);
	else if (qfr->type == UACCE_QFRT_DUS &&
		 vma->vm_end - vma->vm_start == sq->sd->dus_size)
		ret = remap_vmalloc_range(vma, sq->dus, 0);
	if (!ret)
		sq->mapping = vma->vm_file->f_mapping;
	return ret;
}

static long sim_set_ctx(struct sim_queue *sq, void __user *p)
{
	struct hisi_qp_ctx ctx;

	if (copy_from_user(&ctx, p, sizeof(ctx)))
		return -EFAULT;
	if (ctx.qc_type > 1)
		return -EINVAL;
	ctx.id = sq->number;
	if (copy_to_user(p, &ctx, sizeof(ctx)))
		return -EFAULT;
	sim_post(sq, UACCE_SIM_EV_CTX, ctx.qc_type);
	return 0;
}

static long sim_ioctl(struct uacce_queue *q, unsigned int cmd,
		      unsigned long arg)
{
	void __user *p = (void __user *)arg;
	struct sim_queue *sq = q->priv;
	struct hisi_qp_info info = {
		.sqe_size = sq->sd->cfg.sqe_size,
		.sq_depth = sq->sd->cfg.sq_depth,
		.cq_depth = sq->sd->cfg.cq_depth,
	};

	switch (cmd) {
	case UACCE_CMD_QM_SET_QP_CTX:
		return sim_set_ctx(sq, p);
	case UACCE_CMD_QM_SET_QP_INFO:
		return copy_to_user(p, &info, sizeof(info)) ? -EFAULT : 0;
	default:
		return -EINVAL;
	}
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
static enum uacce_dev_state sim_isolate(struct uacce_device *uacce)
{
	return UACCE_DEV_NORMAL;
}
#endif

static const struct uacce_ops sim_ops = {
	.get_available_instances = sim_available,
	.get_queue = sim_get_queue,
	.put_queue = sim_put_queue,
	.start_queue = sim_start_queue,
	.stop_queue = sim_stop_queue,
	.is_q_updated = sim_is_q_updated,
	.mmap = sim_mmap,
	.ioctl = sim_ioctl,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	.get_isolate_state = sim_isolate,
#endif
};

/* --------------------------------------------------------------- devices */

static atomic_t sim_devices = ATOMIC_INIT(0);

static void sim_destroy(struct sim_dev *sd)
{
	WRITE_ONCE(sd->removing, true);
	wake_up_all(&sd->ev_room);
	/* calls put_queue for every open queue */
	if (sd->uacce)
		uacce_remove(sd->uacce);
	if (sd->pdev)
		platform_device_unregister(sd->pdev);
	vfree(sd);
}

static bool sim_valid(struct uacce_sim_create *c)
{
	c->name[sizeof(c->name) - 1] = 0;
	c->api[sizeof(c->api) - 1] = 0;
	c->algs[sizeof(c->algs) - 1] = 0;
	return c->instances && c->instances <= MAX_QUEUES && c->sqe_size &&
	       c->sqe_size <= 4096 && c->sqe_size % 4 == 0 &&
	       c->sq_depth >= 2 && c->cq_depth >= 2 && c->mmio_pages &&
	       c->mmio_pages <= MAX_MMIO_PAGES && c->db_offset % 8 == 0 &&
	       c->db_offset < c->mmio_pages << PAGE_SHIFT;
}

/* The parent device. A node makes the bus show the attribute numa_node. */
static int sim_add_parent(struct sim_dev *sd)
{
	int ret;

	sd->pdev = platform_device_alloc("uacce-sim",
					 atomic_inc_return(&sim_devices));
	if (!sd->pdev)
		return -ENOMEM;
	set_dev_node(&sd->pdev->dev, sd->cfg.numa_node);
	ret = platform_device_add(sd->pdev);
	if (ret) {
		platform_device_put(sd->pdev);
		sd->pdev = NULL;
	}
	return ret;
}

static int sim_add_uacce(struct sim_dev *sd)
{
	struct uacce_interface intf = { .ops = &sim_ops };
	struct uacce_device *uacce;

	if (sd->cfg.flags & UACCE_SIM_F_SVA)
		intf.flags |= UACCE_DEV_SVA;
	strscpy(intf.name, sd->cfg.name, sizeof(intf.name));
	uacce = uacce_alloc(&sd->pdev->dev, &intf);
	if (IS_ERR(uacce))
		return PTR_ERR(uacce);
	sd->uacce = uacce;
	uacce->priv = sd;
	uacce->api_ver = sd->cfg.api;
	uacce->algs = sd->cfg.algs;
	uacce->qf_pg_num[UACCE_QFRT_MMIO] = sd->mmio_size >> PAGE_SHIFT;
	uacce->qf_pg_num[UACCE_QFRT_DUS] = sd->dus_size >> PAGE_SHIFT;
	return uacce_register(uacce);
}

static struct sim_dev *sim_create(struct uacce_sim_create *c)
{
	struct sim_dev *sd;
	int ret;

	if (!sim_valid(c))
		return ERR_PTR(-EINVAL);
	sd = vzalloc(sizeof(*sd));
	if (!sd)
		return ERR_PTR(-ENOMEM);
	mutex_init(&sd->lock);
	spin_lock_init(&sd->ev_lock);
	init_waitqueue_head(&sd->ev_some);
	init_waitqueue_head(&sd->ev_room);
	sd->cfg = *c;
	sd->mmio_size = (size_t)c->mmio_pages << PAGE_SHIFT;
	/* the rings, and the page whose last words are the status words */
	sd->dus_size = PAGE_ALIGN((size_t)c->sqe_size * c->sq_depth +
				  (size_t)CQE_SIZE * c->cq_depth + PAGE_SIZE);
	ret = sim_add_parent(sd);
	if (!ret)
		ret = sim_add_uacce(sd);
	if (ret) {
		sim_destroy(sd);
		return ERR_PTR(ret);
	}
	c->dev_id = sd->uacce->dev_id;
	c->dus_size = sd->dus_size;
	return sd;
}

/* -------------------------------------------------------- /dev/uacce-sim */

static long ctl_create(struct file *f, void __user *p)
{
	struct uacce_sim_create *c;
	struct sim_dev *sd;
	long ret = 0;

	if (f->private_data)
		return -EBUSY;
	c = memdup_user(p, sizeof(*c));
	if (IS_ERR(c))
		return PTR_ERR(c);
	sd = sim_create(c);
	if (IS_ERR(sd))
		ret = PTR_ERR(sd);
	else if (cmpxchg(&f->private_data, NULL, sd)) {
		sim_destroy(sd);
		ret = -EBUSY;
	} else if (copy_to_user(p, c, sizeof(*c)))
		ret = -EFAULT;
	kfree(c);
	return ret;
}

static long ctl_irq(struct sim_dev *sd, unsigned long number)
{
	struct sim_queue *sq;

	if (number >= MAX_QUEUES)
		return -EINVAL;
	mutex_lock(&sd->lock);
	sq = sd->queues[number];
	if (sq)
		wake_up_interruptible(&sq->uq->wait);
	mutex_unlock(&sd->lock);
	return sq ? 0 : -ENOENT;
}

static long ctl_ioctl(struct file *f, unsigned int cmd, unsigned long arg)
{
	struct sim_dev *sd = READ_ONCE(f->private_data);

	switch (cmd) {
	case UACCE_SIM_CREATE:
		return ctl_create(f, (void __user *)arg);
	case UACCE_SIM_IRQ:
		return sd ? ctl_irq(sd, arg) : -ENXIO;
	default:
		return -ENOTTY;
	}
}

static ssize_t ctl_read(struct file *f, char __user *buf, size_t n, loff_t *pos)
{
	struct sim_dev *sd = READ_ONCE(f->private_data);
	struct uacce_sim_event e;
	size_t done;
	int ret;

	if (!sd)
		return -ENXIO;
	if (n < sizeof(e))
		return -EINVAL;
	ret = wait_event_interruptible(sd->ev_some,
				       sd->ev_head != sd->ev_tail);
	if (ret)
		return ret;
	for (done = 0; done + sizeof(e) <= n; done += sizeof(e)) {
		if (!sim_take(sd, &e))
			break;
		if (copy_to_user(buf + done, &e, sizeof(e)))
			return -EFAULT;
	}
	return done;
}

static int ctl_mmap(struct file *f, struct vm_area_struct *vma)
{
	struct sim_dev *sd = READ_ONCE(f->private_data);
	u64 off = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 number = off >> 32;
	struct sim_queue *sq;
	int ret = -ENOENT;

	if (!sd)
		return -ENXIO;
	if (number >= MAX_QUEUES || (u32)off)
		return -EINVAL;
	mutex_lock(&sd->lock);
	sq = sd->queues[number];
	if (sq)
		ret = remap_vmalloc_range(vma, sq->dus, 0);
	mutex_unlock(&sd->lock);
	return ret;
}

static int ctl_open(struct inode *inode, struct file *f)
{
	f->private_data = NULL;		/* misc_open() put the miscdevice here */
	return 0;
}

static int ctl_release(struct inode *inode, struct file *f)
{
	if (f->private_data)
		sim_destroy(f->private_data);
	return 0;
}

static const struct file_operations ctl_fops = {
	.owner = THIS_MODULE,
	.open = ctl_open,
	.release = ctl_release,
	.read = ctl_read,
	.mmap = ctl_mmap,
	.unlocked_ioctl = ctl_ioctl,
};

static struct miscdevice ctl_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "uacce-sim",
	.fops = &ctl_fops,
};

module_misc_device(ctl_misc);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("uacce devices whose hardware is a program");
