// SPDX-License-Identifier: GPL-2.0

//! `rbctl drain`

#![deny(unsafe_code)]

use clap::Args;
use rust_buddy::{
    Drain,
    Region,
    ZoneKind, //
};
use serde::Serialize;

use crate::{
    context::Context,
    failure::Result,
    units, //
};

const AFTER_HELP: &str = "\
Examples:
  rbctl drain
  rbctl drain --cpu 1 --zone Normal";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DrainArgs {
    /// Of this node only
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    node: Option<i32>,

    /// Of these zones only: DMA, DMA32, Normal or Movable
    #[arg(long, value_name = "ZONE", value_parser = super::zone)]
    zone: Option<ZoneKind>,

    /// Of this CPU only
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    cpu: Option<i32>,
}

#[derive(Serialize)]
struct Report {
    before: u64,
    after: u64,
}

pub(crate) fn run(args: &DrainArgs, region: &Region, context: &mut Context<'_>) -> Result {
    let which = Drain {
        nid: args.node,
        zone: args.zone,
        cpu: args.cpu,
    };
    let before = stock(region, &which)?;
    region.drain(&which)?;
    let after = stock(region, &which)?;
    match context.json {
        true => context.json("drain", &Report { before, after }),
        false => {
            let pages = units::count(before, "page");
            context.text(&format!("in stock before: {pages}, after: {after}\n"))
        }
    }
}

/// Pages that are meant.
fn stock(region: &Region, which: &Drain) -> Result<u64> {
    let stocks = region.pcps()?;
    let meant = stocks.iter().filter(|stock| which.covers(stock));
    Ok(meant.map(|stock| stock.count).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const ALL: DrainArgs = DrainArgs {
        node: None,
        zone: None,
        cpu: None,
    };

    #[test]
    fn everything_goes_back() {
        let region = testing::region();
        let (text, result) = testing::run(false, |context| run(&ALL, &region, context));
        assert!(result.is_ok());
        assert_eq!(text, "in stock before: 304 pages, after: 0\n");
    }

    #[test]
    fn one_cpu_of_one_zone() {
        let region = testing::region();
        let args = DrainArgs {
            zone: Some(ZoneKind::Dma),
            cpu: Some(1),
            ..ALL
        };
        let json = testing::run_json(|context| run(&args, &region, context));
        assert_eq!(json["before"], 16);
        assert_eq!(json["after"], 0);
        let rest = testing::run_json(|context| run(&ALL, &region, context));
        assert_eq!(rest["before"], 304 - 16);
    }

    #[test]
    fn another_node_is_an_error() {
        let region = testing::region();
        let args = DrainArgs {
            node: Some(7),
            ..ALL
        };
        let (_, result) = testing::run(false, |context| run(&args, &region, context));
        assert_eq!(result.map_err(|failure| failure.code()), Err(1));
    }
}
