// SPDX-License-Identifier: GPL-2.0

//! `rbctl map`

#![deny(unsafe_code)]

use std::{
    fs,
    path::PathBuf, //
};

use clap::Args;
use rust_buddy::{
    Pageblock,
    Region, //
};
use serde::Serialize;

use crate::{
    context::Context,
    failure::{
        Failure,
        Result, //
    },
    map::{
        svg,
        term,
        Picture, //
    },
};

const AFTER_HELP: &str = "\
Each cell is a pageblock: the letter and the colour tell its migratetype, the shade how much of it is in
use (pages on per-CPU lists count as used). NO_COLOR, --color never and pipes switch colours off; the
letters stay.

Examples:
  rbctl map
  rbctl map --svg map.svg --title 'after the storm'
  rbctl map --color always | less -R";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct MapArgs {
    /// Write a picture instead, `-` for the standard output
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    svg: Option<PathBuf>,

    /// The picture's second line
    #[arg(long, value_name = "TEXT", requires = "svg")]
    title: Option<String>,

    /// Draw with ASCII characters only
    #[arg(long)]
    ascii: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    pageblock_order: u32,
    pageblocks: &'a [Pageblock],
}

pub(crate) fn run(args: &MapArgs, region: &Region, context: &mut Context<'_>) -> Result {
    let info = region.info()?;
    let blocks = region.pageblocks()?;
    if context.json {
        let pageblock_order = info.pageblock_order;
        let pageblocks = &blocks;
        return context.json(
            "map",
            &Report {
                pageblock_order,
                pageblocks,
            },
        );
    }
    let picture = Picture::new(&info, &blocks);
    match &args.svg {
        None => context.text(&term::draw(
            &picture,
            context.width,
            context.colour,
            args.ascii,
        )),
        Some(file) => write(file, &svg::draw(&picture, args.title.as_deref()), context),
    }
}

fn write(file: &PathBuf, svg: &str, context: &mut Context<'_>) -> Result {
    if file.as_os_str() == "-" {
        return context.text(svg);
    }
    fs::write(file, svg)
        .map_err(|error| Failure::Failed(format!("cannot write {}: {error}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn json_has_every_pageblock() {
        let region = testing::region();
        let args = MapArgs {
            svg: None,
            title: None,
            ascii: false,
        };
        let json = testing::run_json(|context| run(&args, &region, context));
        assert_eq!(json["pageblocks"].as_array().map(Vec::len), Some(32));
        assert_eq!(json["pageblocks"][0]["migratetype"], "movable");
        assert_eq!(json["pageblocks"][31]["largest_free_order"], 9);
    }
}
