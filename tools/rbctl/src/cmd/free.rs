// SPDX-License-Identifier: GPL-2.0

//! `rbctl free`

#![deny(unsafe_code)]

use std::os::fd::RawFd;

use clap::Args;
use rust_buddy::{
    Handle,
    Region, //
};
use serde::Serialize;

use crate::{
    batch::pages,
    context::Context,
    failure::{
        Failure,
        Result, //
    },
    units,
};

const AFTER_HELP: &str = "\
A handle is good only for the open file that allocated the block, so --fd is needed: the number of a
descriptor on which the shell holds the device open.

Examples:
  exec 3<>/dev/rust_buddy
  h=$(rbctl --fd 3 alloc 4 --count 2 --handles)
  rbctl --fd 3 free $h
  rbctl --fd 3 free --all";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct FreeArgs {
    /// Handles, as `rbctl alloc` prints them
    #[arg(
        value_name = "ID:GEN:ORDER",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    handles: Vec<Handle>,

    /// Everything that the open file owns
    #[arg(long)]
    all: bool,

    /// Mapped blocks too; whoever uses them gets SIGBUS
    #[arg(long)]
    zap: bool,
}

#[derive(Serialize)]
struct Report {
    pages_freed: u64,
    pages_left: u64,
}

pub(crate) fn run(
    args: &FreeArgs,
    fd: Option<RawFd>,
    region: impl FnOnce() -> Result<Region>,
    context: &mut Context<'_>,
) -> Result {
    if fd.is_none() {
        return Err(Failure::Usage(
            "free needs --fd N: handles belong to an open file; hold one with `exec 3<>/dev/rust_buddy`"
                .to_owned(),
        ));
    }
    let report = free(args, &region()?)?;
    match context.json {
        true => context.json("free", &report),
        false => context.text(&text(&report)),
    }
}

fn free(args: &FreeArgs, region: &Region) -> Result<Report> {
    let before = region.info()?.used_by_me;
    match args.all {
        true => region.free_all(args.zap)?,
        false => region.free(&args.handles, args.zap)?,
    }
    Ok(Report {
        pages_freed: if args.all {
            before
        } else {
            pages(&args.handles)
        },
        pages_left: region.info()?.used_by_me,
    })
}

fn text(report: &Report) -> String {
    let freed = units::count(report.pages_freed, "page");
    let left = units::count(report.pages_left, "page");
    format!("freed {freed}, {left} left to this open file\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use rust_buddy::{
        Gfp,
        Request, //
    };

    fn some(handles: Vec<Handle>, all: bool) -> FreeArgs {
        FreeArgs {
            handles,
            all,
            zap: false,
        }
    }

    #[test]
    fn handles_or_all() -> Result {
        let region = testing::region();
        let handle = region.alloc(&Request::new(Gfp::KERNEL, 2))?.handle();
        region.alloc(&Request::new(Gfp::KERNEL, 3))?;
        assert_eq!(
            text(&free(&some(vec![handle], false), &region)?),
            "freed 4 pages, 8 pages left to this open file\n"
        );
        assert_eq!(
            text(&free(&some(vec![], true), &region)?),
            "freed 8 pages, 0 pages left to this open file\n"
        );
        Ok(())
    }

    #[test]
    fn without_a_descriptor_it_is_wrong_usage() {
        let args = some(vec![], true);
        let (_, result) = testing::run(false, |context| {
            run(&args, None, || Ok(testing::region()), context)
        });
        assert_eq!(result.map_err(|failure| failure.code()), Err(2));
    }
}
