// SPDX-License-Identifier: GPL-2.0

//! How far a command is, on the standard error if that is a terminal.

#![deny(unsafe_code)]

use indicatif::{
    ProgressBar,
    ProgressDrawTarget,
    ProgressStyle, //
};

/// A bar in indicatif's template language; with `quiet` none.
pub(crate) fn bar(len: u64, template: &str, quiet: bool) -> ProgressBar {
    let style = ProgressStyle::with_template(template);
    ProgressBar::with_draw_target(Some(len), target(quiet))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Something that turns, and a message, while the end is not known.
pub(crate) fn spinner(quiet: bool) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg}");
    ProgressBar::with_draw_target(None, target(quiet))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

fn target(quiet: bool) -> ProgressDrawTarget {
    match quiet {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr(),
    }
}
