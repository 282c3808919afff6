/* The layout of the seed's structures: offsets are ABI. */
#include <stddef.h>
#include <warpdrive/comp_hw.h>
#include <warpdrive/hisi_qm_udrv.h>
#include <warpdrive/wd.h>

#define AT(type, field, offset) \
	_Static_assert(offsetof(struct type, field) == (offset), #type "." #field)

#ifdef __LP64__
_Static_assert(sizeof(struct wd_queue) == 336, "struct wd_queue");
AT(wd_queue, mdev_name, 0);
AT(wd_queue, hw_type, 8);
AT(wd_queue, hw_type_id, 264);
AT(wd_queue, dma_flag, 268);
AT(wd_queue, priv, 272);
AT(wd_queue, container, 280);
AT(wd_queue, group, 284);
AT(wd_queue, mdev, 288);
AT(wd_queue, pasid, 292);
AT(wd_queue, iommu_type, 296);
AT(wd_queue, vfio_group_path, 304);
AT(wd_queue, iommu_ext_path, 312);
AT(wd_queue, dmaflag_ext_path, 320);
AT(wd_queue, device_api_path, 328);
#endif
_Static_assert(sizeof(struct wd_queue_info) == 176, "struct wd_queue_info");

_Static_assert(sizeof(struct hisi_qm_msg) == 128, "struct hisi_qm_msg");
AT(hisi_qm_msg, consumed, 0x00);
AT(hisi_qm_msg, produced, 0x04);
AT(hisi_qm_msg, comp_date_length, 0x08);
AT(hisi_qm_msg, dw3, 0x0c);
AT(hisi_qm_msg, input_date_length, 0x10);
AT(hisi_qm_msg, dw7, 0x1c);
AT(hisi_qm_msg, dw9, 0x24);
AT(hisi_qm_msg, tag, 0x34);
AT(hisi_qm_msg, dest_avail_out, 0x38);
AT(hisi_qm_msg, source_addr_l, 0x48);
AT(hisi_qm_msg, dest_addr_l, 0x50);
AT(hisi_qm_msg, stream_ctx_addr_l, 0x58);
AT(hisi_qm_msg, cipher_key1_addr_l, 0x60);
AT(hisi_qm_msg, rsvd1, 0x70);

_Static_assert(sizeof(struct hisi_acc_qm_sqc) == 2, "struct hisi_acc_qm_sqc");
_Static_assert(sizeof(struct vfio_wdev_comp_param) == 16, "struct vfio_wdev_comp_param");

_Static_assert(SYS_VAL_SIZE == 16 && PATH_STR_SIZE == 256 && WD_NAME_SIZE == 64, "sizes");
_Static_assert(WD_MAX_MEMLIST_SZ == 128 && WD_CAPA_PRIV_DATA_SIZE == 64, "sizes");
_Static_assert(WD_FLAGS_FW_PREFER_LOCAL_ZONE == 1 && WD_FLAGS_FW_MASK == 0xffff, "flags");
_Static_assert(_WD_AATTR_COM_VIRT == 1 && _WD_AATTR_PHYS == 2, "addresses");
_Static_assert(_WD_AATTR_IOVA == 4 && WD_AATTR_SGL == 8, "addresses");
_Static_assert(VFIO_SDMDEV_DMA_SINGLE_PROC_MAP == 1 && VFIO_SDMDEV_DMA_SVM == 4, "dma");
_Static_assert(DOORBELL_CMD_SQ == 0 && DOORBELL_CMD_CQ == 1, "doorbells");
_Static_assert(WDQ_MAP_REGION(3) == 0x3000 && WDQ_MAP_REGION(1 + 16) == 0x1000, "regions");
_Static_assert(WDQ_MAP_Q(0xffff) == 0xffff0000u && WDQ_MAP_Q(1 + 1) == 0x20000u, "queues");
_Static_assert(sizeof(VFIO_WDEV_ZLIB VFIO_WDEV_GZIP VFIO_WDEV_LZ4) == sizeof("zlibgziplz4"), "names");
