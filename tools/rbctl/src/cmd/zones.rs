// SPDX-License-Identifier: GPL-2.0

//! `rbctl zones`

#![deny(unsafe_code)]

use rust_buddy::{
    Region,
    ZoneStat, //
};
use serde::Serialize;

use crate::{
    context::Context,
    failure::Result,
    table::Table, //
};

#[derive(Serialize)]
struct Report {
    zones: Vec<ZoneStat>,
}

pub(crate) fn run(region: &Region, context: &mut Context<'_>) -> Result {
    let zones = region.zones()?;
    match context.json {
        true => context.json("zones", &Report { zones }),
        false => context.text(&text(&zones)),
    }
}

fn text(zones: &[ZoneStat]) -> String {
    let note =
        "pages; min, low and high are the watermarks (boost included); protection: what requests\n\
                for DMA, DMA32, Normal, Movable must leave free beyond the watermark\n";
    format!("{}\n{}\n{note}", sizes(zones), events(zones))
}

fn sizes(zones: &[ZoneStat]) -> String {
    let header = [
        "node",
        "zone",
        "start",
        "managed",
        "free",
        "pcp",
        "min",
        "low",
        "high",
        "boost",
        "protection",
    ];
    let mut table = Table::new(2, &header);
    for zone in zones {
        let numbers = [
            zone.start,
            zone.managed,
            zone.free,
            zone.pcp,
            zone.min,
            zone.low,
            zone.high,
            zone.boost,
        ];
        let mut row = name(zone);
        row.extend(numbers.iter().map(u64::to_string));
        row.push(protection(zone));
        table.push(row);
    }
    table.render()
}

fn events(zones: &[ZoneStat]) -> String {
    let header = [
        "node",
        "zone",
        "allocated",
        "freed",
        "claimed",
        "stolen",
        "failed",
        "bad",
        "highatomic",
    ];
    let mut table = Table::new(2, &header);
    for zone in zones {
        let events = &zone.events;
        let numbers = [
            events.pgalloc,
            events.pgfree,
            events.extfrag_claim,
            events.extfrag_steal,
            events.alloc_fail,
            events.bad_page,
            zone.reserved_highatomic,
        ];
        let mut row = name(zone);
        row.extend(numbers.iter().map(u64::to_string));
        table.push(row);
    }
    table.render()
}

fn name(zone: &ZoneStat) -> Vec<String> {
    vec![zone.nid.to_string(), zone.name.clone()]
}

fn protection(zone: &ZoneStat) -> String {
    let numbers: Vec<String> = zone.protection.iter().map(u64::to_string).collect();
    format!("({})", numbers.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn text_has_a_row_for_each_zone() {
        let region = testing::region();
        let (text, result) = testing::run(false, |context| run(&region, context));
        assert!(result.is_ok());
        testing::golden("zones.txt", &text);
    }

    #[test]
    fn json_has_the_whole_table() {
        let region = testing::region();
        let json = testing::run_json(|context| run(&region, context));
        assert_eq!(json["zones"][3]["zone"], "Movable");
        assert_eq!(json["zones"][3]["nr_free"][1][10], 4);
        assert_eq!(json["zones"][0]["events"]["alloc_fail"], 0);
    }
}
