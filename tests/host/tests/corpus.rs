// SPDX-License-Identifier: GPL-2.0

//! Rows of bytes that a fuzzer found worth keeping, without the fuzzer; and rows that once failed.

use proptest::prelude::*;
use rust_buddy_host::model;
use std::{
    fs,
    path::Path, //
};

fn run(bytes: &[u8]) {
    model::run(bytes, |_| ());
}

#[test]
fn the_corpus_agrees_with_the_model() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut nr = 0;

    for file in fs::read_dir(folder).expect("the corpus is there") {
        let path = file.expect("a file").path();

        println!("{}", path.display());
        run(&fs::read(path).expect("it can be read"));
        nr += 1;
    }
    assert!(nr > 0);
}

/// A movable page and an unmovable block, with pageblocks of order 7: what they leave behind merges
/// to blocks of several pageblocks, all of which must get the type of the list.
#[test]
fn merging_changes_the_type_of_the_whole_buddy() {
    const ALLOC: u8 = 0;
    const FREE: u8 = 6;
    const DRAIN: u8 = 25;

    run(&[
        0, 0, ALLOC, 0, 3, 0, ALLOC, 3, 0, 0, FREE, 0, 0, 0, FREE, 0, 0, 0, DRAIN, 0, ALLOC, 0, 0,
        0,
    ]);
}

/// An unlocked request from a zone that grows, while somebody holds that zone's lock.
#[test]
fn row_108_a_request_that_must_not_wait_lets_no_zone_grow() {
    run(&[0xf8, 0, 12, 0, 2, 0xff, 0]);
}

/// `min_free_kbytes` so large that `high_min` is above `high_max`: the lists have room for it.
#[test]
fn a_large_min_free_makes_room_for_its_stock() {
    run(&[
        0x27, 0x07, 0xf8, 0x00, 0xec, 0xec, 0x00, 0x01, 0x23, 0xff, 0xff, 0xe9, 0x00, 0xff, 0xff,
    ]);
}

/// Where types are not kept apart, a claimed pageblock and one that was only isolated merge: they
/// lie on the list of the type that they have.
#[test]
fn merging_without_grouping_keeps_type_and_list_alike() {
    const CONTIG_RANGE: u8 = 18;

    run(&[0x27, 1, CONTIG_RANGE, 5, 0, 2, 0xb2, 0, 0, 7, 0, 0xff]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn any_row_of_bytes_agrees_with_the_model(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        run(&bytes);
    }
}
