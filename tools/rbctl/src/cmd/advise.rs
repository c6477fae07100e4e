// SPDX-License-Identifier: GPL-2.0

//! `rbctl advise`

#![deny(unsafe_code)]

use std::os::fd::RawFd;

use clap::Args;
use rust_buddy::{
    Advice,
    Advised,
    Handle,
    Region, //
};
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
  pin        stay at this page, be neither moved nor purged; pins nest
  unpin      take one pin off
  purgeable  the contents may be dropped when memory is short
  needed     no longer; if they were dropped, that is told, and the block is zero
  movable    may be moved
  unmovable  may not
  cold       purge it before others
  hot        purge it after others

A handle is good only for the open file that allocated the block, so --fd is needed: the number of a
descriptor on which the shell holds the device open.

Examples:
  exec 3<>/dev/rust_buddy
  h=$(rbctl --fd 3 alloc 4 --gfp HIGHUSER_MOVABLE --handles)
  rbctl --fd 3 advise pin $h
  rbctl --fd 3 advise purgeable $h; rbctl reclaim; rbctl --fd 3 advise needed $h";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct AdviseArgs {
    /// pin, unpin, purgeable, needed, movable, unmovable, cold or hot
    advice: Advice,

    /// Handles, as `rbctl alloc` prints them
    #[arg(value_name = "ID:GEN:ORDER", required = true)]
    handles: Vec<Handle>,
}

#[derive(Serialize)]
struct Report {
    advice: Advice,
    blocks: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    handle: String,
    #[serde(flatten)]
    advised: Advised,
}

pub(crate) fn run(
    args: &AdviseArgs,
    fd: Option<RawFd>,
    region: impl FnOnce() -> Result<Region>,
    context: &mut Context<'_>,
) -> Result {
    if fd.is_none() {
        return Err(Failure::Usage(
            "advise needs --fd N: handles belong to an open file; hold one with `exec 3<>/dev/rust_buddy`"
                .to_owned(),
        ));
    }
    let mut report = Report {
        advice: args.advice,
        blocks: Vec::new(),
    };
    let result = advise(args, &region()?, &mut report.blocks);
    match context.json {
        true => context.json("advise", &report)?,
        false => context.text(&table(&report))?,
    }
    result
}

/// Ends at the first that is refused; those before it are in `done`.
fn advise(args: &AdviseArgs, region: &Region, done: &mut Vec<Entry>) -> Result {
    for handle in &args.handles {
        done.push(Entry {
            advised: region.advise(*handle, args.advice)?,
            handle: handle.to_string(),
        });
    }
    Ok(())
}

fn table(report: &Report) -> String {
    if report.blocks.is_empty() {
        return String::new();
    }
    let mut table = Table::new(3, &["handle", "advice", "contents", "at page", "pins"]);
    for Entry { handle, advised } in &report.blocks {
        let contents = match advised.was_purged {
            true => "were purged",
            false => "kept",
        };
        table.push(vec![
            handle.clone(),
            report.advice.to_string(),
            contents.to_owned(),
            advised.page.to_string(),
            advised.pins.to_string(),
        ]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use rust_buddy::{
        Gfp,
        Reclaim,
        Request, //
    };

    fn block(region: &Region) -> Handle {
        let block = region.alloc(&Request::new(Gfp::HIGHUSER_MOVABLE, 2));
        block.expect("a block").handle()
    }

    fn say(region: &Region, advice: Advice, handles: &[Handle]) -> (Vec<Entry>, Result) {
        let args = AdviseArgs {
            advice,
            handles: handles.to_vec(),
        };
        let mut done = Vec::new();
        let result = advise(&args, region, &mut done);
        (done, result)
    }

    #[test]
    fn purged_contents_are_told_when_they_are_needed() -> Result {
        let region = testing::region();
        let handle = block(&region);
        say(&region, Advice::Purgeable, &[handle]).1?;
        region.reclaim(&Reclaim {
            pages: 4,
            ..Reclaim::default()
        })?;
        let (blocks, result) = say(&region, Advice::Needed, &[handle]);
        result?;
        let advice = Advice::Needed;
        assert_eq!(
            table(&Report { advice, blocks }),
            "handle     advice  contents     at page  pins\n\
             12288:1:2  needed  were purged        0     0\n"
        );
        Ok(())
    }

    #[test]
    fn those_before_the_refused_one_are_told() {
        let region = testing::region();
        let handle = block(&region);
        let unknown = Handle { gen: 7, ..handle };
        let (done, result) = say(&region, Advice::Pin, &[handle, unknown, handle]);
        assert_eq!(done.len(), 1);
        let text = result.unwrap_err().to_string();
        assert!(text.starts_with("pin 12288:7:2: freed since"));
    }

    #[test]
    fn an_unpinned_block_cannot_be_unpinned() {
        let region = testing::region();
        let handle = block(&region);
        let (_, result) = say(&region, Advice::Unpin, &[handle]);
        assert_eq!(
            result.unwrap_err().to_string(),
            "unpin 12288:1:2: it is not pinned, or there is no such handle"
        );
    }

    #[test]
    fn json_has_every_block() {
        let region = testing::region();
        let args = AdviseArgs {
            advice: Advice::Pin,
            handles: vec![block(&region), block(&region)],
        };
        let json = testing::run_json(|context| run(&args, Some(3), || Ok(region), context));
        assert_eq!(json["advice"], "pin");
        assert_eq!(json["blocks"][1]["pins"], 1);
        assert_eq!(json["blocks"][1]["was_purged"], false);
    }

    #[test]
    fn without_a_descriptor_it_is_wrong_usage() {
        let region = testing::region();
        let args = AdviseArgs {
            advice: Advice::Pin,
            handles: vec![block(&region)],
        };
        let (_, result) = testing::run(false, |context| run(&args, None, || Ok(region), context));
        assert_eq!(result.map_err(|failure| failure.code()), Err(2));
    }
}
