/* The seed's calls in the seed's order: a file comes in on the standard input and goes out as a zlib
 * stream. `seed_sequence [DEVICE]` works on a uacce device, `seed_sequence vfio` on the mediated
 * device behind VFIO that the seed's own sample names. The file is mapped and shared as it is, the
 * message comes from malloc, the queue is polled, and software writes the two bytes of the header. */
#include <sys/mman.h>
#include <warpdrive/comp_hw.h>
#include <warpdrive/hisi_qm_udrv.h>
#include <warpdrive/wd.h>

#define OUT_SIZE (16u << 20)
#define SDMDEV "/sys/class/sdmdev/0000:75:00.0/device/"

static int give_up(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	struct wd_queue q;
	struct hisi_qm_msg *msg, *answer = NULL;
	struct stat input;
	size_t page = sysconf(_SC_PAGESIZE), in_size;
	void *in, *out;
	int ret;

	if (fstat(STDIN_FILENO, &input))
		return give_up("fstat");
	if (!S_ISREG(input.st_mode) || !input.st_size) {
		fputs("no file on the standard input\n", stderr);
		return 2;
	}

	memset(&q, 0, sizeof(q));
	q.container = -1;
	q.mdev_name = argc > 1 ? argv[1] : NULL;
	if (argc > 1 && !strcmp(argv[1], "vfio")) {
		q.mdev_name = "22e09922-7a82-11e8-9cf6-d74cffa9e87b";
		q.vfio_group_path = "/dev/vfio/10";
		q.iommu_ext_path = SDMDEV "params/iommu_type";
		q.dmaflag_ext_path = SDMDEV "params/dma_flag";
		q.device_api_path = SDMDEV "mdev_supported_types/hisi_zip-hisi_zip/device_api";
	}
	if (wd_request_queue(&q))
		return give_up("wd_request_queue");
	fprintf(stderr, "pasid=%d, dma_flag=%d\n", q.pasid, q.dma_flag);

	in_size = (input.st_size + page - 1) / page * page;
	in = mmap(NULL, in_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, STDIN_FILENO, 0);
	if (in == MAP_FAILED)
		return give_up("mmap");
	if (wd_mem_share(&q, in, in_size, 0))
		return give_up("wd_mem_share");
	out = mmap(NULL, OUT_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (out == MAP_FAILED)
		return give_up("mmap");
	memset(out, 0, OUT_SIZE);
	if (wd_mem_share(&q, out, OUT_SIZE, 0))
		return give_up("wd_mem_share");

	msg = calloc(1, sizeof(*msg));
	if (!msg)
		return give_up("calloc");
	msg->input_date_length = input.st_size;
	msg->dw9 = 2;
	msg->dest_avail_out = 0x800000;
	msg->source_addr_l = (__u64)in & 0xffffffff;
	msg->source_addr_h = (__u64)in >> 32;
	msg->dest_addr_l = (__u64)out & 0xffffffff;
	msg->dest_addr_h = (__u64)out >> 32;
	if (wd_send(&q, msg))
		return give_up("wd_send");
	do {
		ret = wd_recv(&q, (void **)&answer);
	} while (ret == -EAGAIN);
	if (ret)
		return give_up("wd_recv");
	if (answer != msg || msg->consumed != (__u32)input.st_size) {
		fprintf(stderr, "not our message, or not all of it\n");
		return 1;
	}

	fwrite("\x78\x9c", 1, 2, stdout);
	fwrite(out, 1, answer->produced, stdout);
	if (fflush(stdout))
		return give_up("write");

	free(msg);
	wd_mem_unshare(&q, out, OUT_SIZE);
	munmap(out, OUT_SIZE);
	wd_mem_unshare(&q, in, in_size);
	munmap(in, in_size);
	wd_release_queue(&q);
	return 0;
}
