// SPDX-License-Identifier: GPL-2.0

//! The command line. Each subcommand's own words stand in its file.

#![deny(unsafe_code)]

use std::{
    os::fd::RawFd,
    path::PathBuf, //
};

use clap::{
    Args,
    ColorChoice,
    Parser,
    Subcommand, //
};

use crate::cmd::{
    advise::AdviseArgs,
    alloc::AllocArgs,
    buddyinfo::BuddyinfoArgs,
    bulk::BulkArgs,
    compact::CompactArgs,
    drain::DrainArgs,
    free::FreeArgs,
    map::MapArgs,
    parity::ParityArgs,
    plot::PlotArgs,
    reclaim::ReclaimArgs,
    record::RecordArgs,
    top::TopArgs,
    tune::TuneArgs, //
};

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (interface 1.0)");
const _: () = assert!(rust_buddy::uapi::RB_UAPI_MAJOR == 1 && rust_buddy::uapi::RB_UAPI_MINOR == 0);

/// Set apart from a subcommand's own options.
const HEADING: &str = "Options of all commands";

const AFTER_HELP: &str = "\
Blocks belong to the open file that allocated them and are freed when it is closed. To keep blocks
over several commands, let the shell hold the file open and hand it on with --fd:
  exec 3<>/dev/rust_buddy
  h=$(rbctl --fd 3 alloc 4 --count 2 --handles)
  rbctl --fd 3 free $h
  exec 3>&-

Exit codes:
  0 ok   1 failed   2 wrong usage   3 no device or no permission   4 module of another version
  130 and 143: ended by Ctrl-C or SIGTERM, everything freed";

/// Looks at the private memory region of the rust_buddy module, allocates from it, and draws it.
#[derive(Parser)]
#[command(name = "rbctl", version = VERSION, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct Global {
    /// The device
    #[arg(
        long,
        global = true, help_heading = HEADING,
        value_name = "PATH",
        default_value = "/dev/rust_buddy"
    )]
    pub(crate) device: PathBuf,

    /// Use the device that the shell holds open as descriptor N, with the blocks it owns
    #[arg(long, global = true, help_heading = HEADING, value_name = "N", conflicts_with = "device")]
    pub(crate) fd: Option<RawFd>,

    /// Print one JSON object
    #[arg(long, global = true, help_heading = HEADING)]
    pub(crate) json: bool,

    /// Colour; auto: on terminals if NO_COLOR is not set
    #[arg(long, global = true, help_heading = HEADING, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// What the module is and has
    #[command(after_help = "Example:\n  rbctl info --json")]
    Info,

    /// Allocate blocks and hold them
    Alloc(AllocArgs),

    /// Free blocks of an open file that the shell holds
    Free(FreeArgs),

    /// Allocate many blocks of mixed orders, free a part, and tell how fast
    Bulk(BulkArgs),

    /// Free blocks by zone and order, as in /proc/buddyinfo
    Buddyinfo(BuddyinfoArgs),

    /// Zones: sizes, watermarks, protection, events
    #[command(after_help = "Example:\n  rbctl zones --json")]
    Zones,

    /// What each CPU has in stock, by zone
    #[command(after_help = "Example:\n  rbctl pcp --json")]
    Pcp,

    /// Give what CPUs have in stock back to the zones
    Drain(DrainArgs),

    /// Say what may be done with blocks: pin, purgeable, needed, ...
    Advise(AdviseArgs),

    /// Move blocks to make larger free ones
    Compact(CompactArgs),

    /// Drop the contents of purgeable blocks
    Reclaim(ReclaimArgs),

    /// Watch the region in the terminal
    Top(TopArgs),

    /// Write down how the region fares, for `rbctl plot`
    Record(RecordArgs),

    /// Draw a recording: free pages by order and watermarks over time
    Plot(PlotArgs),

    /// Show or change what can be tuned
    Tune(TuneArgs),

    /// Draw the region, one cell for each pageblock
    Map(MapArgs),

    /// Have the module recount all its structures
    #[command(after_help = "Example:\n  rbctl verify && echo sound")]
    Verify,

    /// Compare with the kernel's own allocator, operation by operation
    Parity(ParityArgs),

    /// Check what rbctl needs, and tell what to do
    #[command(after_help = "Example:\n  rbctl doctor --json")]
    Doctor,

    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  rbctl completions bash >/etc/bash_completion.d/rbctl")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_subcommand_has_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string);
            assert!(help.is_some_and(|help| help.contains("Example")));
        }
    }
}
