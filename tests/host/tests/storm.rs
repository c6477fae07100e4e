// SPDX-License-Identifier: GPL-2.0

//! Blocks are moved while they are used.

use rust_buddy_host::storm;

#[test]
fn nothing_is_lost_when_everything_moves() {
    storm::run(30_000);
}
