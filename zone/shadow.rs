// SPDX-License-Identifier: GPL-2.0

//! Writing a zone down, and making one from what was written down.
//!
//! A zone made so has no pages behind it. It is what the allocator is compared with the kernel's
//! by.

#![deny(unsafe_code)]

use super::{
    buddy::Buddy,
    counter::Counter,
    free_area::End,
    image::{
        CounterImage,
        ListedBlock,
        ZoneImage,
        ZoneScalars, //
    },
    migratetype::Migratetype,
    order::Order,
    vmstat::{
        Events,
        NumaEvents, //
    },
    Marks,
    Zone,
    ZoneFlag, //
};
use kernel::prelude::*;

impl Zone {
    /// Takes over everything but the per-CPU lists from `image`, as seen by `cpu`. The zone has no
    /// free page and spans what `image` spans. EINVAL if a list contradicts the pageblocks.
    pub(crate) fn adopt(&self, image: &ZoneImage, cpu: u32) -> Result {
        let scalars = &image.scalars;

        self.with(|buddy| {
            let adopted = buddy.adopt_lists(image);

            buddy.adopt_scalars(scalars, image.managed, cpu);
            adopted
        })?;
        self.set_lowmem_reserve(scalars.lowmem_reserve);
        self.count_foreign(scalars.numa.foreign);
        for flag in ZoneFlag::ALL {
            self.set_flag(flag, scalars.flags >> (flag as u32 & 31) & 1 != 0);
        }
        Ok(())
    }

    /// Takes over a lagging counter that stands for the same number.
    pub(crate) fn adopt_counters(&self, free: CounterImage, free_cma: CounterImage, cpu: u32) {
        self.with(|buddy| {
            buddy.stat_free.adopt(cpu, free);
            buddy.stat_free_cma.adopt(cpu, free_cma);
        });
    }

    /// The numbers as `cpu` sees them; those of its per-CPU lists are left at zero.
    pub(crate) fn scalars(&self, cpu: u32) -> ZoneScalars {
        let (lowmem_reserve, flags) = (self.lowmem_reserve(), self.flags());

        self.with(|buddy| ZoneScalars {
            lowmem_reserve,
            flags,
            ..buddy.scalars(cpu)
        })
    }

    /// What happened in the zone itself since it was made.
    pub(crate) fn events(&self) -> Events {
        self.with(|buddy| buddy.events)
    }

    /// Writes the lists and pageblocks down. ENOMEM, and nothing written, if there is no room for
    /// them in `image`: it does not grow under the lock.
    pub(crate) fn write_image(&self, image: &mut ZoneImage, cpu: u32) -> Result {
        image.scalars = self.scalars(cpu);
        self.with(|buddy| {
            buddy.write_free(&mut image.free)?;
            buddy.write_pageblocks(&mut image.pageblocks)
        })
    }
}

impl Buddy {
    fn adopt_lists(&mut self, image: &ZoneImage) -> Result {
        for (head, number) in self.pageblock_heads().zip(image.pageblocks.iter()) {
            let mt = Migratetype::from_number(*number).ok_or(EINVAL)?;

            self.set_pageblock_migratetype(head, mt);
        }
        for listed in image.free.iter() {
            let mt = Migratetype::from_number(listed.list).ok_or(EINVAL)?;

            if self.blocks.migratetype(listed.page) != mt || !self.map.contains(listed.page) {
                return Err(EINVAL);
            }
            self.areas
                .add(&mut self.map, listed.page, listed.order, mt, End::Tail);
            self.account(i64::from(listed.order.nr_pages()), mt);
        }
        Ok(())
    }

    /// First pages of all pageblocks, without a borrow.
    fn pageblock_heads(&self) -> impl Iterator<Item = super::order::PageIdx> {
        let (first, order) = (
            self.map.start().align_down(self.blocks.order()),
            self.blocks.order(),
        );
        let nr = self.blocks.nr();

        (0..nr).map(move |nr| first.add(nr << (order.get() & 31)))
    }

    fn adopt_scalars(&mut self, scalars: &ZoneScalars, managed: u64, cpu: u32) {
        self.stat_free.adopt(cpu, scalars.free);
        self.stat_free_cma.adopt(cpu, scalars.free_cma);
        self.stat_threshold = u32::try_from(scalars.stat_threshold).unwrap_or(0);
        self.nr_reserved_highatomic = scalars.nr_reserved_highatomic;
        self.managed = managed;
        self.events.numa = NumaEvents {
            foreign: 0,
            ..scalars.numa
        };
        self.marks = Marks {
            levels: scalars.watermarks,
            boost: scalars.boost,
        };
    }

    fn scalars(&self, cpu: u32) -> ZoneScalars {
        let image = |counter: &Counter| counter.image(cpu);

        ZoneScalars {
            free: image(&self.stat_free),
            free_cma: image(&self.stat_free_cma),
            stat_threshold: i32::try_from(self.stat_threshold).unwrap_or(0),
            nr_reserved_highatomic: self.nr_reserved_highatomic,
            nr_free_highatomic: self.nr_free_highatomic,
            watermarks: self.marks.levels,
            boost: self.marks.boost,
            lowmem_reserve: Default::default(),
            flags: 0,
            pcp: Default::default(),
            numa: self.events.numa,
        }
    }

    fn write_free(&self, out: &mut KVVec<ListedBlock>) -> Result {
        out.clear();
        for order in Order::all() {
            for mt in Migratetype::ALL {
                for page in self.areas.list(order, mt).iter(&self.map) {
                    let listed = ListedBlock {
                        page,
                        order,
                        list: mt.number(),
                    };

                    out.push_within_capacity(listed).map_err(|_| ENOMEM)?;
                }
            }
        }
        Ok(())
    }

    fn write_pageblocks(&self, out: &mut KVVec<u8>) -> Result {
        out.clear();
        for head in self.blocks.heads() {
            let mt = self.blocks.migratetype(head);

            out.push_within_capacity(mt.number()).map_err(|_| ENOMEM)?;
        }
        Ok(())
    }
}
