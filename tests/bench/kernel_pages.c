// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own allocator, for comparison: insmod kernel_pages.ko order=N count=N times count
 * allocations and frees of cleared blocks, and says so in its log line. It never stays loaded.
 */
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

static unsigned int order, count;
module_param(order, uint, 0);
module_param(count, uint, 0);

static int __init kernel_pages_init(void)
{
	struct page **pages = vcalloc(count, sizeof(*pages));
	unsigned int nr;
	u64 start, alloc_ns, free_ns;

	if (!pages)
		return -ENOMEM;
	start = ktime_get_ns();
	for (nr = 0; nr < count; nr++) {
		pages[nr] = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, order);
		if (!pages[nr])
			break;
	}
	alloc_ns = ktime_get_ns() - start;
	start = ktime_get_ns();
	for (unsigned int i = 0; i < nr; i++)
		__free_pages(pages[i], order);
	free_ns = ktime_get_ns() - start;
	vfree(pages);
	if (nr != count)
		return -ENOMEM;
	pr_info("kernel_pages: order=%u count=%u alloc_ns=%llu free_ns=%llu\n", order, count, alloc_ns,
		free_ns);
	return -EAGAIN;
}
module_init(kernel_pages_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Times the kernel's page allocator");
