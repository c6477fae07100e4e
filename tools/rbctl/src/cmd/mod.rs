// SPDX-License-Identifier: GPL-2.0

//! The subcommands, and what happens before they start.

#![deny(unsafe_code)]

pub(crate) mod advise;
pub(crate) mod alloc;
pub(crate) mod buddyinfo;
pub(crate) mod bulk;
pub(crate) mod compact;
pub(crate) mod doctor;
pub(crate) mod drain;
pub(crate) mod free;
pub(crate) mod info;
pub(crate) mod map;
pub(crate) mod parity;
pub(crate) mod pcp;
pub(crate) mod plot;
pub(crate) mod reclaim;
pub(crate) mod record;
pub(crate) mod top;
pub(crate) mod tune;
pub(crate) mod verify;
pub(crate) mod zones;

use std::{
    fs::File,
    io::{
        self,
        IsTerminal, //
    },
    path::PathBuf,
};

use clap::{
    ColorChoice,
    CommandFactory, //
};
use rust_buddy::{
    CharDevice,
    Region,
    ZoneKind, //
};

use crate::{
    cli::{
        Cli,
        Command,
        Global, //
    },
    context::Context,
    failure::Result,
};

/// Runs the command that was asked for.
pub(crate) fn run(cli: &Cli) -> Result {
    let mut stdout = io::stdout().lock();
    let mut context = Context {
        colour: colour(cli.global.color),
        live: live(),
        width: width(),
        out: &mut stdout,
        json: cli.global.json,
        root: PathBuf::from("/"),
    };
    dispatch(cli, &mut context)
}

fn dispatch(cli: &Cli, context: &mut Context<'_>) -> Result {
    let global = &cli.global;
    let region = || region(global);
    match &cli.command {
        Command::Info => info::run(&region()?, context),
        Command::Alloc(args) => alloc::run(args, global.fd, &region()?, context),
        Command::Free(args) => free::run(args, global.fd, region, context),
        Command::Bulk(args) => bulk::run(args, global.fd, &region()?, context),
        Command::Buddyinfo(args) => buddyinfo::run(args, &region()?, context),
        Command::Zones => zones::run(&region()?, context),
        Command::Pcp => pcp::run(&region()?, context),
        Command::Drain(args) => drain::run(args, &region()?, context),
        Command::Advise(args) => advise::run(args, global.fd, region, context),
        Command::Compact(args) => compact::run(args, &region()?, Some(&region), context),
        Command::Reclaim(args) => reclaim::run(args, &region()?, context),
        Command::Top(args) => top::run(args, &region()?, context),
        Command::Record(args) => record::run(args, &region()?, context),
        Command::Plot(args) => plot::run(args, context),
        Command::Tune(args) => tune::run(args, &region()?, context),
        Command::Map(args) => map::run(args, &region()?, context),
        Command::Parity(args) => parity::run(args, &region()?, context),
        Command::Verify => verify::run(&region()?, context),
        Command::Doctor => doctor::run(&global.device, context),
        Command::Completions { shell } => completions(*shell, context),
    }
}

fn region(global: &Global) -> Result<Region> {
    let device = match global.fd {
        Some(fd) => CharDevice::inherit(fd)?,
        None => CharDevice::open(&global.device)?,
    };
    Ok(Region::new(device)?)
}

/// A zone on the command line.
fn zone(text: &str) -> Result<ZoneKind, String> {
    ZoneKind::ALL
        .into_iter()
        .find(|zone| zone.name().eq_ignore_ascii_case(text))
        .ok_or_else(|| "use DMA, DMA32, Normal or Movable".to_owned())
}

fn completions(shell: clap_complete::Shell, context: &mut Context<'_>) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rbctl", &mut script);
    context.text(&String::from_utf8_lossy(&script))
}

fn colour(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            io::stdout().is_terminal()
                && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
        }
    }
}

/// Whether there are a screen and keys. A console that is nobody's controlling terminal has no
/// keys.
fn live() -> bool {
    let has_keys = || io::stdin().is_terminal() || File::open("/dev/tty").is_ok();
    io::stdout().is_terminal() && has_keys()
}

fn width() -> usize {
    // A serial console has a window of 0 columns.
    rustix::termios::tcgetwinsize(io::stdout())
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|columns| *columns >= 40)
        .unwrap_or(80)
}
