// SPDX-License-Identifier: GPL-2.0

//! `rbctl info`

#![deny(unsafe_code)]

use rust_buddy::{
    Info,
    Region, //
};

use crate::{
    context::Context,
    failure::Result,
    units::{
        bytes,
        count,
        percent, //
    },
};

pub(crate) fn run(region: &Region, context: &mut Context<'_>) -> Result {
    let info = region.info_with_pfn()?;
    match context.json {
        true => context.json("info", &info),
        false => context.text(&text(&info)),
    }
}

fn text(info: &Info) -> String {
    let lines = lines(info)
        .into_iter()
        .map(|(name, value)| format!("{name:<12}{value}\n"));
    lines.collect::<Vec<_>>().concat()
}

fn lines(info: &Info) -> Vec<(&'static str, String)> {
    let size = |pages: u64| format!("{pages} pages, {}", bytes(pages << info.page_shift));
    let mut lines = vec![
        (
            "interface",
            format!("{}.{}", info.uapi_major, info.uapi_minor),
        ),
        ("kernel", info.kernel.clone()),
        ("features", info.features.join(" ")),
        ("region", size(info.region_pages)),
        ("managed", size(info.managed_pages)),
        ("free", free(info, size(info.free_pages))),
        ("mine", mine(info, size(info.used_by_me))),
        (
            "orders",
            format!("0 to {}", info.nr_orders.saturating_sub(1)),
        ),
        ("pageblock", size(1 << info.pageblock_order)),
        (
            "zones",
            format!(
                "{} on {}",
                info.nr_zones,
                count(info.nr_nodes.into(), "node")
            ),
        ),
        (
            "cpus",
            format!("{}, {} page lists each", info.nr_cpus, info.nr_pcp_lists),
        ),
    ];
    lines.extend(info.base_pfn.map(|pfn| {
        let last = pfn + info.region_pages.saturating_sub(1);
        ("pfn", format!("{pfn:#x} to {last:#x}"))
    }));
    lines
}

fn free(info: &Info, size: String) -> String {
    format!("{size} ({})", percent(info.free_pages, info.managed_pages))
}

fn mine(info: &Info, size: String) -> String {
    match info.quota_pages {
        0 => size,
        quota => format!("{size}, of {quota} allowed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn text_names_sizes() {
        let region = testing::region();
        let (text, result) = testing::run(false, |context| run(&region, context));
        assert!(result.is_ok());
        testing::golden("info.txt", &text);
    }

    #[test]
    fn json_has_integers() {
        let region = testing::region();
        let json = testing::run_json(|context| run(&region, context));
        assert_eq!(json["schema"], "rust_buddy/1");
        assert_eq!(json["command"], "info");
        assert_eq!(json["region_pages"], 16384);
    }
}
