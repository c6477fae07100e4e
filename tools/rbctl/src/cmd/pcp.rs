// SPDX-License-Identifier: GPL-2.0

//! `rbctl pcp`

#![deny(unsafe_code)]

use rust_buddy::{
    PcpStat,
    Region, //
};
use serde::Serialize;

use crate::{
    context::Context,
    failure::Result,
    table::Table, //
};

#[derive(Serialize)]
struct Report {
    stocks: Vec<PcpStat>,
}

pub(crate) fn run(region: &Region, context: &mut Context<'_>) -> Result {
    let stocks = region.pcps()?;
    match context.json {
        true => context.json("pcp", &Report { stocks }),
        false => context.text(&text(&stocks)),
    }
}

fn text(stocks: &[PcpStat]) -> String {
    let note = "pages in stock: count may grow to high, which is learned between min and max; batch moves\n\
                at a time; factor: doublings of the next refill; gone: pages given back in one go\n";
    format!("{}\n{note}", table(stocks))
}

fn table(stocks: &[PcpStat]) -> String {
    let header = [
        "node", "zone", "cpu", "count", "high", "min", "max", "batch", "factor", "gone", "refills",
        "drains", "full",
    ];
    let mut table = Table::new(2, &header);
    for stock in stocks.iter().filter(|stock| stock.online) {
        let numbers = [
            stock.cpu.into(),
            stock.count,
            stock.high,
            stock.high_min,
            stock.high_max,
            stock.batch,
            stock.alloc_factor,
            stock.free_count,
            stock.refills,
            stock.drains,
            stock.ring_full,
        ];
        let mut row = vec![stock.nid.to_string(), stock.zone.name().to_owned()];
        row.extend(numbers.iter().map(u64::to_string));
        table.push(row);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_row_for_each_zone_and_cpu() {
        let region = testing::region();
        let (text, result) = testing::run(false, |context| run(&region, context));
        assert!(result.is_ok());
        testing::golden("pcp.txt", &text);
    }

    #[test]
    fn json_has_the_lists() {
        let region = testing::region();
        let json = testing::run_json(|context| run(&region, context));
        assert_eq!(json["command"], "pcp");
        assert_eq!(json["stocks"].as_array().map(Vec::len), Some(8));
        assert_eq!(json["stocks"][3]["zone"], "DMA32");
        assert_eq!(json["stocks"][3]["lists"][0], json["stocks"][3]["count"]);
    }
}
