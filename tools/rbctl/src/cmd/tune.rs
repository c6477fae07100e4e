// SPDX-License-Identifier: GPL-2.0

//! `rbctl tune`

#![deny(unsafe_code)]

use clap::Args;
use rust_buddy::{
    Error,
    Region,
    Tunable,
    Tuning, //
};
use rustix::io::Errno;
use serde::Serialize;

use crate::{
    context::Context,
    failure::{
        Failure,
        Result, //
    },
    table::Table, //
};

const AFTER_HELP: &str = "\
Names are those of /proc/sys/vm; what is by zone is called NAME.ZONE. Changing needs root.

Examples:
  rbctl tune
  rbctl tune min_free_kbytes
  rbctl tune lowmem_reserve_ratio.DMA32 128
  rbctl tune watermark_scale_factor 3000 --try && echo possible";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct TuneArgs {
    /// What to show or change; all is shown without
    name: Option<Tunable>,

    /// The new value
    #[arg(requires = "name")]
    value: Option<u64>,

    /// Check the value, change nothing
    #[arg(long = "try", requires = "value")]
    only_try: bool,
}

#[derive(Serialize)]
struct Report {
    tunables: Vec<Tuning>,
}

pub(crate) fn run(args: &TuneArgs, region: &Region, context: &mut Context<'_>) -> Result {
    match (args.name, args.value) {
        (None, _) => list(region, context),
        (Some(name), None) => show(&region.tunable(name)?, context),
        (Some(name), Some(value)) => change(&region.tune(name, value, args.only_try)?, context),
    }
}

fn list(region: &Region, context: &mut Context<'_>) -> Result {
    let known = Tunable::all().filter_map(|name| known(region.tunable(name)));
    let tunables = known.collect::<Result<Vec<_>>>()?;
    match context.json {
        true => context.json("tune", &Report { tunables }),
        false => context.text(&table(&tunables)),
    }
}

/// Without what the module does not have.
fn known(tuning: Result<Tuning, Error>) -> Option<Result<Tuning>> {
    match tuning {
        Err(error) if error.errno() == Some(Errno::INVAL) => None,
        tuning => Some(tuning.map_err(Failure::from)),
    }
}

fn show(tuning: &Tuning, context: &mut Context<'_>) -> Result {
    match context.json {
        true => context.json("tune", tuning),
        false => context.text(&format!("{}\n", tuning.value)),
    }
}

fn change(tuning: &Tuning, context: &mut Context<'_>) -> Result {
    let Tuning {
        name, old, value, ..
    } = tuning;
    match context.json {
        true => context.json("tune", tuning),
        false => context.text(&format!("{name}: {old} -> {value}\n")),
    }
}

fn table(tunables: &[Tuning]) -> String {
    let mut table = Table::new(2, &["name", "unit", "value", "default", "min", "max"]);
    for tuning in tunables {
        let mut row = vec![tuning.name.to_string(), tuning.unit.to_owned()];
        let numbers = [tuning.value, tuning.default, tuning.min, tuning.max];
        row.extend(numbers.iter().map(u64::to_string));
        table.push(row);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn args(name: &str, value: Option<u64>) -> TuneArgs {
        TuneArgs {
            name: name.parse().ok(),
            value,
            only_try: false,
        }
    }

    #[test]
    fn all_are_listed() {
        let region = testing::region();
        let (text, result) = testing::run(false, |context| run(&args("", None), &region, context));
        assert!(result.is_ok());
        testing::golden("tune.txt", &text);
    }

    #[test]
    fn one_is_shown_as_a_number() {
        let region = testing::region();
        let one = args("lowmem_reserve_ratio.Normal", None);
        let (text, _) = testing::run(false, |context| run(&one, &region, context));
        assert_eq!(text, "32\n");
        let json = testing::run_json(|context| run(&one, &region, context));
        assert_eq!(json["name"], "lowmem_reserve_ratio.Normal");
        assert_eq!(json["value"], 32);
    }

    #[test]
    fn a_change_tells_the_old_value() {
        let region = testing::region();
        let set = args("stat_interval", Some(5));
        let (text, _) = testing::run(false, |context| run(&set, &region, context));
        assert_eq!(text, "stat_interval: 1 -> 5\n");
        let json = testing::run_json(|context| run(&args("stat_interval", None), &region, context));
        assert_eq!(json["value"], 5);
    }

    #[test]
    fn a_try_changes_nothing() {
        let region = testing::region();
        let set = TuneArgs {
            only_try: true,
            ..args("stat_interval", Some(5))
        };
        let (_, result) = testing::run(false, |context| run(&set, &region, context));
        assert!(result.is_ok());
        let json = testing::run_json(|context| run(&args("stat_interval", None), &region, context));
        assert_eq!(json["value"], 1);
    }

    #[test]
    fn what_is_out_of_range_is_told_with_the_range() {
        let region = testing::region();
        let set = args("watermark_scale_factor", Some(3001));
        let (_, result) = testing::run(false, |context| run(&set, &region, context));
        assert_eq!(
            result.unwrap_err().to_string(),
            "watermark_scale_factor: out of range; use 1 to 3000 (1/10000 of a zone)"
        );
    }
}
