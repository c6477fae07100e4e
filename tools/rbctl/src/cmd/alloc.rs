// SPDX-License-Identifier: GPL-2.0

//! `rbctl alloc`

#![deny(unsafe_code)]

use std::{
    os::fd::RawFd,
    time::Duration, //
};

use clap::Args;
use rust_buddy::{
    Block,
    Gfp,
    Region,
    Request, //
};
use serde::Serialize;

use crate::{
    batch::Batch,
    context::Context,
    failure::Result,
    interrupt::Interrupt,
    pattern::Pattern,
    table::Table,
    units, //
};

const AFTER_HELP: &str = "\
Blocks live as long as the file that allocated them is open. Without --fd that file is rbctl's own:
it prints the blocks and holds them until Ctrl-C, or so long as --hold says; --release frees them at
once. With --fd the shell's file owns them, and rbctl ends at once.

Examples:
  rbctl alloc 9 --gfp HIGHUSER_MOVABLE --write stamp --release
  rbctl alloc 0 --count 100 --hold 10
  exec 3<>/dev/rust_buddy; rbctl --fd 3 alloc 4; rbctl --fd 3 free --all; exec 3>&-";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct AllocArgs {
    /// log2 of the pages of each block
    #[arg(default_value_t = 0)]
    order: u32,

    /// How many blocks: all of them or none
    #[arg(long, value_name = "NR", default_value_t = 1)]
    count: u32,

    /// Request flags: KERNEL, ATOMIC, NOWAIT, USER, HIGHUSER_MOVABLE, ... joined by `|`
    #[arg(long, value_name = "FLAGS", default_value = "KERNEL")]
    gfp: Gfp,

    /// Preferred node
    #[arg(long, value_name = "NODE")]
    nid: Option<u32>,

    /// Contents may be dropped when memory is short, until `rbctl advise needed`
    #[arg(long)]
    purgeable: bool,

    /// Write through mmap and read back: `stamp` (every word differs), 0xNUMBER, or a text
    #[arg(long, value_name = "PATTERN")]
    write: Option<Pattern>,

    /// Hold the blocks so many seconds, then free them
    #[arg(long, value_name = "SECS", value_parser = seconds, conflicts_with_all = ["release", "fd"])]
    hold: Option<Duration>,

    /// Free the blocks at once
    #[arg(long)]
    release: bool,

    /// Print handles only, one a line
    #[arg(long, conflicts_with = "json")]
    handles: bool,
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "use a number of seconds, like 10 or 0.5".to_owned())
}

pub(crate) fn run(
    args: &AllocArgs,
    fd: Option<RawFd>,
    region: &Region,
    context: &mut Context<'_>,
) -> Result {
    let interrupt = Interrupt::install()?;
    let mut batch = Batch::new(region);
    let blocks = allocate(args, region, &mut batch, &interrupt)?;
    check(args, region, &blocks, &interrupt)?;
    report(args, &blocks, context)?;
    match fd {
        _ if args.release => batch.release(),
        Some(_) => {
            batch.keep();
            Ok(())
        }
        None => hold(args.hold, batch, &interrupt),
    }
}

fn allocate(
    args: &AllocArgs,
    region: &Region,
    batch: &mut Batch<'_>,
    interrupt: &Interrupt,
) -> Result<Vec<Block>> {
    let mut request = Request::new(args.gfp, args.order);
    request.nid = args.nid;
    request.purgeable = args.purgeable;
    let mut blocks = Vec::new();
    for _ in 0..args.count {
        interrupt.check()?;
        let block = region.alloc(&request)?;
        batch.handles.push(block.handle());
        blocks.push(block);
    }
    Ok(blocks)
}

fn check(args: &AllocArgs, region: &Region, blocks: &[Block], interrupt: &Interrupt) -> Result {
    let Some(pattern) = &args.write else {
        return Ok(());
    };
    blocks.iter().try_for_each(|block| {
        interrupt.check()?;
        pattern.check(region, block)
    })
}

fn hold(time: Option<Duration>, batch: Batch<'_>, interrupt: &Interrupt) -> Result {
    let blocks = units::count(batch.handles.len() as u64, "block");
    let pages = units::count(batch.pages(), "page");
    let end = match time {
        Some(time) => format!("for {} s", time.as_secs_f64()),
        None => "until Ctrl-C".to_owned(),
    };
    anstream::eprintln!("holding {blocks} ({pages}) {end}, then they are freed");
    let waited = interrupt.wait(time);
    batch.release()?;
    waited
}

#[derive(Serialize)]
struct Report {
    blocks: Vec<Entry>,
    pages: u64,
    /// Words written and read back, over all blocks.
    words_checked: u64,
}

#[derive(Serialize)]
struct Entry {
    handle: String,
    order: u32,
    page: u64,
    nid: i32,
    zone: rust_buddy::ZoneKind,
    path: rust_buddy::Path,
    mmap_offset: u64,
    latency_ns: u64,
}

impl From<&Block> for Entry {
    fn from(block: &Block) -> Self {
        Self {
            handle: block.handle().to_string(),
            order: block.handle().order,
            page: block.page,
            nid: block.nid,
            zone: block.zone,
            path: block.path,
            mmap_offset: block.mmap_offset,
            latency_ns: units::nanos(block.latency),
        }
    }
}

fn report(args: &AllocArgs, blocks: &[Block], context: &mut Context<'_>) -> Result {
    let pages = blocks.iter().map(Block::pages).sum();
    if context.json {
        let words_checked = match args.write {
            Some(_) => pages * 512,
            None => 0,
        };
        let blocks = blocks.iter().map(Entry::from).collect();
        let report = Report {
            blocks,
            pages,
            words_checked,
        };
        return context.json("alloc", &report);
    }
    if args.handles {
        let lines: Vec<String> = blocks.iter().map(|b| b.handle().to_string()).collect();
        return context.text(&(lines.join("\n") + "\n"));
    }
    context.text(&table(blocks))?;
    match args.write {
        Some(_) => context.text(&written(pages)),
        None => Ok(()),
    }
}

fn table(blocks: &[Block]) -> String {
    let header = [
        "handle", "zone", "path", "pages", "at page", "node", "latency",
    ];
    let mut table = Table::new(3, &header);
    for block in blocks {
        table.push(vec![
            block.handle().to_string(),
            block.zone.to_string(),
            block.path.to_string(),
            block.pages().to_string(),
            block.page.to_string(),
            block.nid.to_string(),
            units::time(block.latency),
        ]);
    }
    table.render()
}

fn written(pages: u64) -> String {
    let pages = units::count(pages, "page");
    format!(
        "{pages}: zero when new, written through mmap, read back through a second mapping: equal\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn args(words: &[&str]) -> AllocArgs {
        use clap::FromArgMatches;
        let command = AllocArgs::augment_args(clap::Command::new("alloc"))
            .arg(clap::Arg::new("fd").long("fd"))
            .arg(clap::Arg::new("json").long("json"));
        let line = std::iter::once("alloc").chain(words.iter().copied());
        let matches = command.get_matches_from(line);
        AllocArgs::from_arg_matches(&matches).expect("the arguments are right")
    }

    #[test]
    fn release_leaves_nothing() {
        let region = testing::region();
        let args = args(&["3", "--count", "2", "--write", "stamp", "--release"]);
        let (text, result) = testing::run(false, |context| run(&args, None, &region, context));
        assert!(result.is_ok());
        testing::golden("alloc.txt", &text);
        assert_eq!(region.info().map(|info| info.used_by_me).ok(), Some(0));
    }

    #[test]
    fn with_fd_the_blocks_stay() {
        let region = testing::region();
        let args = args(&["3", "--handles"]);
        let (text, result) = testing::run(false, |context| run(&args, Some(3), &region, context));
        assert!(result.is_ok());
        assert_eq!(text, "5120:1:3\n");
        assert_eq!(region.info().map(|info| info.used_by_me).ok(), Some(8));
    }

    #[test]
    fn purgeable_blocks_can_be_reclaimed() {
        let region = testing::region();
        let args = args(&["3", "--purgeable"]);
        let (_, result) = testing::run(false, |context| run(&args, Some(3), &region, context));
        assert!(result.is_ok());
        let node = region.node(1).ok().flatten();
        let inactive = node.map(|node| node.zones.iter().map(|zone| zone.inactive).sum());
        assert_eq!(inactive, Some(8u64));
    }

    #[test]
    fn all_or_none() {
        let region = testing::region();
        let args = args(&["10", "--count", "20"]);
        let (text, result) = testing::run(false, |context| run(&args, Some(3), &region, context));
        assert_eq!(result.map_err(|failure| failure.code()), Err(1));
        assert_eq!(text, "");
        assert_eq!(region.info().map(|info| info.used_by_me).ok(), Some(0));
    }

    #[test]
    fn hold_ends_by_itself() {
        let region = testing::region();
        let args = args(&["--hold", "0.01"]);
        let (_, result) = testing::run(false, |context| run(&args, None, &region, context));
        assert!(result.is_ok());
        assert_eq!(region.info().map(|info| info.used_by_me).ok(), Some(0));
    }

    #[test]
    fn json_lists_blocks() {
        let region = testing::region();
        let args = args(&["1", "--release"]);
        let json = testing::run_json(|context| run(&args, None, &region, context));
        assert_eq!(json["pages"], 2);
        assert_eq!(json["blocks"][0]["zone"], "Normal");
        assert_eq!(json["blocks"][0]["path"], "buddy");
    }
}
