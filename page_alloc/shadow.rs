// SPDX-License-Identifier: GPL-2.0

//! A region without pages behind it, made from zones that were written down.
//!
//! It is what the shipped allocator is compared with the kernel's by: the same operations go to
//! both.

#![deny(unsafe_code)]

use super::{
    layout::Shares,
    node::Node,
    pageset::Pageset,
    zonelist::ZoneRef,
    Region,
    RegionConfig, //
};
use crate::{
    gfp::Gfp,
    pcp::{
        tuning::PcpLimits,
        PcpRoom, //
    },
    zone::{
        image::{
            CounterImage,
            PageEvents,
            PcpScalars,
            ZoneImage,
            ZoneScalars, //
        },
        order::Order,
        Zone,
        ZoneFlag,
        ZoneSpan,
        ZoneType,
        NR_ZONES, //
    }, //
};
use kernel::prelude::*;

/// What a shadow is to take for granted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShadowConfig {
    /// The node that the zones belong to.
    pub(crate) nid: i32,
    pub(crate) pageblock_order: Order,
    pub(crate) mobility_off: bool,
    /// Whether huge pages have per-CPU lists.
    pub(crate) has_huge: bool,
    /// Nodes of the machine; its other ones are never asked.
    pub(crate) nr_online_nodes: u32,
    /// The CPU whose lists are compared.
    pub(crate) cpu: u32,
}

impl Region {
    /// Makes a shadow of zones of one node. EINVAL if they contradict themselves.
    ///
    /// Allocates: sleeps.
    pub(crate) fn shadow(config: ShadowConfig, images: &[ZoneImage]) -> Result<Self> {
        let mut zones = [const { None }; NR_ZONES];
        let mut nr_pages: u32 = 0;

        for image in images {
            let pageset = KBox::new(Pageset::shadow(&config, image)?, GFP_KERNEL)?;
            let slot = zones.get_mut(image.kind.index()).ok_or(EINVAL)?;

            nr_pages = nr_pages.max(image.start.get().wrapping_add(image.spanned));
            *slot = Some(pageset);
        }
        let mut node = Node::of_zones(config.nid, zones)?;

        node.fallback = KVec::with_capacity(NR_ZONES, GFP_KERNEL)?;

        for kind in ZoneType::ALL.iter().rev() {
            if node.zone(*kind).is_some() {
                let zone = ZoneRef {
                    node: 0,
                    kind: *kind,
                };

                node.fallback.push_within_capacity(zone)?;
            }
        }
        let region = RegionConfig {
            nr_pages,
            nid: config.nid,
            pageblock_order: config.pageblock_order,
            shares: Shares::NONE,
            has_huge: config.has_huge,
            lazy: false,
            exact: false,
            gfp_allowed: Gfp::ALL,
        };

        let mut nodes = KVec::with_capacity(1, GFP_KERNEL)?;

        nodes.push_within_capacity(node)?;
        Self::of_nodes(
            region,
            nodes,
            config.mobility_off,
            config.nr_online_nodes > 1,
        )
    }

    /// The numbers of a zone as `cpu` sees them.
    pub(crate) fn scalars(&self, kind: ZoneType, cpu: u32) -> Option<ZoneScalars> {
        let pageset = self.pageset(kind)?;

        let zone = pageset.zone().scalars(cpu);

        Some(ZoneScalars {
            pcp: pageset.with(cpu, |pcp| pcp.scalars())?,
            numa: zone.numa.sum(pageset.events().numa),
            ..zone
        })
    }

    /// Pages handed out and given back so far.
    pub(crate) fn page_events(&self) -> PageEvents {
        let mut sum = PageEvents::default();

        for pageset in self.pagesets() {
            let (stock, zone) = (pageset.events(), pageset.zone().events());
            let nr = stock.pgalloc.wrapping_add(zone.pgalloc);

            if let Some(alloc) = sum.alloc.get_mut(pageset.zone().kind().index()) {
                *alloc = alloc.wrapping_add(nr);
            }
            sum.free = [stock.pgfree, zone.pgfree]
                .into_iter()
                .fold(sum.free, u64::wrapping_add);
        }
        sum
    }

    /// Writes a zone down as `cpu` sees it. ENOMEM if `image` has no room for it.
    pub(crate) fn write_image(&self, kind: ZoneType, cpu: u32, image: &mut ZoneImage) -> Result {
        let pageset = self.pageset(kind).ok_or(ENODEV)?;

        pageset.zone().write_image(image, cpu)?;
        image.scalars.numa = image.scalars.numa.sum(pageset.events().numa);
        pageset
            .with(cpu, |pcp| {
                image.scalars.pcp = pcp.scalars();
                pcp.write_lists(&mut image.pcp)
            })
            .ok_or(ENODEV)?
    }

    /// Takes over counters that stand for the same numbers, and the ticks that are left until a
    /// stock expires: an idle CPU tells what it counted, and starts the ticks.
    pub(crate) fn adopt_counters(
        &self,
        kind: ZoneType,
        cpu: u32,
        free: CounterImage,
        free_cma: CounterImage,
        expire: u8,
    ) {
        if let Some(pageset) = self.pageset(kind) {
            pageset.zone().adopt_counters(free, free_cma, cpu);
            pageset.with(cpu, |pcp| pcp.set_expire(expire));
        }
    }

    /// Says whether the background reclaimer is taken to be at work.
    pub(crate) fn set_reclaim_active(&self, kind: ZoneType, active: bool) {
        if let Some(pageset) = self.pageset(kind) {
            pageset.zone().set_flag(ZoneFlag::ReclaimActive, active);
        }
    }
}

impl Pageset {
    #[inline(never)]
    fn shadow(config: &ShadowConfig, image: &ZoneImage) -> Result<Self> {
        let span = ZoneSpan {
            kind: image.kind,
            nid: config.nid,
            start: image.start,
            nr_pages: image.spanned,
        };
        let zone = Zone::new(
            span,
            &crate::zone::ZoneConfig {
                pageblock_order: config.pageblock_order,
                mobility_off: config.mobility_off,
                nr_cpus: crate::sys::nr_cpus(),
                lazy: false,
            },
            0,
        )?;

        zone.adopt(image, config.cpu)?;
        let pageset = Self::new(zone, config.has_huge, |_| false)?;

        pageset.adopt(config.cpu, image)?;
        Ok(pageset)
    }

    /// Takes over the lists of one CPU.
    fn adopt(&self, cpu: u32, image: &ZoneImage) -> Result {
        let PcpScalars {
            high_min,
            high_max,
            batch,
            count,
            ..
        } = image.scalars.pcp;
        // The stock may be larger than its limits allow, and all of it on one list.
        let limits = PcpLimits {
            high_min,
            high_max: high_max.max(count),
            batch,
        };
        let mut room = PcpRoom::new(&limits, self.zone().span().nr_pages, true)?;

        self.with(cpu, |pcp| {
            pcp.set_limits(limits, &mut room);
            pcp.adopt(&image.scalars.pcp, &image.pcp)
        })
        .ok_or(EINVAL)?
    }
}
